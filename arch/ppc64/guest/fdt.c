/* SPDX-License-Identifier: Apache-2.0 */
/* What only the device tree of a ppc64 machine says. */
#include "guest-runtime/fdt.h"

#include "guest-runtime/machine.h"

/* Source and trigger. */
static void control_interrupts(struct machine *machine, const struct property *p)
{
	machine->control_interrupt = fdt_cell(p->value);
}

static void timebase_frequency(struct machine *machine, const struct property *p)
{
	machine->arch.timebase_frequency = fdt_cell(p->value);
}

const struct fdt_row fdt_arch_rows[] = {
	{2, "control@", "interrupts", control_interrupts},
	{3, "cpu@", "timebase-frequency", timebase_frequency},
};

const unsigned fdt_arch_row_count = sizeof(fdt_arch_rows) / sizeof(fdt_arch_rows[0]);
