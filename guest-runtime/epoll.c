/* SPDX-License-Identifier: Apache-2.0 */
/* epoll and timerfd, small: an epoll file keeps a list of descriptors and asks them all,
 * as poll does. Level-triggered; EPOLLET reports the same, EPOLLONESHOT disarms. */
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time.h>

#include "arch.h"
#include "file.h"
#include "heap.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "timers.h"
#include "user.h"
#include "wait.h"

#define DEPTH_MAX 5
#define EVENTS_MASK 0x2fff /* the bits that are conditions, not modes */

struct watch {
	struct watch *next;
	struct file *file; /* borrowed: gone when the descriptor shows another file: */
	unsigned serial; /* its own */
	int descriptor;
	struct epoll_event event;
};

struct epoll {
	struct watch *first;
};

static bool watch_lives(const struct watch *watch)
{
	const struct file *file = descriptor_file((uint64_t)watch->descriptor);

	return file == watch->file && file->serial == watch->serial;
}

static unsigned watch_poll(const struct watch *watch)
{
	if (!watch_lives(watch))
		return 0;
	return file_poll(watch->file) & ((watch->event.events | POLLERR | POLLHUP) & EVENTS_MASK);
}

/* One epoll file may watch another, in a circle too: Linux's depth, and no deeper. */
static unsigned epoll_poll(struct file *file)
{
	static int depth;
	const struct epoll *epoll = file->object;
	unsigned events = 0;

	if (depth == DEPTH_MAX)
		return 0;
	depth++;
	for (const struct watch *watch = epoll->first; watch && !events; watch = watch->next)
		if (watch_poll(watch))
			events = POLLIN | POLLRDNORM;
	depth--;
	return events;
}

static void epoll_close(struct file *file)
{
	struct epoll *epoll = file->object;

	while (epoll->first) {
		struct watch *watch = epoll->first;

		epoll->first = watch->next;
		heap_free(watch, sizeof(*watch));
	}
	heap_free(epoll, sizeof(*epoll));
}

static const struct file_operations epoll_operations = {.poll = epoll_poll, .close = epoll_close};

HANDLER(epoll_create1)
{
	struct file *file;

	if (a[0] & ~(uint64_t)O_CLOEXEC)
		return -EINVAL;
	file = file_create_object(&epoll_operations, sizeof(struct epoll), 0);
	return file ? descriptor_install(file, 0, a[0] & O_CLOEXEC) : -ENOMEM;
}

static struct epoll *epoll_find(uint64_t descriptor)
{
	struct file *file = descriptor_file(descriptor);

	return file && file->operations == &epoll_operations ? file->object : 0;
}

/* Watches of descriptors that were closed since are dropped on the way. */
static struct watch **watch_find(struct epoll *epoll, int descriptor)
{
	struct watch **link = &epoll->first;

	while (*link) {
		struct watch *watch = *link;

		if (!watch_lives(watch)) {
			*link = watch->next;
			heap_free(watch, sizeof(*watch));
			continue;
		}
		if (watch->descriptor == descriptor)
			break;
		link = &watch->next;
	}
	return link;
}

static int64_t watch_add(struct watch **link, struct file *file, int descriptor,
			 const struct epoll_event *event)
{
	struct watch *watch = heap_alloc(sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){0, file, file->serial, descriptor, *event};
	*link = watch;
	return 0;
}

static int64_t watch_change(struct watch **link, int operation, struct file *file, int descriptor,
			    const struct epoll_event *event)
{
	struct watch *watch = *link;

	if (operation == EPOLL_CTL_ADD)
		return watch ? -EEXIST : watch_add(link, file, descriptor, event);
	if (!watch)
		return -ENOENT;
	if (operation == EPOLL_CTL_MOD) {
		watch->event = *event;
		return 0;
	}
	*link = watch->next;
	heap_free(watch, sizeof(*watch));
	return 0;
}

/* Whether watching `file` would close a circle, or make a chain that is too long. */
static bool reaches(const struct file *file, const struct epoll *epoll, int depth)
{
	const struct epoll *here = file->object;

	if (file->operations != &epoll_operations)
		return false;
	if (here == epoll || depth == DEPTH_MAX - 1)
		return true;
	for (const struct watch *watch = here->first; watch; watch = watch->next)
		if (watch_lives(watch) && reaches(watch->file, epoll, depth + 1))
			return true;
	return false;
}

HANDLER(epoll_ctl)
{
	struct epoll *epoll = epoll_find(a[0]);
	struct file *file = descriptor_file(a[2]);
	struct epoll_event event = {0};

	if (!file || !descriptor_file(a[0]))
		return -EBADF;
	if (!epoll || file->object == epoll || a[1] < EPOLL_CTL_ADD || a[1] > EPOLL_CTL_MOD)
		return -EINVAL;
	if (!file->operations->poll) /* a regular file or a directory */
		return -EPERM;
	if (a[1] != EPOLL_CTL_DEL && get_user(event, a[3]))
		return -EFAULT;
	if (a[1] == EPOLL_CTL_ADD && reaches(file, epoll, 0))
		return -ELOOP;
	return watch_change(watch_find(epoll, (int)a[2]), (int)a[1], file, (int)a[2], &event);
}

struct epoll_wait {
	struct epoll *epoll;
	uint64_t events;
	int limit;
	int64_t ready;
};

static bool events_ready(void *context)
{
	struct epoll_wait *wait = context;

	for (struct watch *watch = wait->epoll->first; watch && wait->ready < wait->limit;
	     watch = watch->next) {
		struct epoll_event event = {watch_poll(watch), watch->event.data};

		if (!event.events)
			continue;
		if (copy_to_user(wait->events + (uint64_t)wait->ready * sizeof(event), &event,
				 sizeof(event))) {
			wait->ready = -EFAULT;
			return true;
		}
		if (watch->event.events & EPOLLONESHOT)
			watch->event.events = 0;
		wait->ready++;
	}
	return wait->ready;
}

HANDLER(epoll_pwait)
{
	struct epoll_wait wait = {epoll_find(a[0]), a[1], (int)a[2], 0};
	int64_t error = 0;

	if (!descriptor_file(a[0]))
		return -EBADF;
	if (!wait.epoll || wait.limit <= 0)
		return -EINVAL;
	if (a[4])
		error = signal_mask_temporarily(a[4], a[5]);
	if (!error)
		error = wait_for(events_ready, &wait, time_deadline_ms((int)a[3]));
	if (error != -EINTR)
		signal_mask_back();
	return error == -ETIMEDOUT ? 0 : error ? error : wait.ready;
}
