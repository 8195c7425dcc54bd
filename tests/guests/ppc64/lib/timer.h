/* SPDX-License-Identifier: Apache-2.0 */
/* The decrementer of this vCPU. The hardware counts to a time base value, the
 * one that it was set to; whoever is between it and the guest may let it be later, never earlier.
 */
#ifndef TEST_GUEST_TIMER_H
#define TEST_GUEST_TIMER_H

#include "irq.h"

static inline uint64_t timer_now(void)
{
	uint64_t now;

	__asm__ volatile("mftb %0" : "=r"(now)::"memory");
	return now;
}

/* Counts a second, on every processor whose KVM has radix page tables. */
static inline uint64_t timer_hz(void)
{
	return 512000000;
}

static inline int64_t timer_left(void)
{
	int64_t left;

	__asm__ volatile("mfdec %0" : "=r"(left)::"memory");
	return (int32_t)left; /* sets are short ones: this is all of it, large decrementer or not */
}

/* Fires when the counter gets there. What is long past would be future again in 32 bits. */
static inline void timer_set(uint64_t due)
{
	int64_t left = (int64_t)(due - timer_now());

	__asm__ volatile("mtdec %0" ::"r"(left < -(1 << 30) ? -(1 << 30) : left) : "memory");
}

static inline void timer_off(void)
{
	__asm__ volatile("mtdec %0" ::"r"(INT32_MAX) : "memory");
}

/* Whether it is not as it was set: it stands for an earlier moment, or for one that is more than
 * a second later. */
static inline bool timer_moved(uint64_t due)
{
	int64_t least = (int64_t)(timer_now() - due), left = timer_left();

	return (int64_t)(timer_now() - due) + left < 0 || least + left > 1 << 29;
}

#endif
