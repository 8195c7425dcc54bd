/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual counter. KVM keeps an offset to the host's, one for all vCPUs of a VM. */
#include "arch/arm64/regs.h"
#include "vmm/arch_state.h"

int arch_clock_get(struct regs *regs, uint64_t *ticks, struct error *err)
{
	return reg_get(regs, ARM64_CNTVCT_EL0, ticks, err);
}

struct arch_clock_plan arch_clock_plan(uint64_t ticks)
{
	return (struct arch_clock_plan){.value = ticks};
}

int arch_clock_set(struct regs *regs, const struct arch_clock_plan *plan, struct error *err)
{
	int result = reg_set(regs, ARM64_CNTVCT_EL0, plan->value, err);

	return result < 0 ? result : regs_flush(regs, err);
}
