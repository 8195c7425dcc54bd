/* SPDX-License-Identifier: Apache-2.0 */
/* Debug events of a ppc64 vCPU. KVM-HV stops at an instruction that it names, and at nothing else:
 * it has no breakpoints or watchpoints of the hardware's to give away. CIABR and DAWR, which it
 * would let us set, raise interrupts in the guest, and CIABR's comes after the instruction.
 * Stepping is in step.c. Sources: Linux Documentation/virt/kvm/api.rst, KVM_SET_GUEST_DEBUG,
 * KVM_REG_PPC_DEBUG_INST; arch/powerpc/kvm/book3s_hv.c. */
#include <string.h>

#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"
#include "arch/ppc64/text.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

void arch_debug_limits(int vm_fd, struct debug_limits *limits)
{
	/* KVM-HV takes a request to step, and does not: it has to be asked, of this VM. */
	*limits = (struct debug_limits){
		.step = true,
		.step_by_kvm = kvm_capability(vm_fd, KVM_CAP_PPC_GUEST_DEBUG_SSTEP) > 0,
	};
}

bool arch_debug_fits(const struct debug_point *point)
{
	(void)point;
	return false;
}

void arch_debug_control(struct kvm_guest_debug *control, const struct debug_point *points,
			unsigned int count, bool step)
{
	(void)points, (void)count;
	memset(control, 0, sizeof(*control));
	control->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (step)
		control->control |= KVM_GUESTDBG_SINGLESTEP;
}

unsigned int arch_debug_trap(struct regs *regs, uint8_t *bytes)
{
	struct error err;
	uint32_t instruction;

	if (text_trap(regs, &instruction, &err) < 0)
		return 0;
	bytes_store_le(bytes, 4, instruction);
	return 4;
}

int arch_pc(struct regs *regs, uint64_t *pc, struct error *err)
{
	return reg_get(regs, PPC64_PC, pc, err);
}

int arch_user_mode(struct regs *regs, bool *user, struct error *err)
{
	uint64_t msr = 0;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	*user = msr & PPC64_MSR_PR;
	return result;
}

/* KVM says where, not why: at the instruction that traps, or after a step of its own. */
int arch_debug_event(const struct kvm_run *run, struct regs *regs, const struct memory *memory,
		     struct debug_event *event, struct error *err)
{
	uint32_t instruction, trap;
	int result = arch_pc(regs, &event->pc, err);

	(void)run;
	event->data = 0;
	event->cause = DEBUG_TRAP;
	if (result == 0)
		result = text_trap(regs, &trap, err);
	if (result == 0 && memory && text_read(regs, memory, event->pc, &instruction) &&
	    instruction != trap)
		event->cause = DEBUG_STEPPED;
	return result;
}

/* Without a debugger KVM would have told the guest that there is no such instruction. */
int arch_debug_inject(const struct kvm_run *run, struct regs *regs, struct error *err)
{
	(void)run;
	return interrupt_take(regs, PPC64_PROGRAM, PPC64_PROGRAM_ILLEGAL, err);
}
