/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that send signals: setitimer's and timer_create's. */
#ifndef GUEST_TIMERS_H
#define GUEST_TIMERS_H

#include <stdint.h>

/* The moment of the next expiry on clock_now's scale, UINT64_MAX: none. */
uint64_t timers_next(void);
/* Sends the signals of all that have expired. */
void timers_run(void);
/* timerfd.c: the first expiry after that moment, whether it is over by now or not: whoever waits
 * has found nothing ready then. */
uint64_t timerfd_next(uint64_t since);
/* The wall clock has been moved forward so much, or back: what is set to a moment of it follows. */
void timers_wall_moved(int64_t nanoseconds);
void timerfd_wall_moved(int64_t nanoseconds);
/* Such a moment on clock_now's scale after that. */
static inline uint64_t timers_moved(uint64_t expires, int64_t nanoseconds)
{
	int64_t moved = (int64_t)expires - nanoseconds;

	return moved > 0 ? (uint64_t)moved : 1;
}
#endif
