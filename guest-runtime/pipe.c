/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes, and eventfd as their small cousin. Both ends are in the one process: a read from
 * an empty pipe, or a write to a full one, could only wait for itself. It waits for a
 * signal, as Linux would, and so is visible as a hang and not as an odd error. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/signal.h>

#include <asm/ioctls.h>

#include "arch.h"
#include "file.h"
#include "heap.h"
#include "pages.h"
#include "signal.h"
#include "syscall.h"
#include "user.h"
#include "wait.h"

#define PIPE_PAGES 16
#define PIPE_SIZE (PIPE_PAGES * PAGE_SIZE)
#define EFD_SEMAPHORE_FLAG 1

struct pipe {
	char *pages[PIPE_PAGES]; /* made at the first write into them */
	uint64_t head, tail; /* bytes written and read so far */
	unsigned readers, writers;
	size_t writing; /* what the write that waits wants at once */
};

static size_t used(const struct pipe *pipe)
{
	return pipe->head - pipe->tail;
}

static bool may_read(void *context)
{
	const struct pipe *pipe = context;

	return used(pipe) || !pipe->writers;
}

/* What fits in a page is written whole or not at all. */
static bool may_write_whole(void *context)
{
	const struct pipe *pipe = context;

	return PIPE_SIZE - used(pipe) >= pipe->writing || !pipe->readers;
}

/* -EAGAIN, or the wait's result as a system call must give it. */
static int wait(struct file *file, bool (*ready)(void *), void *object)
{
	if (ready(object))
		return 0;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_for(ready, object, FOREVER) ? -ERESTARTSYS : 0;
}

static char *place(struct pipe *pipe, uint64_t at, size_t *room)
{
	char **page = &pipe->pages[at / PAGE_SIZE % PIPE_PAGES];

	if (!*page)
		*page = page_create();
	*room = PAGE_SIZE - at % PAGE_SIZE;
	return *page ? *page + at % PAGE_SIZE : 0;
}

static int64_t move(struct pipe *pipe, struct uio *uio, uint64_t *at, size_t limit)
{
	int64_t done = 0;

	while (uio->total && (size_t)done < limit) {
		size_t room;
		char *bytes = place(pipe, *at, &room);
		int64_t moved = -ENOMEM;

		if (room > limit - (size_t)done)
			room = limit - (size_t)done;
		if (bytes)
			moved = uio_move(uio, bytes, room);
		if (moved < 0)
			return done ? done : moved;
		*at += (uint64_t)moved;
		done += moved;
	}
	return done;
}

static int64_t pipe_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	struct pipe *pipe = file->object;
	int error;

	(void)offset;
	if (!uio->total)
		return 0;
	error = wait(file, may_read, pipe);
	return error ? error : move(pipe, uio, &pipe->tail, used(pipe));
}

static int64_t pipe_write(struct file *file, struct uio *uio, uint64_t *offset)
{
	struct pipe *pipe = file->object;
	int64_t done = 0, moved;

	(void)offset;
	while (uio->total) {
		int error;

		pipe->writing = uio->total <= PAGE_SIZE && !done ? uio->total : 1;
		error = wait(file, may_write_whole, pipe);
		if (error)
			return done ? done : error;
		if (!pipe->readers) {
			signal_send(SIGPIPE, &(struct signal_info){.code = SI_USER});
			return done ? done : -EPIPE;
		}
		moved = move(pipe, uio, &pipe->head, PIPE_SIZE - used(pipe));
		if (moved < 0)
			return done ? done : moved;
		done += moved;
	}
	return done;
}

static unsigned poll_read_end(struct file *file)
{
	const struct pipe *pipe = file->object;

	return (used(pipe) ? POLLIN | POLLRDNORM : 0) | (pipe->writers ? 0 : POLLHUP);
}

static unsigned poll_write_end(struct file *file)
{
	const struct pipe *pipe = file->object;

	return (used(pipe) < PIPE_SIZE ? POLLOUT | POLLWRNORM : 0) | (pipe->readers ? 0 : POLLERR);
}

static int64_t pipe_ioctl(struct file *file, unsigned request, uint64_t argument)
{
	const uint32_t count = (uint32_t)used(file->object);

	return request == FIONREAD ? put_user(argument, count) : -ENOTTY;
}

