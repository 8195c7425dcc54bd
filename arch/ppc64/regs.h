/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a vCPU of the server family (Book III-S, KVM-HV): one line a row, in restore
 * order. Names are the Power ISA's; ids are KVM's (asm/kvm.h). BookE is another family and
 * another table: regs_booke.h.
 *
 * KVM lists no registers on this architecture (KVM_GET_REG_LIST answers EINVAL): what a host
 * does not have, it refuses when it is asked. There is no MP state either, and an interrupt
 * that KVM_INTERRUPT has raised cannot be read back.
 *
 * What the order, and what is left out, follow from:
 *   REGS        KVM_SET_REGS leaves the PID alone: PIDR is a row. It also ends an H_CEDE.
 *   SREGS       a PVR other than the host's is refused (EINVAL), and the SLB with it
 *   TM_VSCR     KVM writes it to VSCR instead: read-only
 *   VSR         transferred whole. An FPR is doubleword 0 of its VSR: a field; KVM's ids of the
 *               FPRs have no rows, or one register would have two copies.
 *   LPCR        KVM takes DPFD, ILE, TC, AIL and LD of a write and drops the rest in silence.
 *               The 32-bit id, without TC and LD, has no row.
 *   VPA_ADDR    0 is refused while VPA_SLB or VPA_DTL is set, and these while it is 0
 *   TB_OFFSET   rounded up to 2^24 ticks; makes a guest time base out of the host's, so that a
 *               value from another host means nothing. Setting it while DEC_EXPIRY is 0 sets
 *               that as well: DEC_EXPIRY, a guest time base value, after it.
 *   HIOR        of PR only; HV takes only 0: no row
 * Source: Linux arch/powerpc/kvm/book3s.c, book3s_hv.c; Documentation/virt/kvm/api.rst. */
#ifndef MOTE_PPC64_REGS_H
#define MOTE_PPC64_REGS_H

#include "vmm/regs.h"

/* Since Linux 6.11. */
#define PPC64_ID_DEXCR (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc6)
#define PPC64_ID_HASHKEYR (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc7)
#define PPC64_ID_HASHPKEYR (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc8)

/* M(X, 0) M(X, 1) … */
#define PPC64_EACH_8(M, X, a, b, c, d, e, f, g, h)                                                 \
	M(X, a) M(X, b) M(X, c) M(X, d) M(X, e) M(X, f) M(X, g) M(X, h)
#define PPC64_EACH_32(M, X)                                                                        \
	PPC64_EACH_8(M, X, 0, 1, 2, 3, 4, 5, 6, 7)                                                 \
	PPC64_EACH_8(M, X, 8, 9, 10, 11, 12, 13, 14, 15)                                           \
	PPC64_EACH_8(M, X, 16, 17, 18, 19, 20, 21, 22, 23)                                         \
	PPC64_EACH_8(M, X, 24, 25, 26, 27, 28, 29, 30, 31)
#define PPC64_EACH_64(M, X)                                                                        \
	PPC64_EACH_32(M, X)                                                                        \
	PPC64_EACH_8(M, X, 32, 33, 34, 35, 36, 37, 38, 39)                                         \
	PPC64_EACH_8(M, X, 40, 41, 42, 43, 44, 45, 46, 47)                                         \
	PPC64_EACH_8(M, X, 48, 49, 50, 51, 52, 53, 54, 55)                                         \
	PPC64_EACH_8(M, X, 56, 57, 58, 59, 60, 61, 62, 63)

#define PPC64_VSR(R, n) R(VSR##n, KVM_REG_PPC_VSR(n), REG_FPSIMD, REG_GUEST)
#define PPC64_VR(R, n) R(VR##n, KVM_REG_PPC_VR(n), REG_FPSIMD, REG_GUEST)
#define PPC64_TM_GPR(R, n) R(TM_GPR##n, KVM_REG_PPC_TM_GPR(n), REG_RESET, REG_GUEST)
#define PPC64_TM_VSR(R, n) R(TM_VSR##n, KVM_REG_PPC_TM_VSR(n), REG_FPSIMD, REG_GUEST)

/* R(name, id, class, flags) is one register; B(name, n, type, class, flags) a block that
 * KVM_GET_name and KVM_SET_name transfer, n its number in images. */
