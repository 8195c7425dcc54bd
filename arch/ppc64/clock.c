/* SPDX-License-Identifier: Apache-2.0 */
/* The time base: the host's and an offset, which KVM takes in steps of 2^24 ticks, one for each
 * core that vCPUs share. Source: Linux Documentation/virt/kvm/api.rst, KVM_REG_PPC_TB_OFFSET. */
#include "arch/ppc64/counter.h"
#include "arch/ppc64/regs.h"
#include "vmm/arch_state.h"

#define TB_STEP (1ull << 24)

int arch_clock_get(struct regs *regs, uint64_t *ticks, struct error *err)
{
	uint64_t offset;
	int result = reg_get(regs, PPC64_TB_OFFSET, &offset, err);

	*ticks = ppc64_timebase() + offset;
	return result;
}

struct arch_clock_plan arch_clock_plan(uint64_t ticks)
{
	uint64_t offset = ticks - ppc64_timebase();
	uint64_t value = (offset + TB_STEP - 1) & ~(TB_STEP - 1);

	return (struct arch_clock_plan){value, offset - value};
}

int arch_clock_set(struct regs *regs, const struct arch_clock_plan *plan, struct error *err)
{
	int result = reg_set(regs, PPC64_TB_OFFSET, plan->value, err);

	return result < 0 ? result : regs_flush(regs, err);
}
