/* SPDX-License-Identifier: Apache-2.0 */
/* "vsock-server PORT": takes connections from the host, many at once. The first byte says what
 * becomes of one:
 *   e  everything comes back, to the end
 *   s  bytes of the pattern are judged to their end; then their number goes back, 8 bytes
 *   g  8 bytes follow, a number: so many bytes of the pattern go back, and their end
 *   d  nothing is ever read
 *   a  it is closed at once, with the rest unread
 *   q  the program ends, with status 0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vsock.h"

#define ROOM 0x8000

struct connection {
	int fd, epoll;
	char command; /* 0: not yet */
	int ended; /* nothing more comes */
	uint32_t events;
	uint64_t moved, wanted;
	size_t start, end;
	uint8_t bytes[ROOM];
};

static void leave(struct connection *c)
{
	close(c->fd);
	free(c);
}

/* Level-triggered: only what can be done is asked for. */
static void watch(struct connection *c, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = c};

	if (events != c->events)
		epoll_ctl(c->epoll, EPOLL_CTL_MOD, c->fd, &event);
	c->events = events;
}

/* 1: something was read; 0: nothing now; -1: it is broken. */
static int fill(struct connection *c, void *to, size_t room)
{
	ssize_t n = room ? recv(c->fd, to, room, MSG_DONTWAIT) : -1;

	if (n > 0) {
		c->end += (size_t)n;
		return 1;
	}
	if (n == 0)
		c->ended = 1;
	return n == 0 || !room || errno == EAGAIN ? 0 : -1;
}

static int empty(struct connection *c)
{
	while (c->start < c->end) {
		ssize_t n = send(c->fd, c->bytes + c->start, c->end - c->start,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->start += (size_t)n;
	}
	c->start = c->end = 0;
	return 0;
}

static int echo(struct connection *c)
{
	int more = 1;

	while (more > 0) {
		more = c->end < ROOM && !c->ended ? fill(c, c->bytes + c->end, ROOM - c->end) : 0;
		if (more < 0 || empty(c) < 0)
			return -1;
	}
	if (c->ended && !c->end)
		return 1;
	watch(c, (c->end < ROOM && !c->ended ? EPOLLIN : 0u) | (c->end ? EPOLLOUT : 0u));
	return 0;
}

static int sink(struct connection *c)
{
	int more = 1;

	while (more > 0 && !c->ended) {
		c->end = 0;
		more = fill(c, c->bytes, ROOM);
		if (more < 0)
			return -1;
		if (memcmp(c->bytes, pattern_at(c->moved), c->end)) {
			printf("bytes from %llu on are others\n", (unsigned long long)c->moved);
			return -1;
		}
		c->moved += c->end;
	}
	if (!c->ended)
		return 0;
	return send(c->fd, &c->moved, sizeof(c->moved), MSG_NOSIGNAL) == sizeof(c->moved) ? 1 : -1;
}

static int generate(struct connection *c)
{
	uint8_t rest[64];

	while (c->moved < c->wanted) {
		uint64_t left = c->wanted - c->moved;
		ssize_t n = send(c->fd, pattern_at(c->moved), left < ROOM ? left : ROOM,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(c, EPOLLOUT);
			return 0;
		}
		if (n < 0)
			return -1;
		c->moved += (uint64_t)n;
		if (c->moved == c->wanted)
			shutdown(c->fd, SHUT_WR);
	}
	watch(c, EPOLLIN);
	while (fill(c, rest, sizeof(rest)) > 0)
		;
	return c->ended;
}

/* Only the host's end is heard of. */
static int deaf(struct connection *c)
{
	watch(c, 0);
	return 0;
}

static int begin(struct connection *c)
{
	ssize_t n = recv(c->fd, &c->command, 1, 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -1;
	fcntl(c->fd, F_SETFL, 0);
	if (c->command == 'g' &&
	    recv(c->fd, &c->wanted, sizeof(c->wanted), MSG_WAITALL) != sizeof(c->wanted))
		return -1;
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

/* 0: goes on; else it is over. */
static int serve(struct connection *c)
{
	if (!c->command && begin(c) < 0)
		return -1;
	switch (c->command) {
	case 0:
		return 0;
	case 'e':
		return echo(c);
	case 's':
		return sink(c);
	case 'g':
		return generate(c);
	case 'd':
		return c->events ? deaf(c) : -1; /* the host has gone */
	case 'q':
		exit(0);
	default:
		return -1;
	}
}

static void take(int listener, int epoll)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct connection *c = fd >= 0 ? calloc(1, sizeof(*c)) : NULL;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

	if (!c) {
		perror("accept");
		return;
	}
	c->fd = fd;
	c->epoll = epoll;
	c->events = EPOLLIN;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) {
		perror("epoll_ctl");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN}, ready[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	pattern_init();
	if (argc < 2 || vm_bind(listener, CID_ANY, (uint32_t)atoi(argv[1])) ||
	    listen(listener, 128) || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) {
		perror("vsock-server");
		return 1;
	}
	puts("listening");
	for (;;) {
		int count = epoll_wait(epoll, ready, 16, -1);

		for (int i = 0; i < count; i++) {
			struct connection *c = ready[i].data.ptr;

			if (!c)
				take(listener, epoll);
			else if (serve(c))
				leave(c);
		}
	}
}