#define PPC64_ROWS(R, B)                                                                           \
	R(ARCH_COMPAT, KVM_REG_PPC_ARCH_COMPAT, REG_FEATURE, REG_SHARED)                           \
	B(REGS, 1, struct kvm_regs, REG_RUNTIME, REG_GUEST)                                        \
	B(SREGS, 2, struct kvm_sregs, REG_RESET, REG_GUEST)                                        \
	PPC64_EACH_32(PPC64_TM_GPR, R)                                                             \
	PPC64_EACH_64(PPC64_TM_VSR, R)                                                             \
	R(TM_CR, KVM_REG_PPC_TM_CR, REG_RESET, REG_GUEST)                                          \
	R(TM_LR, KVM_REG_PPC_TM_LR, REG_RESET, REG_GUEST)                                          \
	R(TM_CTR, KVM_REG_PPC_TM_CTR, REG_RESET, REG_GUEST)                                        \
	R(TM_XER, KVM_REG_PPC_TM_XER, REG_RESET, REG_GUEST)                                        \
	R(TM_AMR, KVM_REG_PPC_TM_AMR, REG_RESET, REG_GUEST)                                        \
	R(TM_PPR, KVM_REG_PPC_TM_PPR, REG_RESET, REG_GUEST)                                        \
	R(TM_DSCR, KVM_REG_PPC_TM_DSCR, REG_RESET, REG_GUEST)                                      \
	R(TM_TAR, KVM_REG_PPC_TM_TAR, REG_RESET, REG_GUEST)                                        \
	R(TM_FPSCR, KVM_REG_PPC_TM_FPSCR, REG_FPSIMD, REG_GUEST)                                   \
	R(TM_VRSAVE, KVM_REG_PPC_TM_VRSAVE, REG_FPSIMD, REG_GUEST)                                 \
	R(TM_VSCR, KVM_REG_PPC_TM_VSCR, REG_FPSIMD, REG_READ_ONLY)                                 \
	R(TFHAR, KVM_REG_PPC_TFHAR, REG_RESET, REG_GUEST)                                          \
	R(TFIAR, KVM_REG_PPC_TFIAR, REG_RESET, REG_GUEST)                                          \
	R(TEXASR, KVM_REG_PPC_TEXASR, REG_RESET, REG_GUEST)                                        \
	PPC64_EACH_32(PPC64_VSR, R)                                                                \
	PPC64_EACH_32(PPC64_VR, R)                                                                 \
	R(FPSCR, KVM_REG_PPC_FPSCR, REG_FPSIMD, REG_GUEST)                                         \
	R(VSCR, KVM_REG_PPC_VSCR, REG_FPSIMD, REG_GUEST)                                           \
	R(VRSAVE, KVM_REG_PPC_VRSAVE, REG_FPSIMD, REG_GUEST)                                       \
	R(LPCR, KVM_REG_PPC_LPCR_64, REG_RESET, REG_GUEST | REG_SHARED)                            \
	R(PIDR, KVM_REG_PPC_PID, REG_RESET, REG_GUEST)                                             \
	R(DAR, KVM_REG_PPC_DAR, REG_RESET, REG_GUEST)                                              \
	R(DSISR, KVM_REG_PPC_DSISR, REG_RESET, REG_GUEST)                                          \
	R(DSCR, KVM_REG_PPC_DSCR, REG_RESET, REG_GUEST)                                            \
	R(AMR, KVM_REG_PPC_AMR, REG_RESET, REG_GUEST)                                              \
	R(UAMOR, KVM_REG_PPC_UAMOR, REG_RESET, REG_GUEST)                                          \
	R(IAMR, KVM_REG_PPC_IAMR, REG_RESET, REG_GUEST)                                            \
	R(TAR, KVM_REG_PPC_TAR, REG_RESET, REG_GUEST)                                              \
	R(FSCR, KVM_REG_PPC_FSCR, REG_RESET, REG_GUEST)                                            \
	R(PSPB, KVM_REG_PPC_PSPB, REG_RESET, REG_GUEST)                                            \
	R(PPR, KVM_REG_PPC_PPR, REG_RESET, REG_GUEST)                                              \
	R(EBBHR, KVM_REG_PPC_EBBHR, REG_RESET, REG_GUEST)                                          \
	R(EBBRR, KVM_REG_PPC_EBBRR, REG_RESET, REG_GUEST)                                          \
	R(BESCR, KVM_REG_PPC_BESCR, REG_RESET, REG_GUEST)                                          \
	R(TIDR, KVM_REG_PPC_TIDR, REG_RESET, REG_GUEST)                                            \
	R(PSSCR, KVM_REG_PPC_PSSCR, REG_RESET, REG_GUEST)                                          \
	R(DEXCR, PPC64_ID_DEXCR, REG_RESET, REG_GUEST)                                             \
	R(HASHKEYR, PPC64_ID_HASHKEYR, REG_RESET, REG_GUEST)                                       \
	R(HASHPKEYR, PPC64_ID_HASHPKEYR, REG_RESET, REG_GUEST)                                     \
	R(CSIGR, KVM_REG_PPC_CSIGR, REG_RESET, REG_GUEST)                                          \
	R(TACR, KVM_REG_PPC_TACR, REG_RESET, REG_GUEST)                                            \
	R(TCSCR, KVM_REG_PPC_TCSCR, REG_RESET, REG_GUEST)                                          \
	R(ACOP, KVM_REG_PPC_ACOP, REG_RESET, REG_GUEST)                                            \
	R(WORT, KVM_REG_PPC_WORT, REG_RESET, REG_GUEST)                                            \
	R(MMCR0, KVM_REG_PPC_MMCR0, REG_RESET, REG_GUEST)                                          \
	R(MMCR1, KVM_REG_PPC_MMCR1, REG_RESET, REG_GUEST)                                          \
	R(MMCR2, KVM_REG_PPC_MMCR2, REG_RESET, REG_GUEST)                                          \
	R(MMCR3, KVM_REG_PPC_MMCR3, REG_RESET, REG_GUEST)                                          \
	R(MMCRA, KVM_REG_PPC_MMCRA, REG_RESET, REG_GUEST)                                          \
	R(MMCRS, KVM_REG_PPC_MMCRS, REG_RESET, REG_GUEST)                                          \
	R(SIAR, KVM_REG_PPC_SIAR, REG_RESET, REG_GUEST)                                            \
	R(SDAR, KVM_REG_PPC_SDAR, REG_RESET, REG_GUEST)                                            \
	R(SIER, KVM_REG_PPC_SIER, REG_RESET, REG_GUEST)                                            \
	R(SIER2, KVM_REG_PPC_SIER2, REG_RESET, REG_GUEST)                                          \
	R(SIER3, KVM_REG_PPC_SIER3, REG_RESET, REG_GUEST)                                          \
	R(PMC1, KVM_REG_PPC_PMC1, REG_RESET, REG_GUEST)                                            \
	R(PMC2, KVM_REG_PPC_PMC2, REG_RESET, REG_GUEST)                                            \
	R(PMC3, KVM_REG_PPC_PMC3, REG_RESET, REG_GUEST)                                            \
	R(PMC4, KVM_REG_PPC_PMC4, REG_RESET, REG_GUEST)                                            \
	R(PMC5, KVM_REG_PPC_PMC5, REG_RESET, REG_GUEST)                                            \
	R(PMC6, KVM_REG_PPC_PMC6, REG_RESET, REG_GUEST)                                            \
	R(PMC7, KVM_REG_PPC_PMC7, REG_RESET, REG_GUEST)                                            \
	R(PMC8, KVM_REG_PPC_PMC8, REG_RESET, REG_GUEST)                                            \
	R(SPMC1, KVM_REG_PPC_SPMC1, REG_RESET, REG_GUEST)                                          \
	R(SPMC2, KVM_REG_PPC_SPMC2, REG_RESET, REG_GUEST)                                          \
	R(ONLINE, KVM_REG_PPC_ONLINE, REG_RESET, 0)                                                \
	R(PTCR, KVM_REG_PPC_PTCR, REG_RESET, REG_GUEST | REG_SHARED)                               \
	R(VPA_ADDR, KVM_REG_PPC_VPA_ADDR, REG_RESET, REG_GUEST)                                    \
	R(VPA_SLB, KVM_REG_PPC_VPA_SLB, REG_RESET, REG_GUEST | REG_ENABLE)                         \
	R(VPA_DTL, KVM_REG_PPC_VPA_DTL, REG_RESET, REG_GUEST | REG_ENABLE)                         \
	R(DABR, KVM_REG_PPC_DABR, REG_DEBUG, REG_GUEST)                                            \
	R(DABRX, KVM_REG_PPC_DABRX, REG_DEBUG, REG_GUEST)                                          \
	R(DAWR, KVM_REG_PPC_DAWR, REG_DEBUG, REG_GUEST)                                            \
	R(DAWRX, KVM_REG_PPC_DAWRX, REG_DEBUG, REG_GUEST)                                          \
	R(DAWR1, KVM_REG_PPC_DAWR1, REG_DEBUG, REG_GUEST)                                          \
	R(DAWRX1, KVM_REG_PPC_DAWRX1, REG_DEBUG, REG_GUEST)                                        \
	R(CIABR, KVM_REG_PPC_CIABR, REG_DEBUG, REG_GUEST)                                          \
	R(DEBUG_INST, KVM_REG_PPC_DEBUG_INST, REG_DEBUG, REG_READ_ONLY)                            \
	R(TB_OFFSET, KVM_REG_PPC_TB_OFFSET, REG_TIMER, REG_SHARED | REG_CLOCK)                     \
	R(DEC_EXPIRY, KVM_REG_PPC_DEC_EXPIRY, REG_TIMER, REG_GUEST | REG_VOLATILE)                 \
	R(PURR, KVM_REG_PPC_PURR, REG_TIMER, REG_GUEST)                                            \
	R(SPURR, KVM_REG_PPC_SPURR, REG_TIMER, REG_GUEST)                                          \
	R(IC, KVM_REG_PPC_IC, REG_TIMER, REG_GUEST)                                                \
	R(VTB, KVM_REG_PPC_VTB, REG_TIMER, REG_GUEST | REG_SHARED | REG_VOLATILE)                  \
	R(DPDES, KVM_REG_PPC_DPDES, REG_EVENT, REG_GUEST | REG_SHARED | REG_VOLATILE)              \
	R(ICP_STATE, KVM_REG_PPC_ICP_STATE, REG_EVENT, REG_GUEST | REG_VOLATILE | REG_LATE)        \
	R(VP_STATE, KVM_REG_PPC_VP_STATE, REG_EVENT, REG_GUEST | REG_VOLATILE | REG_LATE)

