/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a vCPU of the BookE family (e500v2, e500mc, e5500, e6500), as in regs.h.
 * Names are those of the Power ISA 2.06, Book III-E, and of the cores' manuals.
 *
 * The timers. KVM sets bits of TSR while the vCPU stands, when the decrementer or the watchdog
 * expires; a TSR that is written back loses them. So TSR is never written: its bits are set and
 * cleared one by one, by OR_TSR and CLEAR_TSR, which KVM makes atomic. The watchdog's expiries
 * set TSR[ENW], then TSR[WIS]; the third, if TCR[WRC] is not 0, ends KVM_RUN with
 * KVM_EXIT_WATCHDOG where KVM_CAP_PPC_BOOKE_WATCHDOG was enabled for the vCPU. KVM's watchdog
 * then stands until TCR (also as a part of SREGS) is written or one of the two bits cleared.
 *
 * SREGS carries some registers a second time: TSR and DEC, of which KVM takes what is marked in
 * UPDATE_SPECIAL, 0 in all that it gives; and TCR, VRSAVE and MAS0 to MAS7, which it always
 * takes. Two rules keep an old copy of those from coming back: the block is REG_VOLATILE, so
 * that a copy is fetched for the very write and is never older than the last flush; and their
 * own rows stand after it, so that what waits to be written is written last. They have no fields.
 *
 * DEC and TB are there to be read. Who keeps the time writes DEC together with
 * KVM_SREGS_E_UPDATE_DEC in UPDATE_SPECIAL; no other access to the decrementer exists. KVM gives
 * no access at all to the floating-point registers of this family.
 * No monitor is built for it: the hosts are big-endian, the accessors little-endian.
 * Source: Linux arch/powerpc/kvm/booke.c, e500.c, e500mc.c, e500_mmu.c; Documentation/virt/kvm/
 * api.rst. */
#ifndef MOTE_PPC64_REGS_BOOKE_H
#define MOTE_PPC64_REGS_BOOKE_H

#include "arch/ppc64/regs.h"

extern const struct reg_table booke_regs;

#define BOOKE_ROWS(R, B)                                                                           \
	B(REGS, 1, struct kvm_regs, REG_RUNTIME, REG_GUEST)                                        \
	B(SREGS, 2, struct kvm_sregs, REG_RESET, REG_GUEST | REG_VOLATILE)                         \
	PPC64_EACH_32(PPC64_VR, R)                                                                 \
	R(VSCR, KVM_REG_PPC_VSCR, REG_FPSIMD, REG_GUEST)                                           \
	R(VRSAVE, KVM_REG_PPC_VRSAVE, REG_FPSIMD, REG_GUEST)                                       \
	R(EPCR, KVM_REG_PPC_EPCR, REG_RESET, REG_GUEST)                                            \
	R(SPRG9, KVM_REG_PPC_SPRG9, REG_RESET, REG_GUEST)                                          \
	R(MAS0, KVM_REG_PPC_MAS0, REG_RESET, REG_GUEST)                                            \
	R(MAS1, KVM_REG_PPC_MAS1, REG_RESET, REG_GUEST)                                            \
	R(MAS2, KVM_REG_PPC_MAS2, REG_RESET, REG_GUEST)                                            \
	R(MAS7_3, KVM_REG_PPC_MAS7_3, REG_RESET, REG_GUEST)                                        \
	R(MAS4, KVM_REG_PPC_MAS4, REG_RESET, REG_GUEST)                                            \
	R(MAS6, KVM_REG_PPC_MAS6, REG_RESET, REG_GUEST)                                            \
	R(MMUCFG, KVM_REG_PPC_MMUCFG, REG_FEATURE, REG_READ_ONLY)                                  \
	R(TLB0CFG, KVM_REG_PPC_TLB0CFG, REG_FEATURE, REG_READ_ONLY)                                \
	R(TLB1CFG, KVM_REG_PPC_TLB1CFG, REG_FEATURE, REG_READ_ONLY)                                \
	R(TLB2CFG, KVM_REG_PPC_TLB2CFG, REG_FEATURE, REG_READ_ONLY)                                \
	R(TLB3CFG, KVM_REG_PPC_TLB3CFG, REG_FEATURE, REG_READ_ONLY)                                \
	R(TLB0PS, KVM_REG_PPC_TLB0PS, REG_FEATURE, REG_READ_ONLY)                                  \
	R(TLB1PS, KVM_REG_PPC_TLB1PS, REG_FEATURE, REG_READ_ONLY)                                  \
	R(TLB2PS, KVM_REG_PPC_TLB2PS, REG_FEATURE, REG_READ_ONLY)                                  \
	R(TLB3PS, KVM_REG_PPC_TLB3PS, REG_FEATURE, REG_READ_ONLY)                                  \
	R(EPTCFG, KVM_REG_PPC_EPTCFG, REG_FEATURE, REG_READ_ONLY)                                  \
	R(IAC1, KVM_REG_PPC_IAC1, REG_DEBUG, REG_GUEST)                                            \
	R(IAC2, KVM_REG_PPC_IAC2, REG_DEBUG, REG_GUEST)                                            \
	R(IAC3, KVM_REG_PPC_IAC3, REG_DEBUG, REG_GUEST)                                            \
	R(IAC4, KVM_REG_PPC_IAC4, REG_DEBUG, REG_GUEST)                                            \
	R(DAC1, KVM_REG_PPC_DAC1, REG_DEBUG, REG_GUEST)                                            \
	R(DAC2, KVM_REG_PPC_DAC2, REG_DEBUG, REG_GUEST)                                            \
	R(DBSR, KVM_REG_PPC_DBSR, REG_DEBUG, REG_GUEST | REG_VOLATILE)                             \
	R(DEBUG_INST, KVM_REG_PPC_DEBUG_INST, REG_DEBUG, REG_READ_ONLY)                            \
	R(TSR, KVM_REG_PPC_TSR, REG_TIMER, REG_READ_ONLY | REG_VOLATILE)                           \
	R(OR_TSR, KVM_REG_PPC_OR_TSR, REG_TIMER, REG_GUEST | REG_OR_BITS)                          \
	R(CLEAR_TSR, KVM_REG_PPC_CLEAR_TSR, REG_TIMER, REG_GUEST | REG_CLEAR_BITS)                 \
	R(TCR, KVM_REG_PPC_TCR, REG_TIMER, REG_GUEST)                                              \
	R(EPR, KVM_REG_PPC_EPR, REG_EVENT, 0)

