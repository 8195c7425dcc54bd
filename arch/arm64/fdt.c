/* SPDX-License-Identifier: Apache-2.0 */
/* Device tree nodes that only an arm64 machine has. Sources: Linux
 * Documentation/devicetree/bindings (arm/cpus, arm/psci, timer/arm,arch_timer,
 * interrupt-controller/arm,gic*). */
#include <libfdt.h>
#include <stdio.h>

#include "arch/arm64/layout.h"
#include "vmm/arch.h"

enum { GIC_SPI = 0, GIC_PPI = 1 };
enum { IRQ_EDGE_RISING = 1, IRQ_LEVEL_HIGH = 4 };

/* Adds up libfdt's answers: the first error stays. */
#define TRY(call) (result = result ? result : (call))

int arch_fdt_interrupt(void *fdt, uint32_t number)
{
	const fdt32_t cells[] = {cpu_to_fdt32(GIC_SPI), cpu_to_fdt32(number),
				 cpu_to_fdt32(IRQ_EDGE_RISING)};

	return fdt_property(fdt, "interrupts", cells, sizeof(cells));
}

/* KVM gives vCPU n Aff0 = n mod 16, Aff1 = n / 16 (its default MPIDR_EL1). */
static uint32_t cpu_affinity(uint32_t index)
{
	return (index & 15) | index >> 4 << 8;
}

static int cpus_node(void *fdt, const struct machine *machine)
{
	int result = fdt_begin_node(fdt, "cpus");

	TRY(fdt_property_u32(fdt, "#address-cells", 1));
	TRY(fdt_property_u32(fdt, "#size-cells", 0));
	for (uint32_t i = 0; i < machine->vcpu_count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu@%x", cpu_affinity(i));
		TRY(fdt_begin_node(fdt, name));
		TRY(fdt_property_string(fdt, "device_type", "cpu"));
		TRY(fdt_property_string(fdt, "compatible", "arm,armv8"));
		TRY(fdt_property_string(fdt, "enable-method", "psci"));
		TRY(fdt_property_u32(fdt, "reg", cpu_affinity(i)));
		TRY(fdt_end_node(fdt));
	}
	TRY(fdt_end_node(fdt));
	return result;
}

static int psci_node(void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int result = fdt_begin_node(fdt, "psci");

	TRY(fdt_property(fdt, "compatible", compatible, sizeof(compatible)));
	TRY(fdt_property_string(fdt, "method", "hvc"));
	TRY(fdt_end_node(fdt));
	return result;
}

/* Secure, non-secure, virtual, hypervisor physical: PPI 13, 14, 11, 10. */
static int timer_node(void *fdt)
{
	static const uint32_t ppis[] = {13, 14, ARM64_PPI_VTIMER, 10};
	fdt32_t cells[3 * 4];
	int result = fdt_begin_node(fdt, "timer");

	for (int i = 0; i < 4; i++) {
		cells[3 * i] = cpu_to_fdt32(GIC_PPI);
		cells[3 * i + 1] = cpu_to_fdt32(ppis[i]);
		cells[3 * i + 2] = cpu_to_fdt32(IRQ_LEVEL_HIGH);
	}
	TRY(fdt_property_string(fdt, "compatible", "arm,armv8-timer"));
	TRY(fdt_property(fdt, "interrupts", cells, sizeof(cells)));
	TRY(fdt_property(fdt, "always-on", NULL, 0));
	TRY(fdt_end_node(fdt));
	return result;
}

static int gic_node(void *fdt, const struct machine *machine)
{
	bool v3 = machine->irqchip == ARM64_GIC_V3;
	const fdt64_t reg[] = {
		cpu_to_fdt64(ARM64_GICD),
		cpu_to_fdt64(ARM64_GICD_SIZE),
		cpu_to_fdt64(v3 ? ARM64_GICR : ARM64_GICC),
		cpu_to_fdt64(v3 ? ARM64_GICR_STRIDE * machine->vcpu_count : ARM64_GICC_SIZE),
	};
	int result = fdt_begin_node(fdt, "intc@8000000");

	TRY(fdt_property_string(fdt, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic"));
	TRY(fdt_property(fdt, "interrupt-controller", NULL, 0));
	TRY(fdt_property_u32(fdt, "#interrupt-cells", 3));
	TRY(fdt_property(fdt, "reg", reg, sizeof(reg)));
	TRY(fdt_property_u32(fdt, "phandle", ARCH_FDT_INTC_PHANDLE));
	TRY(fdt_end_node(fdt));
	return result;
}

int arch_fdt_nodes(void *fdt, const struct machine *machine)
{
	int result = cpus_node(fdt, machine);

	TRY(psci_node(fdt));
	TRY(timer_node(fdt));
	TRY(gic_node(fdt, machine));
	return result;
}
