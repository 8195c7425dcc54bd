/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of an arm64 vCPU: one line a row, in restore order. Names are the Arm
 * Architecture Reference Manual's; ids are KVM's (asm/kvm.h). */
#ifndef MOTE_ARM64_REGS_H
#define MOTE_ARM64_REGS_H

/* X(name, id, class, flags) */
#define ARM64_CORE(field)                                                                          \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define ARM64_SYS(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)

#define ARM64_REGS(X)                                                                              \
	X(X0, ARM64_CORE(regs.regs[0]), REG_RUNTIME, 0)                                            \
	X(X1, ARM64_CORE(regs.regs[1]), REG_RUNTIME, 0)                                            \
	X(X2, ARM64_CORE(regs.regs[2]), REG_RUNTIME, 0)                                            \
	X(X3, ARM64_CORE(regs.regs[3]), REG_RUNTIME, 0)                                            \
	X(LR, ARM64_CORE(regs.regs[30]), REG_RUNTIME, 0)                                           \
	X(SP_EL0, ARM64_CORE(regs.sp), REG_RUNTIME, 0)                                             \
	X(PC, ARM64_CORE(regs.pc), REG_RUNTIME, 0)                                                 \
	X(PSTATE, ARM64_CORE(regs.pstate), REG_RUNTIME, 0)                                         \
	X(SP_EL1, ARM64_CORE(sp_el1), REG_RUNTIME, 0)                                              \
	X(ELR_EL1, ARM64_CORE(elr_el1), REG_RUNTIME, 0)                                            \
	X(SPSR_EL1, ARM64_CORE(spsr[KVM_SPSR_EL1]), REG_RUNTIME, 0)                                \
	X(MPIDR_EL1, ARM64_SYS(3, 0, 0, 0, 5), REG_FEATURE, REG_READ_ONLY)                         \
	X(ESR_EL1, ARM64_SYS(3, 0, 5, 2, 0), REG_RESET, 0)                                         \
	X(FAR_EL1, ARM64_SYS(3, 0, 6, 0, 0), REG_RESET, 0)

enum arm64_reg {
#define X(name, id, class, flags) ARM64_##name,
	ARM64_REGS(X)
#undef X
};

#endif
