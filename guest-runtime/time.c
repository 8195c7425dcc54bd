/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and the system calls that read them or sleep by them. */
#include "time.h"

#include <linux/errno.h>
#include <linux/time.h>

#include "arch.h"
#include "control.h"
#include "process.h"
#include "signal.h"
#include "syscall.h"
#include "timers.h"
#include "user.h"
#include "wait.h"

#define CLOCKS 12
#define RESOLUTION 1
#define ASKED_MAX 8 /* times for the wall clock, until it took less than */
#define ASKED_NEARLY 1000000 /* ns */

static struct {
	bool known;
	uint64_t epoch;
	uint64_t offset; /* wall clock - clock_now */
} wall;

static void wall_move(uint64_t offset)
{
	int64_t moved = (int64_t)(offset - wall.offset);

	wall.offset = offset;
	if (!wall.known || !moved)
		return;
	timers_wall_moved(moved);
	timerfd_wall_moved(moved);
}

static bool wall_is_known(void)
{
	return wall.known && wall.epoch == control_clock_epoch();
}

/* The answer is late by what it takes to arrive, never early, so that the clock can't go back. One
 * that took long, because the host let this machine wait, is asked for again. */
static void wall_ask(void)
{
	uint64_t best = UINT64_MAX, offset = 0;

	wall.epoch = control_clock_epoch();
	for (unsigned i = 0; i < ASKED_MAX && best > ASKED_NEARLY; i++) {
		uint64_t before = clock_now(), answer = control_wall_clock(), after = clock_now();

		if (after - before >= best)
			continue;
		best = after - before;
		offset = answer - after;
	}
	wall_move(offset);
	wall.known = true;
}

/* This machine may be stopped, and go on elsewhere, between any two lines. */
uint64_t time_wall(void)
{
	uint64_t now;

	do {
		while (!wall_is_known())
			wall_ask();
		now = clock_now() + wall.offset;
	} while (!wall_is_known());
	return now;
}

void time_settle(void)
{
	if (wall.known && !wall_is_known())
		time_wall();
}

uint64_t time_cpu(void)
{
	return clock_now() - wait_idle_time();
}

struct timespec64 time_split(uint64_t nanoseconds)
{
	return (struct timespec64){(int64_t)(nanoseconds / NANOSECONDS),
				   (int64_t)(nanoseconds % NANOSECONDS)};
}

/* The fraction counts `unit` nanoseconds. */
static int time_join(const struct timespec64 *t, uint64_t unit, uint64_t *nanoseconds)
{
	if (t->seconds < 0 || (uint64_t)t->nanoseconds >= NANOSECONDS / unit)
		return -EINVAL;
	if ((uint64_t)t->seconds >= INT64_MAX / NANOSECONDS)
		*nanoseconds = INT64_MAX;
	else
		*nanoseconds = (uint64_t)t->seconds * NANOSECONDS + (uint64_t)t->nanoseconds * unit;
	return 0;
}

int time_from_user(uint64_t address, uint64_t *nanoseconds)
{
	struct timespec64 t;

	return get_user(t, address) ? -EFAULT : time_join(&t, 1, nanoseconds);
}

int time_from_user_us(uint64_t address, uint64_t *nanoseconds)
{
	struct timespec64 t;

	return get_user(t, address) ? -EFAULT : time_join(&t, 1000, nanoseconds);
}

uint64_t time_deadline(uint64_t relative)
{
	uint64_t now = clock_now();

	return relative < INT64_MAX - now ? now + relative : INT64_MAX;
}

uint64_t time_deadline_ms(int relative)
{
	if (relative < 0)
		return FOREVER;
	return relative ? time_deadline((uint64_t)relative * 1000000) : 0;
}

/* Which clocks follow which source. */
static uint64_t (*const sources[CLOCKS])(void) = {
	[CLOCK_REALTIME] = time_wall,
	[CLOCK_MONOTONIC] = clock_now,
	[CLOCK_PROCESS_CPUTIME_ID] = time_cpu,
	[CLOCK_THREAD_CPUTIME_ID] = time_cpu,
	[CLOCK_MONOTONIC_RAW] = clock_now,
	[CLOCK_REALTIME_COARSE] = time_wall,
	[CLOCK_MONOTONIC_COARSE] = clock_now,
	[CLOCK_BOOTTIME] = clock_now,
	[CLOCK_REALTIME_ALARM] = time_wall,
	[CLOCK_BOOTTIME_ALARM] = clock_now,
	[CLOCK_TAI] = time_wall,
};