#define BOOKE_E(F, name, member) F(name, SREGS, PPC64_IN(struct kvm_sregs, u.e.member))
#define BOOKE_IVOR(F, n) BOOKE_E(F, IVOR##n, ivor_low[n])
#define BOOKE_FIELDS(F)                                                                            \
	PPC64_REGS_FIELDS(F)                                                                       \
	F(PID, REGS, PPC64_IN(struct kvm_regs, pid))                                               \
	F(PVR, SREGS, PPC64_IN(struct kvm_sregs, pvr))                                             \
	BOOKE_E(F, SVR, impl.fsl.svr)                                                              \
	BOOKE_E(F, MCAR, impl.fsl.mcar)                                                            \
	BOOKE_E(F, HID0, impl.fsl.hid0)                                                            \
	BOOKE_E(F, PID1, impl.fsl.pid1)                                                            \
	BOOKE_E(F, PID2, impl.fsl.pid2)                                                            \
	BOOKE_E(F, UPDATE_SPECIAL, update_special)                                                 \
	BOOKE_E(F, PIR, pir)                                                                       \
	BOOKE_E(F, SPRG8, sprg8)                                                                   \
	BOOKE_E(F, CSRR0, csrr0)                                                                   \
	BOOKE_E(F, CSRR1, csrr1)                                                                   \
	BOOKE_E(F, DSRR0, dsrr0)                                                                   \
	BOOKE_E(F, DSRR1, dsrr1)                                                                   \
	BOOKE_E(F, MCSRR0, mcsrr0)                                                                 \
	BOOKE_E(F, MCSRR1, mcsrr1)                                                                 \
	BOOKE_E(F, ESR, esr)                                                                       \
	BOOKE_E(F, DEAR, dear)                                                                     \
	BOOKE_E(F, IVPR, ivpr)                                                                     \
	BOOKE_E(F, MCIVPR, mcivpr)                                                                 \
	BOOKE_E(F, MCSR, mcsr)                                                                     \
	BOOKE_E(F, DECAR, decar)                                                                   \
	BOOKE_E(F, DEC, dec)                                                                       \
	BOOKE_E(F, TB, tb)                                                                         \
	BOOKE_E(F, DBCR0, dbcr[0])                                                                 \
	BOOKE_E(F, DBCR1, dbcr[1])                                                                 \
	BOOKE_E(F, DBCR2, dbcr[2])                                                                 \
	BOOKE_E(F, DVC1, dvc[0])                                                                   \
	BOOKE_E(F, DVC2, dvc[1])                                                                   \
	PPC64_EACH_8(BOOKE_IVOR, F, 0, 1, 2, 3, 4, 5, 6, 7)                                        \
	PPC64_EACH_8(BOOKE_IVOR, F, 8, 9, 10, 11, 12, 13, 14, 15)                                  \
	BOOKE_E(F, IVOR32, ivor_high[0])                                                           \
	BOOKE_E(F, IVOR33, ivor_high[1])                                                           \
	BOOKE_E(F, IVOR34, ivor_high[2])                                                           \
	BOOKE_E(F, IVOR35, ivor_high[3])                                                           \
	BOOKE_E(F, IVOR36, ivor_high[4])                                                           \
	BOOKE_E(F, IVOR37, ivor_high[5])                                                           \
	BOOKE_E(F, EPLC, eplc)                                                                     \
	BOOKE_E(F, EPSC, epsc)

enum booke_reg {
#define R(name, id, class, flags) BOOKE_##name,
#define B(name, n, type, class, flags) BOOKE_##name,
#define F(name, row, place) BOOKE_##name,
	BOOKE_ROWS(R, B) BOOKE_FIELDS(F)
#undef R
#undef B
#undef F
};

#endif
