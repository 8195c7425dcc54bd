/* SPDX-License-Identifier: Apache-2.0 */
/* The decrementer of this vCPU, and its interrupt. The hardware counts to a time base value, the
 * one that it was set to; whoever is between it and the guest may let it be later, never earlier.
 */
#ifndef TEST_GUEST_TIMER_H
#define TEST_GUEST_TIMER_H

#include "tests/guests/guest.h"

enum { TIMER_VECTOR = 0x900 };

/* The vCPU's own number, as timer_init() was told it. */
static inline unsigned int timer_cpu(void)
{
	unsigned int cpu;

	__asm__ volatile("mfsprg %0, 2" : "=r"(cpu));
	return cpu;
}

static inline void timer_init(uint64_t irqchip, unsigned int cpu)
{
	(void)irqchip;
	__asm__ volatile("mtsprg 2, %0" ::"r"((uint64_t)cpu));
}

static inline uint64_t timer_now(void)
{
	uint64_t now;

	__asm__ volatile("mftb %0" : "=r"(now)::"memory");
	return now;
}

static inline int64_t timer_left(void)
{
	int64_t left;

	__asm__ volatile("mfdec %0" : "=r"(left)::"memory");
	return (int32_t)left; /* sets are short ones: this is all of it, large decrementer or not */
}

/* Fires when the counter gets there. */
static inline void timer_set(uint64_t due)
{
	__asm__ volatile("mtdec %0" ::"r"(due - timer_now()) : "memory");
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

static inline void timer_unmask(void)
{
	__asm__ volatile("mfmsr 9; ori 9, 9, 0x8000; mtmsrd 9, 1" ::: "r9", "memory");
}

static inline void timer_mask(void)
{
	__asm__ volatile("li 9, 2; mtmsrd 9, 1" ::: "r9", "memory"); /* EE off, RI on */
}

/* Whether the interrupt is the timer's; then it is to be ended. */
static inline bool timer_taken(uint64_t irqchip, uint64_t vector)
{
	(void)irqchip;
	return vector == TIMER_VECTOR;
}

static inline void timer_end(uint64_t irqchip)
{
	(void)irqchip; /* it ends when the decrementer is set */
}

#endif