static void pipe_release(struct pipe *pipe)
{
	if (pipe->readers || pipe->writers)
		return;
	for (int i = 0; i < PIPE_PAGES; i++)
		page_destroy(pipe->pages[i]);
	heap_free(pipe, sizeof(*pipe));
}

static void close_read_end(struct file *file)
{
	struct pipe *pipe = file->object;

	pipe->readers--;
	pipe_release(pipe);
}

static void close_write_end(struct file *file)
{
	struct pipe *pipe = file->object;

	pipe->writers--;
	pipe_release(pipe);
}

static const struct file_operations read_end = {
	.read = pipe_read,
	.poll = poll_read_end,
	.ioctl = pipe_ioctl,
	.close = close_read_end,
};
static const struct file_operations write_end = {
	.write = pipe_write,
	.poll = poll_write_end,
	.ioctl = pipe_ioctl,
	.close = close_write_end,
};

static struct file *end_create(const struct file_operations *operations, unsigned flags,
			       struct pipe *pipe, unsigned *ends)
{
	struct file *file = file_create(operations, flags, 0, pipe);

	if (file)
		++*ends;
	return file;
}

HANDLER(pipe2)
{
	unsigned flags = (unsigned)a[1] & O_NONBLOCK;
	bool on_exec = a[1] & O_CLOEXEC;
	struct file *reader, *writer;
	struct pipe *pipe;
	int32_t ends[2];

	if (a[1] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC | O_DIRECT))
		return -EINVAL;
	pipe = heap_alloc(sizeof(*pipe));
	if (!pipe)
		return -ENOMEM;
	reader = end_create(&read_end, flags | O_RDONLY, pipe, &pipe->readers);
	writer = reader ? end_create(&write_end, flags | O_WRONLY, pipe, &pipe->writers) : 0;
	if (!writer) {
		file_put(reader); /* and the pipe with it */
		if (!reader)
			heap_free(pipe, sizeof(*pipe));
		return -ENFILE;
	}
	ends[0] = descriptor_install(reader, 0, on_exec);
	ends[1] = descriptor_install(writer, 0, on_exec);
	if (ends[0] < 0 || ends[1] < 0 || put_user(a[0], ends)) {
		bool full = ends[0] < 0 || ends[1] < 0;

		descriptor_close((uint64_t)ends[0]);
		descriptor_close((uint64_t)ends[1]);
		return full ? -EMFILE : -EFAULT;
	}
	return 0;
}

struct event {
	uint64_t count;
	bool semaphore;
};

static bool event_is_set(void *context)
{
	return ((struct event *)context)->count;
}

static int64_t event_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	struct event *event = file->object;
	uint64_t value;
	int64_t error;

	(void)offset;
	if (uio->total < sizeof(value))
		return -EINVAL;
	error = wait(file, event_is_set, event);
	if (error)
		return error;
	value = event->semaphore ? 1 : event->count;
	event->count -= value;
	return uio_move(uio, &value, sizeof(value));
}

static int64_t event_write(struct file *file, struct uio *uio, uint64_t *offset)
{
	struct event *event = file->object;
	uint64_t value;

	(void)offset;
	if (uio->total < sizeof(value))
		return -EINVAL;
	if (uio_move(uio, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	if (value > UINT64_MAX - 1 - event->count)
		return -EAGAIN;
	event->count += value;
	return sizeof(value);
}

static unsigned event_poll(struct file *file)
{
	const struct event *event = file->object;

	return (event->count ? POLLIN : 0) | (event->count < UINT64_MAX - 1 ? POLLOUT : 0);
}

static void event_close(struct file *file)
{
	heap_free(file->object, sizeof(struct event));
}

static const struct file_operations event_operations = {
	.read = event_read,
	.write = event_write,
	.poll = event_poll,
	.close = event_close,
};

HANDLER(eventfd2)
{
	struct event *event;
	struct file *file;

	if (a[1] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC | EFD_SEMAPHORE_FLAG))
		return -EINVAL;
	file = file_create_object(&event_operations, sizeof(*event), a[1]);
	if (!file)
		return -ENOMEM;
	event = file->object;
	event->count = (uint32_t)a[0];
	event->semaphore = a[1] & EFD_SEMAPHORE_FLAG;
	return descriptor_install(file, 0, a[1] & O_CLOEXEC);
}
