/* SPDX-License-Identifier: Apache-2.0 */
/* setitimer and timer_create: both are a moment, a period and a signal. ITIMER_VIRTUAL and
 * ITIMER_PROF run by the wall as ITIMER_REAL does: there is one program. */
#include "timers.h"

#include <linux/errno.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "arch.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define ITIMERS 3
#define TIMERS (ITIMERS + 32)
#define NEVER 0

static struct timer {
	bool used;
	uint64_t expires; /* on clock_now's scale */
	uint64_t period; /* 0: once */
	int signal; /* 0: none is sent */
	uint64_t value; /* of sigevent */
	uint64_t clock;
	unsigned overrun;
	bool wall; /* it waits for a moment of the wall clock */
} timers[TIMERS];

static const int itimer_signals[ITIMERS] = {SIGALRM, SIGVTALRM, SIGPROF};

static unsigned armed; /* how many: mostly none, and then nothing is looked at */

uint64_t timers_next(void)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; armed && i < TIMERS; i++)
		if (timers[i].signal && timers[i].expires && timers[i].expires < next)
			next = timers[i].expires;
	return next;
}

static void timer_set(struct timer *timer, uint64_t expires, uint64_t period)
{
	bool was = timer->expires != NEVER, is = expires != NEVER;

	armed += (unsigned)is - (unsigned)was;
	timer->expires = expires;
	timer->period = period;
	timer->overrun = 0;
	timer->wall = false;
}

void timers_wall_moved(int64_t nanoseconds)
{
	for (int i = 0; i < TIMERS; i++)
		if (timers[i].wall)
			timers[i].expires = timers_moved(timers[i].expires, nanoseconds);
}

static void expire(struct timer *timer, int number, uint64_t now)
{
	struct signal_info info = {.code = SI_KERNEL};
	uint64_t period = timer->period, missed;
	bool wall = timer->wall && period;

	if (number >= ITIMERS)
		info = (struct signal_info){SI_TIMER, number - ITIMERS, timer->value};
	missed = period ? (now - timer->expires) / period : 0;
	timer_set(timer, period ? timer->expires + (missed + 1) * period : NEVER, period);
	timer->wall = wall;
	timer->overrun = (unsigned)missed;
	if (timer->signal)
		signal_send(timer->signal, &info);
}

void timers_run(void)
{
	uint64_t now;

	if (!armed)
		return;
	now = clock_now();
	for (int i = 0; i < TIMERS; i++)
		if (timers[i].expires != NEVER && timers[i].expires <= now)
			expire(&timers[i], i, now);
}

/* What timer_gettime and getitimer tell. */
static uint64_t timer_left(const struct timer *timer)
{
	uint64_t now = clock_now();

	if (timer->expires == NEVER)
		return 0;
	return timer->expires > now ? timer->expires - now : 1;
}

struct itimer {
	int64_t period_seconds, period_fraction, seconds, fraction;
};

static struct itimer describe(const struct timer *timer, int64_t unit)
{
	struct timespec64 period = time_split(timer->period), left = time_split(timer_left(timer));

	return (struct itimer){period.seconds, period.nanoseconds / unit, left.seconds,
			       left.nanoseconds / unit};
}

/* Nanoseconds, or -EINVAL. */
static int64_t duration(int64_t seconds, int64_t fraction, int64_t unit)
{
	if (seconds < 0 || fraction < 0 || fraction >= (int64_t)NANOSECONDS / unit)
		return -EINVAL;
	if (seconds > INT64_MAX / 2 / (int64_t)NANOSECONDS)
		return INT64_MAX / 2;
	return seconds * (int64_t)NANOSECONDS + fraction * unit;
}

HANDLER(getitimer)
{
	struct itimer value;

	if (a[0] >= ITIMERS)
		return -EINVAL;
	value = describe(&timers[a[0]], 1000);
	return put_user(a[1], value);
}

HANDLER(setitimer)
{
	struct itimer value = {0}, old;
	int64_t first, period;

	if (a[0] >= ITIMERS)
		return -EINVAL;
	if (a[1] && get_user(value, a[1]))
		return -EFAULT;
	first = duration(value.seconds, value.fraction, 1000);
	period = duration(value.period_seconds, value.period_fraction, 1000);
	if (first < 0 || period < 0)
		return -EINVAL;
	old = describe(&timers[a[0]], 1000);
	timers[a[0]].signal = itimer_signals[a[0]];
	timer_set(&timers[a[0]], first ? time_deadline((uint64_t)first) : NEVER, (uint64_t)period);
	return a[2] ? put_user(a[2], old) : 0;
}

struct event { /* the part of struct sigevent that counts */
	uint64_t value;
	int32_t signal, notify;
};

HANDLER(timer_create)
{
	struct event event = {0, SIGALRM, SIGEV_SIGNAL};
	int number = ITIMERS;

	if (!time_clock_exists(a[0]))
		return -EINVAL;
	while (number < TIMERS && timers[number].used)
		number++;
	if (number == TIMERS)
		return -EAGAIN;
	event.value = (uint64_t)(number - ITIMERS);
	if (a[1] && get_user(event, a[1]))
		return -EFAULT;
	if (event.notify == SIGEV_NONE)
		event.signal = 0;
	else if (event.signal < 1 || event.signal > 64)
		return -EINVAL;
	timers[number] = (struct timer){true, NEVER, 0, event.signal, event.value, a[0], 0, false};
	number -= ITIMERS;
	return put_user(a[2], number);
}

static struct timer *timer_find(uint64_t id)
{
	unsigned number = (unsigned)id;

	if (number >= TIMERS - ITIMERS || !timers[number + ITIMERS].used)
		return 0;
	return &timers[number + ITIMERS];
}

HANDLER(timer_gettime)
{
	const struct timer *timer = timer_find(a[0]);
	struct itimer value;

	if (!timer)
		return -EINVAL;
	value = describe(timer, 1);
	return put_user(a[1], value);
}

HANDLER(timer_settime)
{
	struct timer *timer = timer_find(a[0]);
	struct itimer value, old;
	int64_t first, period;
	uint64_t expires = NEVER;

	if (!timer)
		return -EINVAL;
	if (get_user(value, a[2]))
		return -EFAULT;
	first = duration(value.seconds, value.fraction, 1);
	period = duration(value.period_seconds, value.period_fraction, 1);
	if (first < 0 || period < 0)
		return -EINVAL;
	old = describe(timer, 1);
	if (first) {
		expires = a[1] & TIMER_ABSTIME ? time_convert(timer->clock, (uint64_t)first)
					       : time_deadline((uint64_t)first);
		expires = expires ? expires : 1; /* long ago */
	}
	timer_set(timer, expires, (uint64_t)period);
	timer->wall = first && a[1] & TIMER_ABSTIME && time_clock_is_wall(timer->clock);
	timers_run();
	return a[3] ? put_user(a[3], old) : 0;
}

HANDLER(timer_getoverrun)
{
	const struct timer *timer = timer_find(a[0]);

	return timer ? (int64_t)timer->overrun : -EINVAL;
}

HANDLER(timer_delete)
{
	struct timer *timer = timer_find(a[0]);

	if (!timer)
		return -EINVAL;
	timer_set(timer, NEVER, 0);
	timer->used = false;
	return 0;
}
