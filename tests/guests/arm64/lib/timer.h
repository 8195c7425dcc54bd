/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual timer of this vCPU. */
#ifndef TEST_GUEST_TIMER_H
#define TEST_GUEST_TIMER_H

#include "irq.h"

static inline uint64_t timer_now(void)
{
	return IRQ_READ(cntvct_el0);
}

/* Counts a second. */
static inline uint64_t timer_hz(void)
{
	return IRQ_READ(cntfrq_el0);
}

/* Fires when the counter gets there. */
static inline void timer_set(uint64_t due)
{
	IRQ_WRITE(cntv_cval_el0, due);
	IRQ_WRITE(cntv_ctl_el0, 1);
}

static inline void timer_off(void)
{
	IRQ_WRITE(cntv_ctl_el0, 0);
}

/* Whether it is not as it was set. */
static inline bool timer_moved(uint64_t due)
{
	return IRQ_READ(cntv_cval_el0) != due;
}

#endif
