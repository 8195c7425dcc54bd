/* SPDX-License-Identifier: Apache-2.0 */
/* Debug events of an arm64 vCPU: what KVM is asked for, what it reports, and the guest's own
 * debug exceptions. Sources: Linux Documentation/virt/kvm/api.rst, KVM_SET_GUEST_DEBUG; Arm
 * Architecture Reference Manual (DDI 0487), D1.3 (exceptions), D2 (self-hosted debug), D24.3. */
#include <errno.h>
#include <string.h>

#include "arch/arm64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

enum {
	PSTATE_EL = 0xc, /* 0: EL0 */
	PSTATE_EL1H = 0x5,
	PSTATE_DAIF = 0x3c0,
	PSTATE_SS = 1 << 21,
	PSTATE_PAN = 1 << 22,
	PSTATE_KEPT = (int)0xf1400000, /* by an exception: NZCV, DIT, PAN */
	SCTLR_SPAN = 1 << 23,
};
enum { VECTOR_SP0 = 0x000, VECTOR_SPX = 0x200, VECTOR_LOWER = 0x400 }; /* synchronous */
enum {
	CLASS_BREAKPOINT = 0x30, /* from EL0; from EL1 one more, as for those with "step" */
	CLASS_STEP = 0x32,
	CLASS_WATCHPOINT = 0x34,
	CLASS_BRK = 0x3c,
};
#define ESR_CLASS(esr) ((esr) >> 26 & 0x3f)
#define ESR_FROM_EL1 (1u << 26) /* what it adds to the class */

/* D24.3.2 and D24.3.11: enabled, for EL0 and EL1, whichever security state. */
enum { CONTROL_ENABLE = 1, CONTROL_EL01 = 3 << 1 };
enum { BCR_WHOLE = 0xf << 5, WCR_LOAD = 1 << 3, WCR_STORE = 2 << 3, WCR_BAS = 5, WCR_MASK = 24 };

static const uint8_t trap[] = {0x00, 0x00, 0x20, 0xd4}; /* brk #0 */

void arch_debug_limits(int vm_fd, struct debug_limits *limits)
{
	*limits = (struct debug_limits){
		.breakpoints = (unsigned int)kvm_capability(vm_fd, KVM_CAP_GUEST_DEBUG_HW_BPS),
		.watchpoints = (unsigned int)kvm_capability(vm_fd, KVM_CAP_GUEST_DEBUG_HW_WPS),
		.step = true,
		.step_by_kvm = true,
	};
}

/* Up to eight bytes in one doubleword by a bit for each; more as a power of two, aligned. */
static bool watch(const struct debug_point *point, __u64 *value, __u64 *control)
{
	uint64_t offset = point->address & 7, length = point->length;

	*control = CONTROL_ENABLE | CONTROL_EL01;
	if (point->kind != DEBUG_READ)
		*control |= WCR_STORE;
	if (point->kind != DEBUG_WRITE)
		*control |= WCR_LOAD;
	if (length && length + offset <= 8) {
		*value = point->address & ~7ull;
		*control |= ((1ull << length) - 1) << offset << WCR_BAS;
		return true;
	}
	if (length < 8 || length > 1ull << 31 || length & (length - 1) ||
	    point->address & (length - 1))
		return false;
	*value = point->address;
	*control |= 0xffull << WCR_BAS | (uint64_t)__builtin_ctzll(length) << WCR_MASK;
	return true;
}

bool arch_debug_fits(const struct debug_point *point)
{
	__u64 value, control;

	if (point->kind == DEBUG_EXECUTE)
		return !(point->address & 3);
	return watch(point, &value, &control);
}

void arch_debug_control(struct kvm_guest_debug *control, const struct debug_point *points,
			unsigned int count, bool step)
{
	struct kvm_guest_debug_arch *arch = &control->arch;
	unsigned int breakpoints = 0, watchpoints = 0;

	memset(control, 0, sizeof(*control));
	control->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (step)
		control->control |= KVM_GUESTDBG_SINGLESTEP;
	for (unsigned int i = 0; i < count; i++) {
		const struct debug_point *point = &points[i];

		if (point->kind == DEBUG_EXECUTE && breakpoints < KVM_ARM_MAX_DBG_REGS) {
			arch->dbg_bvr[breakpoints] = point->address;
			arch->dbg_bcr[breakpoints++] = CONTROL_ENABLE | CONTROL_EL01 | BCR_WHOLE;
		} else if (point->kind != DEBUG_EXECUTE && watchpoints < KVM_ARM_MAX_DBG_REGS &&
			   watch(point, &arch->dbg_wvr[watchpoints], &arch->dbg_wcr[watchpoints])) {
			watchpoints++;
		}
	}
	if (breakpoints || watchpoints)
		control->control |= KVM_GUESTDBG_USE_HW;
}