/* A member of a block, or a half of a VSR, whose doubleword 0 is the upper one. */
#define PPC64_IN(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define PPC64_DWORD0 8, 8
#define PPC64_DWORD1 0, 8

#define PPC64_GPR(F, n) F(GPR##n, REGS, PPC64_IN(struct kvm_regs, gpr[n]))
#define PPC64_SLB(F, n)                                                                            \
	F(SLBE##n, SREGS, PPC64_IN(struct kvm_sregs, u.s.ppc64.slb[n].slbe))                       \
	F(SLBV##n, SREGS, PPC64_IN(struct kvm_sregs, u.s.ppc64.slb[n].slbv))
#define PPC64_FPR(F, n)                                                                            \
	F(FPR##n, VSR##n, PPC64_DWORD0)                                                            \
	F(VSR##n##_DWORD1, VSR##n, PPC64_DWORD1)

/* F(name, row, place). Of struct kvm_regs, what both families have. */
#define PPC64_REGS_FIELDS(F)                                                                       \
	F(PC, REGS, PPC64_IN(struct kvm_regs, pc))                                                 \
	F(MSR, REGS, PPC64_IN(struct kvm_regs, msr))                                               \
	F(CR, REGS, PPC64_IN(struct kvm_regs, cr))                                                 \
	F(LR, REGS, PPC64_IN(struct kvm_regs, lr))                                                 \
	F(CTR, REGS, PPC64_IN(struct kvm_regs, ctr))                                               \
	F(XER, REGS, PPC64_IN(struct kvm_regs, xer))                                               \
	F(SRR0, REGS, PPC64_IN(struct kvm_regs, srr0))                                             \
	F(SRR1, REGS, PPC64_IN(struct kvm_regs, srr1))                                             \
	F(SPRG0, REGS, PPC64_IN(struct kvm_regs, sprg0))                                           \
	F(SPRG1, REGS, PPC64_IN(struct kvm_regs, sprg1))                                           \
	F(SPRG2, REGS, PPC64_IN(struct kvm_regs, sprg2))                                           \
	F(SPRG3, REGS, PPC64_IN(struct kvm_regs, sprg3))                                           \
	F(SPRG4, REGS, PPC64_IN(struct kvm_regs, sprg4))                                           \
	F(SPRG5, REGS, PPC64_IN(struct kvm_regs, sprg5))                                           \
	F(SPRG6, REGS, PPC64_IN(struct kvm_regs, sprg6))                                           \
	F(SPRG7, REGS, PPC64_IN(struct kvm_regs, sprg7))                                           \
	PPC64_EACH_32(PPC64_GPR, F)
#define PPC64_FIELDS(F)                                                                            \
	PPC64_REGS_FIELDS(F)                                                                       \
	F(PVR, SREGS, PPC64_IN(struct kvm_sregs, pvr))                                             \
	PPC64_EACH_64(PPC64_SLB, F)                                                                \
	PPC64_EACH_32(PPC64_FPR, F)

enum ppc64_reg {
#define R(name, id, class, flags) PPC64_##name,
#define B(name, n, type, class, flags) PPC64_##name,
#define F(name, row, place) PPC64_##name,
	PPC64_ROWS(R, B) PPC64_FIELDS(F)
#undef R
#undef B
#undef F
};

#endif
