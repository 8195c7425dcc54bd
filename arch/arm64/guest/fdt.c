/* SPDX-License-Identifier: Apache-2.0 */
/* What only the device tree of an arm64 machine says. */
#include "guest-runtime/fdt.h"

#include "guest-runtime/machine.h"
#include "guest-runtime/string.h"

#define SPI_BASE 32

static void control_interrupts(struct machine *machine, const struct property *p)
{
	machine->control_interrupt = SPI_BASE + fdt_cell(p->value + 1);
}

static void intc_compatible(struct machine *machine, const struct property *p)
{
	machine->arch.gic_version = starts_with((const char *)p->value, "arm,gic-v3") ? 3 : 2;
}

static void intc_reg(struct machine *machine, const struct property *p)
{
	machine->arch.gic_distributor = fdt_cells(p->value);
	machine->arch.gic_cpu = fdt_cells(p->value + 4);
}

const struct fdt_row fdt_arch_rows[] = {
	{2, "control@", "interrupts", control_interrupts},
	{2, "intc@", "compatible", intc_compatible},
	{2, "intc@", "reg", intc_reg},
};

const unsigned fdt_arch_row_count = sizeof(fdt_arch_rows) / sizeof(fdt_arch_rows[0]);
