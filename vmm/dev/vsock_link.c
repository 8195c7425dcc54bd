/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/vsock_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Edges: what stays ready while the guest has no room is not told again and again. */
enum { EVENTS = (int)(EPOLLIN | EPOLLET), GREETING_MAX = 32 };

/* ---- the socket's events ---- */

static void hold_nothing(struct vsock_link *link)
{
	free(link->held);
	link->held = NULL;
	link->held_at = link->held_count = 0;
}

static void link_wait(struct vsock_link *link, bool waiting)
{
	if (link->waiting != waiting && link->source.fd >= 0)
		loop_modify(link->loop, &link->source, (uint32_t)EVENTS | (waiting ? EPOLLOUT : 0));
	link->waiting = waiting;
}

/* Nobody reads there any more: what is held and what comes is for nobody. */
static void link_deaf(struct vsock_link *link)
{
	link->deaf = true;
	vsock_forward(&link->stream, link->held_count);
	hold_nothing(link);
	link_wait(link, false);
	vsock_shut(&link->stream, VSOCK_NO_RECEIVE);
}

/* sendmsg() that raises no signal: bytes written, 0 if there is no room. */
static size_t link_send(struct vsock_link *link, struct iovec *spans, unsigned int count)
{
	const struct msghdr message = {.msg_iov = spans, .msg_iovlen = count};
	ssize_t put = sendmsg(link->source.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put < 0 && errno != EAGAIN && errno != EINTR)
		link_deaf(link);
	return put > 0 ? (size_t)put : 0;
}

static void link_flush(struct vsock_link *link)
{
	uint32_t first = VSOCK_ROOM - link->held_at;
	uint32_t part = link->held_count < first ? link->held_count : first;
	struct iovec spans[2] = {
		{link->held + link->held_at, part},
		{link->held, link->held_count - part},
	};
	uint32_t put;

	if (!link->held_count || link->deaf)
		return;
	put = (uint32_t)link_send(link, spans, 2);
	if (link->deaf)
		return;
	link->held_at = (link->held_at + put) % VSOCK_ROOM;
	link->held_count -= put;
	vsock_forward(&link->stream, put);
	if (!link->held_count)
		hold_nothing(link);
	link_wait(link, link->held_count);
}

static void link_ready(void *context, uint32_t events)
{
	struct vsock_link *link = context;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		link->readable = true;
	if (events & (EPOLLHUP | EPOLLERR))
		link->hung = true;
	if (events & EPOLLOUT)
		link_flush(link);
}

struct vsock_link *vsock_link_create(struct loop *loop, int fd)
{
	struct vsock_link *link = calloc(1, sizeof(*link));
	struct error err;

	if (link) {
		link->loop = loop;
		link->source = (struct loop_source){fd, link_ready, link};
		if (loop_add(loop, &link->source, (uint32_t)EVENTS, &err) == 0)
			return link;
	}
	free(link);
	close(fd);
	return NULL;
}

static void link_close(struct vsock_link *link)
{
	if (link->source.fd < 0)
		return;
	loop_remove(link->loop, &link->source);
	close(link->source.fd);
	link->source.fd = -1;
}

void vsock_link_destroy(struct vsock_link *link)
{
	link_close(link);
	hold_nothing(link);
	free(link);
}

/* ---- the two ways to begin ---- */

