/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of an arm64 vCPU: one line a row, in restore order. Names are the Arm
 * Architecture Reference Manual's; ids are KVM's (asm/kvm.h). What the host's kernel and
 * processor, or the features of the vCPU, do not have is not in KVM's list: such a row is absent.
 *
 * What the order and the flags follow from:
 *   SVE_VLS     only before the vCPU is finalized, the other SVE rows only after it. With SVE,
 *               KVM lists Zn in place of Vn, which is its low half.
 *   ID_*        what the vCPU is. Linux 6.1 takes another value of ID_AA64PFR0_EL1 alone, 6.12 of
 *               those without REG_READ_ONLY, both before the first run. Encodings that the
 *               architecture reserves are listed as well.
 *   PMxxxCLR    the same register as PMxxxSET. A SET stores its value (Linux 6.1), or sets or
 *               clears bits (6.12): the complement to CLR and then the value to SET come to the
 *               value in both.
 *   CNTV_*      KVM exchanged the ids of CNTV_CVAL_EL0 and CNTVCT_EL0, for ever. Before the
 *               comparator there is the counter, which one write sets for the whole VM. ISTATUS,
 *               bit 2 of CTL, is the comparison's result.
 *   CCSIDR_EL1  one for each value of CSSELR_EL1
 * Source: Linux arch/arm64/kvm/guest.c, sys_regs.c, arch_timer.c; Documentation/virt/kvm/api.rst.
 */
#ifndef MOTE_ARM64_REGS_H
#define MOTE_ARM64_REGS_H

#include "vmm/regs.h"

#define ARM64_CORE(size, field)                                                                    \
	(KVM_REG_ARM64 | KVM_REG_SIZE_##size | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define ARM64_SYS(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define ARM64_CCSIDR(csselr)                                                                       \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | KVM_REG_ARM_DEMUX_ID_CCSIDR |      \
	 (csselr))

/* M(R, 0) M(R, 1) … */
#define ARM64_EACH_8(M, R, a, b, c, d, e, f, g, h)                                                 \
	M(R, a) M(R, b) M(R, c) M(R, d) M(R, e) M(R, f) M(R, g) M(R, h)
#define ARM64_EACH_16(M, R)                                                                        \
	ARM64_EACH_8(M, R, 0, 1, 2, 3, 4, 5, 6, 7)                                                 \
	ARM64_EACH_8(M, R, 8, 9, 10, 11, 12, 13, 14, 15)
#define ARM64_EACH_31(M, R)                                                                        \
	ARM64_EACH_16(M, R)                                                                        \
	ARM64_EACH_8(M, R, 16, 17, 18, 19, 20, 21, 22, 23)                                         \
	M(R, 24) M(R, 25) M(R, 26) M(R, 27) M(R, 28) M(R, 29) M(R, 30)
#define ARM64_EACH_32(M, R) ARM64_EACH_31(M, R) M(R, 31)

