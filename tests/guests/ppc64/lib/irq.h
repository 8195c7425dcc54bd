/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, XICS, as far as guests take interrupts: those of this vCPU's
 * decrementer, and on vCPU 0, to which all sources go, the UART's. */
#ifndef TEST_GUEST_IRQ_H
#define TEST_GUEST_IRQ_H

#include "tests/guests/guest.h"

enum { IRQ_TIMER = 0x900, IRQ_UART = PPC64_IRQ_UART }; /* a vector, and a source */
enum { IRQ_EXTERNAL = 0x500, IRQ_NONE = 0 };
enum { IRQ_H_EOI = 0x64, IRQ_H_CPPR = 0x68, IRQ_H_XIRR = 0x74 };
#define IRQ_PRIORITY_ANY 0xffull

/* The vCPU's own number, as irq_init() was told it. */
static inline unsigned int irq_cpu(void)
{
	unsigned int cpu;

	__asm__ volatile("mfsprg %0, 2" : "=r"(cpu));
	return cpu;
}

static inline uint64_t irq_chip(void)
{
	return PPC64_XICS;
}

/* All are let through, for a vCPU of that number. */
static inline void irq_init(uint64_t chip, unsigned int cpu)
{
	(void)chip;
	__asm__ volatile("mtsprg 2, %0" ::"r"((uint64_t)cpu));
	guest_call(IRQ_H_CPPR, IRQ_PRIORITY_ANY, 0, 0);
}

static inline void irq_unmask(void)
{
	__asm__ volatile("mfmsr 9; ori 9, 9, 0x8000; mtmsrd 9, 1" ::: "r9", "memory");
}

static inline void irq_mask(void)
{
	__asm__ volatile("li 9, 2; mtmsrd 9, 1" ::: "r9", "memory"); /* EE off, RI on */
}

/* Acknowledges the interrupt that an exception is: its number. */
static inline uint64_t irq_taken(uint64_t chip, uint64_t vector)
{
	uint64_t xirr;

	(void)chip;
	if (vector != IRQ_EXTERNAL)
		return vector;
	return guest_call_value(IRQ_H_XIRR, &xirr) ? IRQ_NONE : xirr & 0xffffff;
}

/* It may come again. The decrementer's ends when it is set. */
static inline void irq_end(uint64_t chip, uint64_t number)
{
	(void)chip;
	if (number != IRQ_TIMER)
		guest_call(IRQ_H_EOI, IRQ_PRIORITY_ANY << 24 | number, 0, 0);
}

#endif