unsigned int arch_debug_trap(struct regs *regs, uint8_t *bytes)
{
	(void)regs;
	memcpy(bytes, trap, sizeof(trap));
	return sizeof(trap);
}

int arch_pc(struct regs *regs, uint64_t *pc, struct error *err)
{
	return reg_get(regs, ARM64_PC, pc, err);
}

int arch_user_mode(struct regs *regs, bool *user, struct error *err)
{
	uint64_t pstate;
	int result = reg_get(regs, ARM64_PSTATE, &pstate, err);

	*user = !(pstate & PSTATE_EL);
	return result;
}

int arch_debug_event(const struct kvm_run *run, struct regs *regs, const struct memory *memory,
		     struct debug_event *event, struct error *err)
{
	uint32_t class = ESR_CLASS(run->debug.arch.hsr);

	(void)memory;
	event->cause = class == CLASS_BRK                  ? DEBUG_TRAP
		       : (class & ~1u) == CLASS_STEP       ? DEBUG_STEPPED
		       : (class & ~1u) == CLASS_BREAKPOINT ? DEBUG_BREAKPOINT
		       : (class & ~1u) == CLASS_WATCHPOINT ? DEBUG_WATCHPOINT
							   : DEBUG_UNKNOWN;
	event->data = event->cause == DEBUG_WATCHPOINT ? run->debug.arch.far : 0;
	return arch_pc(regs, &event->pc, err);
}

/* As the processor takes an exception to EL1 (D1.3.5). */
struct entry {
	uint64_t pc, pstate, esr;
};

static int take_exception(struct regs *regs, const struct entry *from, struct error *err)
{
	uint64_t vbar, sctlr,
		pstate = (from->pstate & (uint32_t)PSTATE_KEPT) | PSTATE_EL1H | PSTATE_DAIF;
	uint64_t vector = !(from->pstate & PSTATE_EL) ? VECTOR_LOWER
			  : from->pstate & 1          ? VECTOR_SPX
						      : VECTOR_SP0;
	int result = reg_get(regs, ARM64_VBAR_EL1, &vbar, err);

	if (result == 0)
		result = reg_get(regs, ARM64_SCTLR_EL1, &sctlr, err);
	if (result < 0)
		return result;
	if (!(sctlr & SCTLR_SPAN) && from->pstate & PSTATE_PAN)
		pstate |= PSTATE_PAN;
	result = reg_set(regs, ARM64_ESR_EL1, from->esr, err);
	if (result == 0)
		result = reg_set(regs, ARM64_ELR_EL1, from->pc, err);
	if (result == 0)
		result = reg_set(regs, ARM64_SPSR_EL1, from->pstate & ~(uint64_t)PSTATE_SS, err);
	if (result == 0)
		result = reg_set(regs, ARM64_PC, vbar + vector, err);
	return result < 0 ? result : reg_set(regs, ARM64_PSTATE, pstate, err);
}

int arch_debug_inject(const struct kvm_run *run, struct regs *regs, struct error *err)
{
	struct entry from = {.esr = run->debug.arch.hsr};
	uint32_t class = ESR_CLASS(run->debug.arch.hsr) & ~1u;
	int result = arch_pc(regs, &from.pc, err);

	if (result == 0)
		result = reg_get(regs, ARM64_PSTATE, &from.pstate, err);
	/* To EL2 they all came from below; to EL1 those of EL1 came from where it is. */
	from.esr &= ~(uint64_t)(ESR_CLASS(from.esr) == CLASS_BRK ? 0 : ESR_FROM_EL1);
	if (class != CLASS_BRK && from.pstate & PSTATE_EL)
		from.esr |= ESR_FROM_EL1;
	if (result == 0 && class == CLASS_WATCHPOINT)
		result = reg_set(regs, ARM64_FAR_EL1, run->debug.arch.far, err);
	return result < 0 ? result : take_exception(regs, &from, err);
}
