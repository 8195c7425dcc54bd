/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: the only place where the vCPU sleeps. */
#ifndef GUEST_WAIT_H
#define GUEST_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#define FOREVER UINT64_MAX

/* Sleeps until ready(context) is true (0), a signal must be handled (-EINTR), or the
 * deadline on clock_now's scale has come (-ETIMEDOUT). `ready` is asked before each sleep;
 * null means never. */
int wait_for(bool (*ready)(void *context), void *context, uint64_t deadline);
/* Takes the interrupts that are pending and does what they ask for. */
void wait_interrupt(void);
/* Nanoseconds slept so far. */
uint64_t wait_idle_time(void);
#endif
