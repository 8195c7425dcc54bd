/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd: a moment, a period, and a count of expiries to be read. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "arch.h"
#include "file.h"
#include "heap.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "timers.h"
#include "user.h"
#include "wait.h"

#define TFD_TIMER_ABSTIME_FLAG 1

struct timer_file {
	struct timer_file *next;
	uint64_t clock;
	uint64_t expires; /* UINT64_MAX: disarmed */
	uint64_t period;
	bool wall; /* it waits for a moment of the wall clock */
};

static struct timer_file *timers_open; /* all that are open, for the next wake-up */

uint64_t timerfd_next(uint64_t since)
{
	uint64_t next = UINT64_MAX;

	for (const struct timer_file *timer = timers_open; timer; timer = timer->next)
		if (timer->expires > since && timer->expires < next)
			next = timer->expires;
	return next;
}

void timerfd_wall_moved(int64_t nanoseconds)
{
	for (struct timer_file *timer = timers_open; timer; timer = timer->next)
		if (timer->wall && timer->expires != UINT64_MAX)
			timer->expires = timers_moved(timer->expires, nanoseconds);
}

static bool has_expired(void *context)
{
	const struct timer_file *timer = context;

	return timer->expires <= clock_now();
}

static uint64_t take(struct timer_file *timer)
{
	uint64_t count = 1;

	if (timer->period) {
		count += (clock_now() - timer->expires) / timer->period;
		timer->expires += count * timer->period;
	} else {
		timer->expires = UINT64_MAX;
	}
	return count;
}

static int64_t timer_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	struct timer_file *timer = file->object;
	uint64_t count;

	(void)offset;
	if (uio->total < sizeof(count))
		return -EINVAL;
	if (!has_expired(timer)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_for(has_expired, timer, FOREVER))
			return -ERESTARTSYS;
	}
	count = take(timer);
	return uio_move(uio, &count, sizeof(count));
}

static unsigned timer_poll(struct file *file)
{
	return has_expired(file->object) ? POLLIN | POLLRDNORM : 0;
}

static void timer_close(struct file *file)
{
	struct timer_file **link = &timers_open;

	while (*link != file->object)
		link = &(*link)->next;
	*link = (*link)->next;
	heap_free(file->object, sizeof(struct timer_file));
}

static const struct file_operations timer_operations = {
	.read = timer_read,
	.poll = timer_poll,
	.close = timer_close,
};

HANDLER(timerfd_create)
{
	struct timer_file *timer;
	struct file *file;

	if (!time_clock_exists(a[0]) || a[1] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	file = file_create_object(&timer_operations, sizeof(*timer), a[1]);
	if (!file)
		return -ENOMEM;
	timer = file->object;
	timer->clock = a[0];
	timer->expires = UINT64_MAX;
	timer->next = timers_open;
	timers_open = timer;
	return descriptor_install(file, 0, a[1] & O_CLOEXEC);
}

static struct timer_file *timer_find(uint64_t descriptor)
{
	struct file *file = descriptor_file(descriptor);

	return file && file->operations == &timer_operations ? file->object : 0;
}

struct setting {
	struct timespec64 period, value;
};

static struct setting describe(const struct timer_file *timer)
{
	uint64_t now = clock_now(), left = 0;

	if (timer->expires != UINT64_MAX)
		left = timer->expires > now ? timer->expires - now : 1;
	return (struct setting){time_split(timer->period), time_split(left)};
}

HANDLER(timerfd_gettime)
{
	const struct timer_file *timer = timer_find(a[0]);
	struct setting now;

	if (!timer)
		return descriptor_file(a[0]) ? -EINVAL : -EBADF;
	now = describe(timer);
	return put_user(a[1], now);
}

HANDLER(timerfd_settime)
{
	struct timer_file *timer = timer_find(a[0]);
	uint64_t period, value;
	struct setting old;
	int error;

	if (!timer)
		return descriptor_file(a[0]) ? -EINVAL : -EBADF;
	error = time_from_user(a[2], &period);
	if (!error)
		error = time_from_user(a[2] + sizeof(struct timespec64), &value);
	if (error)
		return error;
	old = describe(timer);
	timer->period = period;
	timer->expires = UINT64_MAX;
	timer->wall = a[1] & TFD_TIMER_ABSTIME_FLAG && time_clock_is_wall(timer->clock);
	if (value)
		timer->expires = a[1] & TFD_TIMER_ABSTIME_FLAG ? time_convert(timer->clock, value)
							       : time_deadline(value);
	return a[3] ? put_user(a[3], old) : 0;
}
