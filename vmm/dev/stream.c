/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/log.h"
#include "vmm/standard.h"

static void streams_ready(void *context, uint32_t events)
{
	struct streams *streams = context;

	(void)events;
	pthread_mutex_lock(&streams->lock);
	streams->armed = false;
	pthread_mutex_unlock(&streams->lock);
	for (int i = 0; i < streams->listener_count; i++) {
		const struct stream_listener *listener = &streams->listeners[i];

		if (listener->ready(listener->context))
			return;
	}
}

void streams_init(struct streams *streams, struct loop *loop, int in, int out, int err)
{
	*streams = (struct streams){
		.in = in,
		.out = out,
		.err = err,
		.loop = loop,
		.source = {.fd = in, .ready = streams_ready, .context = streams},
	};
	pthread_mutex_init(&streams->lock, NULL);
}

void streams_finish(struct streams *streams)
{
	if (streams->watched)
		loop_remove(streams->loop, &streams->source);
	if (streams->source.fd != streams->in)
		close(streams->source.fd);
	pthread_mutex_destroy(&streams->lock);
}

void streams_listen(struct streams *streams, bool (*ready)(void *context), void *context)
{
	streams->listeners[streams->listener_count++] = (struct stream_listener){ready, context};
}

void streams_forget(struct streams *streams)
{
	streams->listener_count = 0;
}

ssize_t streams_read(struct streams *streams, void *buffer, size_t length)
{
	struct pollfd poll_in = {.fd = streams->in, .events = POLLIN};
	ssize_t got;

	if (poll(&poll_in, 1, 0) == 0)
		return -EAGAIN;
	if (!length)
		return 1;
	got = read(streams->in, buffer, length);
	if (got >= 0)
		return got;
	return errno == EINTR ? -EAGAIN : -errno;
}

/* epoll takes no file and no /dev/null: they are always readable, and so is this eventfd. */
static int streams_add(struct streams *streams, uint32_t events, struct error *err)
{
	int fd, result = loop_add(streams->loop, &streams->source, events, err);

	if (result != -EPERM)
		return result;
	fd = eventfd(1, EFD_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "eventfd");
	streams->source.fd = fd;
	return loop_add(streams->loop, &streams->source, events, err);
}

/* Lock held. */
static void streams_watch(struct streams *streams, uint32_t events)
{
	struct error err;

	if (streams->watched)
		loop_modify(streams->loop, &streams->source, events);
	else if (streams_add(streams, events, &err) == 0)
		streams->watched = true;
	else
		log_warning("standard input: %s", err.message);
}

void streams_arm(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->armed = true;
	if (!streams->held)
		streams_watch(streams, EPOLLIN | EPOLLONESHOT);
	pthread_mutex_unlock(&streams->lock);
}

void streams_hold(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->held = true;
	if (streams->watched) {
		loop_remove(streams->loop, &streams->source);
		streams->watched = false;
	}
	pthread_mutex_unlock(&streams->lock);
}

void streams_release(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->held = false;
	if (streams->armed)
		streams_watch(streams, EPOLLIN | EPOLLONESHOT);
	pthread_mutex_unlock(&streams->lock);
}

enum { STREAM_PIECE = 0x40000 };

int stream_write(int fd, const void *bytes, size_t length, size_t *done)
{
	const char *from = bytes;

	while (*done < length) {
		size_t piece = length - *done < STREAM_PIECE ? length - *done : STREAM_PIECE;
		ssize_t put = write(fd, from + *done, piece);

		if (put >= 0) {
			*done += (size_t)put;
			standard_wrote(fd, (uint64_t)put);
			/* A kick that comes while no write blocks is seen between two pieces. */
			return *done < length ? -EINTR : 0;
		} else if (errno == EAGAIN) {
			/* Whoever shares the descriptor made it non-blocking. */
			struct pollfd poll_out = {.fd = fd, .events = POLLOUT};

			if (poll(&poll_out, 1, -1) < 0)
				return -errno;
		} else {
			return -errno;
		}
	}
	return 0;
}
