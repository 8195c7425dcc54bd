/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that send signals: setitimer's and timer_create's. */
#ifndef GUEST_TIMERS_H
#define GUEST_TIMERS_H

#include <stdint.h>

/* The moment of the next expiry on clock_now's scale, UINT64_MAX: none. */
uint64_t timers_next(void);
/* Sends the signals of all that have expired. */
void timers_run(void);
/* timerfd.c: the next expiry that somebody may wait for. */
uint64_t timerfd_next(void);
#endif
