/* SPDX-License-Identifier: Apache-2.0 */
/* The time base as the clock, put right by what the monitor says; the decrementer for the next
 * wake-up. It is negative from the moment it has run out, and its interrupt a level: it cannot be
 * switched off, only be set far away; what is farther away than it reaches is an interrupt in
 * vain. */
#include "guest-runtime/arch.h"
#include "guest-runtime/control.h"
#include "guest-runtime/machine.h"

#define NANOSECONDS 1000000000ull
#define SMALL_MAX 0x7fffffffull
#define LARGE_MAX 0x7fffffffffffffull /* 56 bits, where LPCR[LD] is on */
#define PROBE (1ull << 40 | SMALL_MAX)

static uint64_t armed;
static uint64_t frequency, farthest;
static uint64_t origin; /* of the clock: the host's time base counts from when it started */

void clock_init(const struct machine *machine)
{
	frequency = machine->arch.timebase_frequency;
	origin = cpu_read(SPR_TB);
	cpu_write(SPR_DEC, PROBE);
	farthest = cpu_read(SPR_DEC) > SMALL_MAX ? LARGE_MAX : SMALL_MAX;
	timer_arm(UINT64_MAX);
}

/* This machine may be stopped, and go on with another rest, between any two lines. */
static uint64_t ticks_now(void)
{
	uint64_t rest, ticks;

	do {
		rest = control_clock_rest();
		ticks = cpu_read(SPR_TB) + rest - origin;
	} while (control_clock_rest() != rest);
	return ticks;
}

uint64_t clock_now(void)
{
	uint64_t ticks = ticks_now();

	return ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency;
}

static uint64_t ticks_at(uint64_t when)
{
	uint64_t seconds = when / NANOSECONDS;

	if (seconds > INT64_MAX / frequency)
		return INT64_MAX;
	return seconds * frequency +
	       (when % NANOSECONDS * frequency + NANOSECONDS - 1) / NANOSECONDS;
}

static uint64_t ticks_until(uint64_t when)
{
	uint64_t then = ticks_at(when), now = ticks_now();

	if (then <= now)
		return 0;
	return then - now < farthest ? then - now : farthest;
}

void timer_arm(uint64_t when)
{
	if (when == armed)
		return;
	armed = when;
	cpu_write(SPR_DEC, when == UINT64_MAX ? farthest : ticks_until(when));
}

void timer_quiet(void)
{
	armed = 0;
	timer_arm(UINT64_MAX);
}

/* Comes back with interrupts on, and at the first one: see vectors.S. */
void cpu_idle(void)
{
	hypercall(H_CEDE, 0, 0);
	__asm__ volatile("mtmsrd %0, 1" ::"r"(0ul) : "memory");
}