#define ARM64_X(R, n) R(X##n, ARM64_CORE(U64, regs.regs[n]), REG_RUNTIME, REG_GUEST)
#define ARM64_V(R, n) R(V##n, ARM64_CORE(U128, fp_regs.vregs[n]), REG_FPSIMD, REG_GUEST)
#define ARM64_Z(R, n) R(Z##n, KVM_REG_ARM64_SVE_ZREG(n, 0), REG_FPSIMD, REG_GUEST)
#define ARM64_P(R, n) R(P##n, KVM_REG_ARM64_SVE_PREG(n, 0), REG_FPSIMD, REG_GUEST)
#define ARM64_DBGB(R, n)                                                                           \
	R(DBGBVR##n##_EL1, ARM64_SYS(2, 0, 0, n, 4), REG_DEBUG, REG_GUEST)                         \
	R(DBGBCR##n##_EL1, ARM64_SYS(2, 0, 0, n, 5), REG_DEBUG, REG_GUEST)
#define ARM64_DBGW(R, n)                                                                           \
	R(DBGWVR##n##_EL1, ARM64_SYS(2, 0, 0, n, 6), REG_DEBUG, REG_GUEST)                         \
	R(DBGWCR##n##_EL1, ARM64_SYS(2, 0, 0, n, 7), REG_DEBUG, REG_GUEST)
#define ARM64_PMEVCNTR(R, n)                                                                       \
	R(PMEVCNTR##n##_EL0, ARM64_SYS(3, 3, 14, 8 + (n) / 8, (n) % 8), REG_RESET, REG_GUEST)
#define ARM64_PMEVTYPER(R, n)                                                                      \
	R(PMEVTYPER##n##_EL0, ARM64_SYS(3, 3, 14, 12 + (n) / 8, (n) % 8), REG_RESET, REG_GUEST)

/* R(name, id, class, flags) is one register; B(name, n, type, class, flags) a block that
 * KVM_GET_name and KVM_SET_name transfer, n its number in images. */

/* What the vCPU is: all else may depend on it. */
#define ARM64_ROWS_FEATURE(R)                                                                      \
	R(SVE_VLS, KVM_REG_ARM64_SVE_VLS, REG_FEATURE, REG_EARLY)                                  \
	R(PSCI_VERSION, KVM_REG_ARM_PSCI_VERSION, REG_FEATURE, REG_BEFORE_RUN)                     \
	R(SMCCC_ARCH_WORKAROUND_1, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1, REG_FEATURE,               \
	  REG_BEFORE_RUN)                                                                          \
	R(SMCCC_ARCH_WORKAROUND_2, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2, REG_FEATURE,               \
	  REG_BEFORE_RUN)                                                                          \
	R(SMCCC_ARCH_WORKAROUND_3, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3, REG_FEATURE,               \
	  REG_BEFORE_RUN)                                                                          \
	R(STD_BMAP, KVM_REG_ARM_STD_BMAP, REG_FEATURE, REG_BEFORE_RUN)                             \
	R(STD_HYP_BMAP, KVM_REG_ARM_STD_HYP_BMAP, REG_FEATURE, REG_BEFORE_RUN)                     \
	R(VENDOR_HYP_BMAP, KVM_REG_ARM_VENDOR_HYP_BMAP, REG_FEATURE, REG_BEFORE_RUN)               \
	R(MIDR_EL1, ARM64_SYS(3, 0, 0, 0, 0), REG_FEATURE, REG_READ_ONLY)                          \
	R(MPIDR_EL1, ARM64_SYS(3, 0, 0, 0, 5), REG_FEATURE, REG_BEFORE_RUN)                        \
	R(REVIDR_EL1, ARM64_SYS(3, 0, 0, 0, 6), REG_FEATURE, REG_READ_ONLY)                        \
	R(CLIDR_EL1, ARM64_SYS(3, 1, 0, 0, 1), REG_FEATURE, REG_BEFORE_RUN)                        \
	R(AIDR_EL1, ARM64_SYS(3, 1, 0, 0, 7), REG_FEATURE, REG_READ_ONLY)                          \
	R(CTR_EL0, ARM64_SYS(3, 3, 0, 0, 1), REG_FEATURE, REG_BEFORE_RUN)                          \
	R(CCSIDR_EL1_0, ARM64_CCSIDR(0), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_1, ARM64_CCSIDR(1), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_2, ARM64_CCSIDR(2), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_3, ARM64_CCSIDR(3), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_4, ARM64_CCSIDR(4), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_5, ARM64_CCSIDR(5), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_6, ARM64_CCSIDR(6), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_7, ARM64_CCSIDR(7), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_8, ARM64_CCSIDR(8), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_9, ARM64_CCSIDR(9), REG_FEATURE, REG_BEFORE_RUN)                              \
	R(CCSIDR_EL1_10, ARM64_CCSIDR(10), REG_FEATURE, REG_BEFORE_RUN)                            \
	R(CCSIDR_EL1_11, ARM64_CCSIDR(11), REG_FEATURE, REG_BEFORE_RUN)                            \
	R(CCSIDR_EL1_12, ARM64_CCSIDR(12), REG_FEATURE, REG_BEFORE_RUN)                            \
	R(CCSIDR_EL1_13, ARM64_CCSIDR(13), REG_FEATURE, REG_BEFORE_RUN)                            \
	R(ID_PFR0_EL1, ARM64_SYS(3, 0, 0, 1, 0), REG_FEATURE, REG_BEFORE_RUN)                      \
	R(ID_PFR1_EL1, ARM64_SYS(3, 0, 0, 1, 1), REG_FEATURE, REG_BEFORE_RUN)                      \
	R(ID_DFR0_EL1, ARM64_SYS(3, 0, 0, 1, 2), REG_FEATURE, REG_BEFORE_RUN)                      \
	R(ID_AFR0_EL1, ARM64_SYS(3, 0, 0, 1, 3), REG_FEATURE, REG_READ_ONLY)                       \
	R(ID_MMFR0_EL1, ARM64_SYS(3, 0, 0, 1, 4), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_MMFR1_EL1, ARM64_SYS(3, 0, 0, 1, 5), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_MMFR2_EL1, ARM64_SYS(3, 0, 0, 1, 6), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_MMFR3_EL1, ARM64_SYS(3, 0, 0, 1, 7), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR0_EL1, ARM64_SYS(3, 0, 0, 2, 0), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR1_EL1, ARM64_SYS(3, 0, 0, 2, 1), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR2_EL1, ARM64_SYS(3, 0, 0, 2, 2), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR3_EL1, ARM64_SYS(3, 0, 0, 2, 3), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR4_EL1, ARM64_SYS(3, 0, 0, 2, 4), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR5_EL1, ARM64_SYS(3, 0, 0, 2, 5), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_MMFR4_EL1, ARM64_SYS(3, 0, 0, 2, 6), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(ID_ISAR6_EL1, ARM64_SYS(3, 0, 0, 2, 7), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(MVFR0_EL1, ARM64_SYS(3, 0, 0, 3, 0), REG_FEATURE, REG_BEFORE_RUN)                        \
	R(MVFR1_EL1, ARM64_SYS(3, 0, 0, 3, 1), REG_FEATURE, REG_BEFORE_RUN)                        \
	R(MVFR2_EL1, ARM64_SYS(3, 0, 0, 3, 2), REG_FEATURE, REG_BEFORE_RUN)                        \
	R(S3_0_C0_C3_3, ARM64_SYS(3, 0, 0, 3, 3), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_PFR2_EL1, ARM64_SYS(3, 0, 0, 3, 4), REG_FEATURE, REG_BEFORE_RUN)                      \
	R(ID_DFR1_EL1, ARM64_SYS(3, 0, 0, 3, 5), REG_FEATURE, REG_READ_ONLY)                       \
	R(ID_MMFR5_EL1, ARM64_SYS(3, 0, 0, 3, 6), REG_FEATURE, REG_BEFORE_RUN)                     \
	R(S3_0_C0_C3_7, ARM64_SYS(3, 0, 0, 3, 7), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64PFR0_EL1, ARM64_SYS(3, 0, 0, 4, 0), REG_FEATURE, REG_BEFORE_RUN)                  \
	R(ID_AA64PFR1_EL1, ARM64_SYS(3, 0, 0, 4, 1), REG_FEATURE, REG_BEFORE_RUN)                  \
	R(ID_AA64PFR2_EL1, ARM64_SYS(3, 0, 0, 4, 2), REG_FEATURE, REG_READ_ONLY)                   \
	R(S3_0_C0_C4_3, ARM64_SYS(3, 0, 0, 4, 3), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64ZFR0_EL1, ARM64_SYS(3, 0, 0, 4, 4), REG_FEATURE, REG_BEFORE_RUN)                  \
	R(ID_AA64SMFR0_EL1, ARM64_SYS(3, 0, 0, 4, 5), REG_FEATURE, REG_READ_ONLY)                  \
	R(S3_0_C0_C4_6, ARM64_SYS(3, 0, 0, 4, 6), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64FPFR0_EL1, ARM64_SYS(3, 0, 0, 4, 7), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64DFR0_EL1, ARM64_SYS(3, 0, 0, 5, 0), REG_FEATURE, REG_BEFORE_RUN)                  \
	R(ID_AA64DFR1_EL1, ARM64_SYS(3, 0, 0, 5, 1), REG_FEATURE, REG_READ_ONLY)                   \
	R(ID_AA64DFR2_EL1, ARM64_SYS(3, 0, 0, 5, 2), REG_FEATURE, REG_READ_ONLY)                   \
	R(S3_0_C0_C5_3, ARM64_SYS(3, 0, 0, 5, 3), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64AFR0_EL1, ARM64_SYS(3, 0, 0, 5, 4), REG_FEATURE, REG_READ_ONLY)                   \
	R(ID_AA64AFR1_EL1, ARM64_SYS(3, 0, 0, 5, 5), REG_FEATURE, REG_READ_ONLY)                   \
	R(S3_0_C0_C5_6, ARM64_SYS(3, 0, 0, 5, 6), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C5_7, ARM64_SYS(3, 0, 0, 5, 7), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64ISAR0_EL1, ARM64_SYS(3, 0, 0, 6, 0), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64ISAR1_EL1, ARM64_SYS(3, 0, 0, 6, 1), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64ISAR2_EL1, ARM64_SYS(3, 0, 0, 6, 2), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64ISAR3_EL1, ARM64_SYS(3, 0, 0, 6, 3), REG_FEATURE, REG_READ_ONLY)                  \
	R(S3_0_C0_C6_4, ARM64_SYS(3, 0, 0, 6, 4), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C6_5, ARM64_SYS(3, 0, 0, 6, 5), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C6_6, ARM64_SYS(3, 0, 0, 6, 6), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C6_7, ARM64_SYS(3, 0, 0, 6, 7), REG_FEATURE, REG_READ_ONLY)                      \
	R(ID_AA64MMFR0_EL1, ARM64_SYS(3, 0, 0, 7, 0), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64MMFR1_EL1, ARM64_SYS(3, 0, 0, 7, 1), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64MMFR2_EL1, ARM64_SYS(3, 0, 0, 7, 2), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64MMFR3_EL1, ARM64_SYS(3, 0, 0, 7, 3), REG_FEATURE, REG_BEFORE_RUN)                 \
	R(ID_AA64MMFR4_EL1, ARM64_SYS(3, 0, 0, 7, 4), REG_FEATURE, REG_READ_ONLY)                  \
	R(S3_0_C0_C7_5, ARM64_SYS(3, 0, 0, 7, 5), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C7_6, ARM64_SYS(3, 0, 0, 7, 6), REG_FEATURE, REG_READ_ONLY)                      \
	R(S3_0_C0_C7_7, ARM64_SYS(3, 0, 0, 7, 7), REG_FEATURE, REG_READ_ONLY)

/* SPSR_EL1 is what AArch32 calls SPSR_svc. The other four belong to its modes, which guests do not
 * get. */
#define ARM64_ROWS_RUNTIME(R)                                                                      \
	ARM64_EACH_31(ARM64_X, R)                                                                  \
	R(SP_EL0, ARM64_CORE(U64, regs.sp), REG_RUNTIME, REG_GUEST)                                \
	R(PC, ARM64_CORE(U64, regs.pc), REG_RUNTIME, REG_GUEST)                                    \
	R(PSTATE, ARM64_CORE(U64, regs.pstate), REG_RUNTIME, REG_GUEST)                            \
	R(SP_EL1, ARM64_CORE(U64, sp_el1), REG_RUNTIME, REG_GUEST)                                 \
	R(ELR_EL1, ARM64_CORE(U64, elr_el1), REG_RUNTIME, REG_GUEST)                               \
	R(SPSR_EL1, ARM64_CORE(U64, spsr[KVM_SPSR_SVC]), REG_RUNTIME, REG_GUEST)                   \
	R(SPSR_abt, ARM64_CORE(U64, spsr[KVM_SPSR_ABT]), REG_RUNTIME, 0)                           \
	R(SPSR_und, ARM64_CORE(U64, spsr[KVM_SPSR_UND]), REG_RUNTIME, 0)                           \
	R(SPSR_irq, ARM64_CORE(U64, spsr[KVM_SPSR_IRQ]), REG_RUNTIME, 0)                           \
	R(SPSR_fiq, ARM64_CORE(U64, spsr[KVM_SPSR_FIQ]), REG_RUNTIME, 0)

#define ARM64_ROWS_FPSIMD(R)                                                                       \
	ARM64_EACH_32(ARM64_V, R)                                                                  \
	ARM64_EACH_32(ARM64_Z, R)                                                                  \
	ARM64_EACH_16(ARM64_P, R)                                                                  \
	R(FFR, KVM_REG_ARM64_SVE_FFR(0), REG_FPSIMD, REG_GUEST)                                    \
	R(FPSR, ARM64_CORE(U32, fp_regs.fpsr), REG_FPSIMD, REG_GUEST)                              \
	R(FPCR, ARM64_CORE(U32, fp_regs.fpcr), REG_FPSIMD, REG_GUEST)                              \
	R(FPMR, ARM64_SYS(3, 3, 4, 4, 2), REG_FPSIMD, REG_GUEST)

#define ARM64_ROWS_SYSTEM(R)                                                                       \
	R(SCTLR_EL1, ARM64_SYS(3, 0, 1, 0, 0), REG_RESET, REG_GUEST)                               \
	R(ACTLR_EL1, ARM64_SYS(3, 0, 1, 0, 1), REG_RESET, 0)                                       \
	R(CPACR_EL1, ARM64_SYS(3, 0, 1, 0, 2), REG_RESET, REG_GUEST)                               \
	R(RGSR_EL1, ARM64_SYS(3, 0, 1, 0, 5), REG_RESET, REG_GUEST)                                \
	R(GCR_EL1, ARM64_SYS(3, 0, 1, 0, 6), REG_RESET, REG_GUEST)                                 \
	R(ZCR_EL1, ARM64_SYS(3, 0, 1, 2, 0), REG_RESET, REG_GUEST)                                 \
	R(TTBR0_EL1, ARM64_SYS(3, 0, 2, 0, 0), REG_RESET, REG_GUEST)                               \
	R(TTBR1_EL1, ARM64_SYS(3, 0, 2, 0, 1), REG_RESET, REG_GUEST)                               \
	R(TCR_EL1, ARM64_SYS(3, 0, 2, 0, 2), REG_RESET, REG_GUEST)                                 \
	R(TCR2_EL1, ARM64_SYS(3, 0, 2, 0, 3), REG_RESET, REG_GUEST)                                \
	R(APIAKeyLo_EL1, ARM64_SYS(3, 0, 2, 1, 0), REG_RESET, REG_GUEST)                           \
	R(APIAKeyHi_EL1, ARM64_SYS(3, 0, 2, 1, 1), REG_RESET, REG_GUEST)                           \
	R(APIBKeyLo_EL1, ARM64_SYS(3, 0, 2, 1, 2), REG_RESET, REG_GUEST)                           \
	R(APIBKeyHi_EL1, ARM64_SYS(3, 0, 2, 1, 3), REG_RESET, REG_GUEST)                           \
	R(APDAKeyLo_EL1, ARM64_SYS(3, 0, 2, 2, 0), REG_RESET, REG_GUEST)                           \
	R(APDAKeyHi_EL1, ARM64_SYS(3, 0, 2, 2, 1), REG_RESET, REG_GUEST)                           \
	R(APDBKeyLo_EL1, ARM64_SYS(3, 0, 2, 2, 2), REG_RESET, REG_GUEST)                           \
	R(APDBKeyHi_EL1, ARM64_SYS(3, 0, 2, 2, 3), REG_RESET, REG_GUEST)                           \
	R(APGAKeyLo_EL1, ARM64_SYS(3, 0, 2, 3, 0), REG_RESET, REG_GUEST)                           \
	R(APGAKeyHi_EL1, ARM64_SYS(3, 0, 2, 3, 1), REG_RESET, REG_GUEST)                           \
	R(AFSR0_EL1, ARM64_SYS(3, 0, 5, 1, 0), REG_RESET, REG_GUEST)                               \
	R(AFSR1_EL1, ARM64_SYS(3, 0, 5, 1, 1), REG_RESET, REG_GUEST)                               \
	R(ESR_EL1, ARM64_SYS(3, 0, 5, 2, 0), REG_RESET, REG_GUEST)                                 \
	R(TFSR_EL1, ARM64_SYS(3, 0, 5, 6, 0), REG_RESET, REG_GUEST)                                \
	R(TFSRE0_EL1, ARM64_SYS(3, 0, 5, 6, 1), REG_RESET, REG_GUEST)                              \
	R(FAR_EL1, ARM64_SYS(3, 0, 6, 0, 0), REG_RESET, REG_GUEST)                                 \
	R(PAR_EL1, ARM64_SYS(3, 0, 7, 4, 0), REG_RESET, REG_GUEST)                                 \
	R(MAIR_EL1, ARM64_SYS(3, 0, 10, 2, 0), REG_RESET, REG_GUEST)                               \
	R(PIRE0_EL1, ARM64_SYS(3, 0, 10, 2, 2), REG_RESET, REG_GUEST)                              \
	R(PIR_EL1, ARM64_SYS(3, 0, 10, 2, 3), REG_RESET, REG_GUEST)                                \
	R(POR_EL1, ARM64_SYS(3, 0, 10, 2, 4), REG_RESET, REG_GUEST)                                \
	R(AMAIR_EL1, ARM64_SYS(3, 0, 10, 3, 0), REG_RESET, REG_GUEST)                              \
	R(VBAR_EL1, ARM64_SYS(3, 0, 12, 0, 0), REG_RESET, REG_GUEST)                               \
	R(DISR_EL1, ARM64_SYS(3, 0, 12, 1, 1), REG_RESET, REG_GUEST)                               \
	R(CONTEXTIDR_EL1, ARM64_SYS(3, 0, 13, 0, 1), REG_RESET, REG_GUEST)                         \
	R(TPIDR_EL1, ARM64_SYS(3, 0, 13, 0, 4), REG_RESET, REG_GUEST)                              \
	R(CNTKCTL_EL1, ARM64_SYS(3, 0, 14, 1, 0), REG_RESET, REG_GUEST)                            \
	R(CSSELR_EL1, ARM64_SYS(3, 2, 0, 0, 0), REG_RESET, REG_GUEST)                              \
	R(POR_EL0, ARM64_SYS(3, 3, 10, 2, 4), REG_RESET, REG_GUEST)                                \
	R(TPIDR_EL0, ARM64_SYS(3, 3, 13, 0, 2), REG_RESET, REG_GUEST)                              \
	R(TPIDRRO_EL0, ARM64_SYS(3, 3, 13, 0, 3), REG_RESET, REG_GUEST)                            \
	R(DACR32_EL2, ARM64_SYS(3, 4, 3, 0, 0), REG_RESET, 0)                                      \
	R(IFSR32_EL2, ARM64_SYS(3, 4, 5, 0, 1), REG_RESET, 0)                                      \
	R(FPEXC32_EL2, ARM64_SYS(3, 4, 5, 3, 0), REG_RESET, 0)

/* PMCR_EL0 first: it says how many counters there are. */
#define ARM64_ROWS_PMU(R)                                                                          \
	R(PMCR_EL0, ARM64_SYS(3, 3, 9, 12, 0), REG_RESET, REG_GUEST)                               \
	R(PMINTENCLR_EL1, ARM64_SYS(3, 0, 9, 14, 2), REG_RESET, REG_GUEST | REG_COMPLEMENT)        \
	R(PMINTENSET_EL1, ARM64_SYS(3, 0, 9, 14, 1), REG_RESET, REG_GUEST)                         \
	R(PMCNTENCLR_EL0, ARM64_SYS(3, 3, 9, 12, 2), REG_RESET, REG_GUEST | REG_COMPLEMENT)        \
	R(PMCNTENSET_EL0, ARM64_SYS(3, 3, 9, 12, 1), REG_RESET, REG_GUEST)                         \
	R(PMOVSCLR_EL0, ARM64_SYS(3, 3, 9, 12, 3), REG_RESET, REG_GUEST | REG_COMPLEMENT)          \
	R(PMOVSSET_EL0, ARM64_SYS(3, 3, 9, 14, 3), REG_RESET, REG_GUEST)                           \
	R(PMSWINC_EL0, ARM64_SYS(3, 3, 9, 12, 4), REG_RESET, REG_READ_ONLY)                        \
	R(PMSELR_EL0, ARM64_SYS(3, 3, 9, 12, 5), REG_RESET, REG_GUEST)                             \
	R(PMUSERENR_EL0, ARM64_SYS(3, 3, 9, 14, 0), REG_RESET, REG_GUEST)                          \
	R(PMCCNTR_EL0, ARM64_SYS(3, 3, 9, 13, 0), REG_RESET, REG_GUEST)                            \
	ARM64_EACH_31(ARM64_PMEVCNTR, R)                                                           \
	ARM64_EACH_31(ARM64_PMEVTYPER, R)                                                          \
	R(PMCCFILTR_EL0, ARM64_SYS(3, 3, 14, 15, 7), REG_RESET, REG_GUEST)

/* OSLSR_EL1: a SET of bit 1 is what the guest does by OSLAR_EL1. */
#define ARM64_ROWS_DEBUG(R)                                                                        \
	ARM64_EACH_16(ARM64_DBGB, R)                                                               \
	ARM64_EACH_16(ARM64_DBGW, R)                                                               \
	R(MDCCINT_EL1, ARM64_SYS(2, 0, 0, 2, 0), REG_DEBUG, REG_GUEST)                             \
	R(MDSCR_EL1, ARM64_SYS(2, 0, 0, 2, 2), REG_DEBUG, REG_GUEST)                               \
	R(OSLSR_EL1, ARM64_SYS(2, 0, 1, 1, 4), REG_DEBUG, REG_GUEST)                               \
	R(DBGVCR32_EL2, ARM64_SYS(2, 4, 0, 7, 0), REG_DEBUG, 0)

#define ARM64_CTL (REG_GUEST | REG_ENABLE | REG_STATUS_BITS(1 << 2))
#define ARM64_COUNT (REG_CLOCK | REG_VOLATILE | REG_SHARED)
#define ARM64_ROWS_TIMER(R)                                                                        \
	R(CNTV_CTL_EL0, KVM_REG_ARM_TIMER_CTL, REG_TIMER, ARM64_CTL)                               \
	R(CNTVCT_EL0, KVM_REG_ARM_TIMER_CNT, REG_TIMER, ARM64_COUNT)                               \
	R(CNTV_CVAL_EL0, KVM_REG_ARM_TIMER_CVAL, REG_TIMER, REG_GUEST)                             \
	R(CNTP_CTL_EL0, KVM_REG_ARM_PTIMER_CTL, REG_TIMER, ARM64_CTL)                              \
	R(CNTPCT_EL0, KVM_REG_ARM_PTIMER_CNT, REG_TIMER, ARM64_COUNT)                              \
	R(CNTP_CVAL_EL0, KVM_REG_ARM_PTIMER_CVAL, REG_TIMER, REG_GUEST)

#define ARM64_EVENT (REG_GUEST | REG_VOLATILE | REG_LATE)
#define ARM64_ROWS_EVENT(B)                                                                        \
	B(VCPU_EVENTS, 1, struct kvm_vcpu_events, REG_EVENT, ARM64_EVENT)                          \
	B(MP_STATE, 2, struct kvm_mp_state, REG_EVENT, ARM64_EVENT)

#define ARM64_ROWS(R, B)                                                                           \
	ARM64_ROWS_FEATURE(R)                                                                      \
	ARM64_ROWS_RUNTIME(R)                                                                      \
	ARM64_ROWS_FPSIMD(R)                                                                       \
	ARM64_ROWS_SYSTEM(R)                                                                       \
	ARM64_ROWS_PMU(R)                                                                          \
	ARM64_ROWS_DEBUG(R)                                                                        \
	ARM64_ROWS_TIMER(R)                                                                        \
	ARM64_ROWS_EVENT(B)

/* F(name, block, member) */
#define ARM64_FIELDS(F)                                                                            \
	F(SERROR_PENDING, VCPU_EVENTS, exception.serror_pending)                                   \
	F(SERROR_HAS_ESR, VCPU_EVENTS, exception.serror_has_esr)                                   \
	F(SERROR_ESR, VCPU_EVENTS, exception.serror_esr)                                           \
	F(EXT_DABT_PENDING, VCPU_EVENTS, exception.ext_dabt_pending)                               \
	F(MP_STATE_VALUE, MP_STATE, mp_state)

enum arm64_reg {
#define R(name, id, class, flags) ARM64_##name,
#define B(name, n, type, class, flags) ARM64_##name,
#define F(name, block, member) ARM64_##name,
	ARM64_ROWS(R, B) ARM64_FIELDS(F)
#undef R
#undef B
#undef F
};

#endif