int vsock_link_connect(const char *path, uint32_t port)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s_%u", path, port);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* "CONNECT 1234\n", of that length. */
static int greeting_parse(const char *line, size_t length, uint32_t *port)
{
	static const char word[] = "CONNECT ";
	const size_t start = sizeof(word) - 1;
	uint64_t value = 0;

	if (length < start + 2 || memcmp(line, word, start) != 0)
		return -EINVAL;
	for (size_t i = start; i < length - 1; i++) {
		if (line[i] < '0' || line[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(line[i] - '0');
		if (value > UINT32_MAX)
			return -EINVAL;
	}
	*port = (uint32_t)value;
	return 1;
}

int vsock_link_greeting(struct vsock_link *link, uint32_t *port)
{
	char line[GREETING_MAX];
	ssize_t there;
	size_t length;

	if (!link->readable)
		return 0;
	link->readable = false;
	there = recv(link->source.fd, line, sizeof(line), MSG_PEEK | MSG_DONTWAIT);
	if (there <= 0)
		return there < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EINVAL;
	length = (size_t)there;
	if (memchr(line, '\n', length))
		length = (size_t)((char *)memchr(line, '\n', length) - line) + 1;
	else if (length < sizeof(line) && !link->hung)
		return 0;
	/* What follows the line is the stream's. */
	link->readable = true;
	if (recv(link->source.fd, line, length, MSG_DONTWAIT) != (ssize_t)length ||
	    line[length - 1] != '\n')
		return -EINVAL;
	return greeting_parse(line, length, port);
}

void vsock_link_greet(struct vsock_link *link)
{
	char line[GREETING_MAX];
	int length = snprintf(line, sizeof(line), "OK %u\n", link->stream.host_port);

	/* Nothing was written before: there is room. */
	if (send(link->source.fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
		link_deaf(link);
}

/* ---- bytes ---- */

static void link_hold(struct vsock_link *link, const uint8_t *bytes, size_t length)
{
	while (length) {
		uint32_t at = (link->held_at + link->held_count) % VSOCK_ROOM;
		size_t part = length < VSOCK_ROOM - at ? length : VSOCK_ROOM - at;

		memcpy(link->held + at, bytes, part);
		link->held_count += (uint32_t)part;
		bytes += part;
		length -= part;
	}
}

/* Behind the first `done` bytes of the spans. */
static void link_hold_rest(struct vsock_link *link, const struct iovec *spans, unsigned int count,
			   size_t done)
{
	if (!link->held)
		link->held = malloc(VSOCK_ROOM);
	if (!link->held) {
		vsock_end(&link->stream);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		size_t over = done < spans[i].iov_len ? done : spans[i].iov_len;

		link_hold(link, (const uint8_t *)spans[i].iov_base + over, spans[i].iov_len - over);
		done -= over;
	}
}

void vsock_link_write(struct vsock_link *link, struct iovec *spans, unsigned int count)
{
	size_t length = 0, put = 0;

	for (unsigned int i = 0; i < count; i++)
		length += spans[i].iov_len;
	if (!link->held_count && !link->deaf)
		put = link_send(link, spans, count);
	vsock_forward(&link->stream, (uint32_t)(link->deaf ? length : put));
	if (put == length || link->deaf)
		return;
	link_hold_rest(link, spans, count, put);
	link_wait(link, link->held_count);
}

ssize_t vsock_link_read(struct vsock_link *link, const struct iovec *spans, unsigned int count)
{
	ssize_t got = readv(link->source.fd, spans, (int)count);

	if (got > 0)
		return got;
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		link->readable = errno == EINTR;
		return -EAGAIN;
	}
	if (got < 0)
		link->hung = true;
	link->readable = false;
	link->ended = true;
	return -EAGAIN;
}

/* ---- both together ---- */

static void link_shut(struct vsock_link *link)
{
	unsigned int wanted = link->stream.guest_shut & ~(link->held_count ? VSOCK_NO_SEND : 0u);
	unsigned int news = wanted & ~link->shut;

	if (news & VSOCK_NO_SEND)
		shutdown(link->source.fd, SHUT_WR);
	if (news & VSOCK_NO_RECEIVE)
		shutdown(link->source.fd, SHUT_RD);
	link->shut |= news;
}

/* What the guest sent before it closed its end is still to be read by whoever is there. */
static bool link_drains(const struct vsock_link *link)
{
	return link->stream.guest_shut == VSOCK_NEITHER && link->held_count && !link->hung;
}

bool vsock_link_settle(struct vsock_link *link)
{
	struct vsock *stream = &link->stream;

	if (stream->state == VSOCK_OPEN) {
		if (link->hung && stream->guest_shut & VSOCK_NO_RECEIVE)
			link->ended = true;
		if (link->ended)
			vsock_shut(stream, link->hung ? VSOCK_NEITHER : VSOCK_NO_SEND);
	}
	if (stream->state == VSOCK_ENDED && !link_drains(link))
		link_close(link);
	else if (link->source.fd >= 0)
		link_shut(link);
	return stream->state != VSOCK_ENDED || stream->due || link->source.fd >= 0;
}
