/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, XICS: its presentation layer by hypercalls (Linux on Power
 * Architecture Reference, 14.5). One source, the control device, which the monitor has
 * directed to this vCPU; no priorities, no nesting. */
#include "guest-runtime/arch.h"
#include "guest-runtime/machine.h"

#define SOURCE_MASK 0xffffff /* of XIRR; the rest is the priority before */
#define PRIORITY_ANY 0xff

void timer_quiet(void);

static uint32_t control;

void interrupts_init(const struct machine *machine)
{
	control = machine->control_interrupt;
	hypercall(H_CPPR, PRIORITY_ANY, 0);
}

/* It comes as it is. */
void interrupts_add(uint32_t number)
{
	(void)number;
}

/* 0: nothing is pending. */
static uint64_t acknowledge(void)
{
	uint64_t xirr = 0;

	return hypercall(H_XIRR, 0, &xirr) ? 0 : xirr;
}

bool interrupts_take(void)
{
	bool found = false;
	uint64_t xirr;

	timer_quiet();
	while (xirr = acknowledge(), xirr & SOURCE_MASK) {
		found |= (xirr & SOURCE_MASK) == control;
		hypercall(H_EOI, xirr, 0);
	}
	return found;
}
