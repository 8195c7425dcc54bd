/* SPDX-License-Identifier: Apache-2.0 */
/* Device tree nodes that only a ppc64 machine has. Sources: Linux on Power Architecture
 * Reference (LoPAR), part I, appendix C (CPUs, interrupt controllers, RTAS); Power.org's binding
 * of interrupts. */
#include <libfdt.h>
#include <stdio.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "arch/ppc64/rtas.h"
#include "vmm/arch.h"

enum { IRQ_EDGE = 0 };
enum { CACHE_LINE = 128 }; /* of every POWER processor since POWER4 */

/* Adds up libfdt's answers: the first error stays. */
#define TRY(call) (result = result ? result : (call))

int arch_fdt_interrupt(void *fdt, uint32_t number)
{
	const fdt32_t cells[] = {cpu_to_fdt32(number), cpu_to_fdt32(IRQ_EDGE)};

	return fdt_property(fdt, "interrupts", cells, sizeof(cells));
}

static int cpu_node(void *fdt, const struct machine *machine, uint32_t index)
{
	char name[16];
	int result;

	snprintf(name, sizeof(name), "cpu@%x", index);
	result = fdt_begin_node(fdt, name);
	TRY(fdt_property_string(fdt, "device_type", "cpu"));
	TRY(fdt_property_u32(fdt, "reg", index));
	TRY(fdt_property_u32(fdt, "ibm,ppc-interrupt-server#s", index));
	TRY(fdt_property_u32(fdt, "timebase-frequency", (uint32_t)machine->timebase_hz));
	TRY(fdt_property_u32(fdt, "ibm,dec-bits", PPC64_DEC_BITS));
	TRY(fdt_property_u32(fdt, "i-cache-line-size", CACHE_LINE));
	TRY(fdt_property_u32(fdt, "d-cache-line-size", CACHE_LINE));
	TRY(fdt_end_node(fdt));
	return result;
}

static int cpus_node(void *fdt, const struct machine *machine)
{
	int result = fdt_begin_node(fdt, "cpus");

	TRY(fdt_property_u32(fdt, "#address-cells", 1));
	TRY(fdt_property_u32(fdt, "#size-cells", 0));
	for (uint32_t i = 0; i < machine->vcpu_count; i++)
		TRY(cpu_node(fdt, machine, i));
	TRY(fdt_end_node(fdt));
	return result;
}

/* Whose hypercalls there are. */
static int hypervisor_node(void *fdt)
{
	int result = fdt_begin_node(fdt, "hypervisor");

	TRY(fdt_property_string(fdt, "compatible", "linux,kvm"));
	TRY(fdt_end_node(fdt));
	return result;
}

static int rtas_node(void *fdt)
{
	int result = fdt_begin_node(fdt, "rtas");

	for (uint32_t token = 1; rtas_name(token); token++)
		TRY(fdt_property_u32(fdt, rtas_name(token), token));
	TRY(fdt_end_node(fdt));
	return result;
}

/* Presentation and source controllers in one; it has no address: hypercalls reach it. */
static int xics_node(void *fdt, const struct machine *machine)
{
	static const char compatible[] = "ibm,ppc-xicp\0ibm,ppc-xics";
	const fdt32_t servers[] = {0, cpu_to_fdt32(machine->vcpu_count)};
	int result = fdt_begin_node(fdt, "interrupt-controller");

	TRY(fdt_property_string(fdt, "device_type", "PowerPC-External-Interrupt-Presentation"));
	TRY(fdt_property(fdt, "compatible", compatible, sizeof(compatible)));
	TRY(fdt_property(fdt, "interrupt-controller", NULL, 0));
	TRY(fdt_property(fdt, "ibm,interrupt-server-ranges", servers, sizeof(servers)));
	TRY(fdt_property_u32(fdt, "#interrupt-cells", 2));
	TRY(fdt_property_u32(fdt, "phandle", ARCH_FDT_INTC_PHANDLE));
	TRY(fdt_end_node(fdt));
	return result;
}

int arch_fdt_nodes(void *fdt, const struct machine *machine)
{
	int result = cpus_node(fdt, machine);

	TRY(hypervisor_node(fdt));
	TRY(rtas_node(fdt));
	TRY(xics_node(fdt, machine));
	return result;
}