static bool is_self(int64_t pid)
{
	return pid == 0 || pid == PROCESS_ID;
}

/* The CPU clock of a process or thread has a negative number: it is ours. */
static uint64_t (*source(uint64_t clock))(void)
{
	if ((int)clock < 0) /* bits 0 … 1: which; 3 would be a device */
		return (clock & 3) != 3 && is_self(~((int64_t)(int)clock >> 3)) ? time_cpu : 0;
	return (unsigned)clock < CLOCKS ? sources[(unsigned)clock] : 0;
}

bool time_clock_is_wall(uint64_t clock)
{
	return source(clock) == time_wall;
}

bool time_clock_exists(uint64_t clock)
{
	return source(clock);
}

/* When a clock that shows `at` then: on clock_now's scale. */
uint64_t time_convert(uint64_t clock, uint64_t at)
{
	uint64_t now = source(clock)();

	if (time_clock_is_wall(clock))
		control_wall_waits();
	return at > now ? time_deadline(at - now) : 0;
}

HANDLER(clock_gettime)
{
	uint64_t (*clock)(void) = source(a[0]);
	struct timespec64 t;

	if (!clock)
		return -EINVAL;
	t = time_split(clock());
	return put_user(a[1], t);
}

HANDLER(clock_getres)
{
	struct timespec64 t = {0, RESOLUTION};

	if (!source(a[0]))
		return -EINVAL;
	return a[1] ? put_user(a[1], t) : 0;
}

static int64_t set_wall(uint64_t to)
{
	time_wall();
	wall_move(to - clock_now());
	return 0;
}

HANDLER(clock_settime)
{
	uint64_t to;
	int error = time_from_user(a[1], &to);

	if (error)
		return error;
	return (int)a[0] == CLOCK_REALTIME ? set_wall(to) : -EINVAL;
}

struct timeval64 {
	int64_t seconds, microseconds;
};

HANDLER(gettimeofday)
{
	struct timespec64 t = time_split(time_wall());
	struct timeval64 v = {t.seconds, t.nanoseconds / 1000};
	const uint32_t zone[2] = {0, 0};

	if (a[0] && put_user(a[0], v))
		return -EFAULT;
	return a[1] ? put_user(a[1], zone) : 0;
}

HANDLER(settimeofday)
{
	uint64_t to;
	int error = a[0] ? time_from_user_us(a[0], &to) : 0;

	return error || !a[0] ? error : set_wall(to);
}

static int64_t sleep_until(uint64_t deadline, uint64_t remaining)
{
	struct timespec64 left;
	uint64_t now;

	if (wait_for(0, 0, deadline) == -ETIMEDOUT)
		return 0;
	now = clock_now();
	left = time_split(deadline > now ? deadline - now : 0);
	if (remaining && put_user(remaining, left))
		return -EFAULT;
	return -EINTR;
}

static bool wall_reached(void *moment)
{
	return time_wall() >= *(const uint64_t *)moment;
}

/* Until the wall clock shows it, wherever it is set meanwhile. */
static int64_t sleep_until_wall(uint64_t moment)
{
	while (!wall_reached(&moment))
		if (wait_for(wall_reached, &moment, time_convert(CLOCK_REALTIME, moment)) == -EINTR)
			return -EINTR;
	return 0;
}

HANDLER(nanosleep)
{
	uint64_t time;
	int error = time_from_user(a[0], &time);

	return error ? error : sleep_until(time_deadline(time), a[1]);
}

HANDLER(clock_nanosleep)
{
	uint64_t time;
	int error = time_from_user(a[2], &time);

	if (!source(a[0]))
		return -EINVAL;
	if (a[0] >= CLOCK_THREAD_CPUTIME_ID && a[0] <= CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP; /* as Linux: one does not sleep by these */
	if (error)
		return error;
	if (a[1] & TIMER_ABSTIME && time_clock_is_wall(a[0]))
		return sleep_until_wall(time);
	if (a[1] & TIMER_ABSTIME)
		return sleep_until(time_convert(a[0], time), 0);
	return sleep_until(time_deadline(time), a[3]);
}

HANDLER(times)
{
	uint64_t ticks = time_cpu() / (NANOSECONDS / 100);
	const uint64_t times[4] = {ticks, 0, 0, 0};

	if (a[0] && put_user(a[0], times))
		return -EFAULT;
	return (int64_t)(clock_now() / (NANOSECONDS / 100));
}
