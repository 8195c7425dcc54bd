/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LOOP_BATCH = 16 };

struct loop {
	int epoll_fd;
	bool stopped;
	/* The batch in hand: loop_remove() forgets a source here as well. */
	struct epoll_event batch[LOOP_BATCH];
	int batch_count;
};

struct loop *loop_create(struct error *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop) {
		error_set(err, ENOMEM, "event loop: out of memory");
		return NULL;
	}
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		error_errno(err, "event loop: epoll_create1");
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll_fd);
	free(loop);
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events, struct error *err)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
		return error_errno(err, "event loop: watching descriptor %d", source->fd);
	return 0;
}

void loop_modify(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	for (int i = 0; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == source)
			loop->batch[i].data.ptr = NULL;
}

static void dispatch(struct loop *loop, int count)
{
	loop->batch_count = count > 0 ? count : 0;
	for (int i = 0; i < loop->batch_count && !loop->stopped; i++) {
		struct loop_source *source = loop->batch[i].data.ptr;

		if (source)
			source->ready(source->context, loop->batch[i].events);
	}
	loop->batch_count = 0;
}

int loop_run(struct loop *loop, struct error *err)
{
	loop->stopped = false;
	while (!loop->stopped) {
		int count = epoll_wait(loop->epoll_fd, loop->batch, LOOP_BATCH, -1);

		if (count < 0 && errno != EINTR)
			return error_errno(err, "event loop: epoll_wait");
		dispatch(loop, count);
	}
	return 0;
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll_fd;
}

void loop_turn(struct loop *loop)
{
	dispatch(loop, epoll_wait(loop->epoll_fd, loop->batch, LOOP_BATCH, 0));
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
