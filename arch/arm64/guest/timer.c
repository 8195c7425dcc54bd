/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual counter as the clock, the virtual timer for the next wake-up. */
#include "guest-runtime/arch.h"

#define NANOSECONDS 1000000000ull
#define TIMER_ENABLE 1

void interrupts_enable_timer(void);

static uint64_t armed = UINT64_MAX;

/* CNTFRQ_EL0 says all. */
void clock_init(const struct machine *machine)
{
	(void)machine;
}

uint64_t clock_now(void)
{
	uint64_t ticks, frequency = cpu_read(cntfrq_el0);

	cpu_isb();
	ticks = cpu_read(cntvct_el0);
	return ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency;
}

static uint64_t ticks_at(uint64_t when)
{
	uint64_t frequency = cpu_read(cntfrq_el0);
	uint64_t seconds = when / NANOSECONDS;

	if (seconds > INT64_MAX / frequency)
		return INT64_MAX;
	return seconds * frequency +
	       (when % NANOSECONDS * frequency + NANOSECONDS - 1) / NANOSECONDS;
}

void timer_arm(uint64_t when)
{
	static bool enabled;

	if (when == armed)
		return;
	armed = when;
	if (!enabled) {
		interrupts_enable_timer();
		enabled = true;
	}
	if (when == UINT64_MAX) {
		cpu_write(cntv_ctl_el0, 0);
	} else {
		cpu_write(cntv_cval_el0, ticks_at(when));
		cpu_write(cntv_ctl_el0, TIMER_ENABLE);
	}
	cpu_isb();
}

void cpu_idle(void)
{
	__asm__ volatile("dsb sy; wfi" ::: "memory");
}
