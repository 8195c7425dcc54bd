/* SPDX-License-Identifier: Apache-2.0 */
/* Exception entry and return. User mode comes in through a frame at the top of the kernel
 * stack (struct regs), which SPRG0 points to. An exception inside the runtime is a defect:
 * it ends in trap_kernel on a stack of its own; except an interrupt, which H_CEDE lets in:
 * it returns at once, with interrupts off. The FP and vector registers stay the
 * application's throughout. */
#include "cpu.h"

	.macro address register, symbol
	lis	\register, \symbol@highest
	ori	\register, \register, \symbol@higher
	sldi	\register, \register, 32
	oris	\register, \register, \symbol@high
	ori	\register, \register, \symbol@l
	.endm

/* Real mode: nothing comes there but a defect, or a machine check. */
	.macro real number
	.org	\number
	li	r1, \number
	b	trap_fatal
	.endm

/* From user mode to trap_user(), from the runtime to `defect`. Some vectors have room for
 * eight instructions only: the rest stands behind all of them. */
	.macro entry number, defect=trap_fatal
	.org	VECTORS_RELOCATED + \number
	mtsprg	1, r1
	b	entry_\@
	.subsection 1
entry_\@:
	mfcr	r1
	mtsprg	2, r1
	mfsrr1	r1
	andi.	r1, r1, MSR_PR
	li	r1, \number
	beq-	\defect
	mfsprg	r1, 0
	std	r12, REGS_GPR(12)(r1)
	li	r12, \number
	b	save
	.subsection 0
	.endm

	.section .text.vectors, "ax"
	.org	0x100
	.irp	number, 0x100, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, \
		0x900, 0xa00, 0xc00, 0xd00, 0xf00, 0xf20, 0xf40, 0xf60
	real	\number
	.endr
	entry	0x300			/* data storage */
	entry	0x380			/* data segment */
	entry	0x400			/* instruction storage */
	entry	0x480			/* instruction segment */
	entry	0x500, woken		/* external */
	entry	0x600			/* alignment */
	entry	0x700			/* program */
	entry	0x800			/* floating point unavailable */
	entry	0x900, woken		/* decrementer */
	entry	0xa00, woken		/* doorbell */
	entry	0xc00			/* system call */
	entry	0xd00			/* trace */
	entry	0xf00, woken		/* performance monitor */
	entry	0xf20			/* vector unavailable */
	entry	0xf40			/* VSX unavailable */
	entry	0xf60			/* facility unavailable */
	.org	VECTORS_RELOCATED + 0xf80
	.subsection 1

woken:
	mfsrr1	r1
	rldicl	r1, r1, 48, 1		/* MSR_EE to the top, and off */
	rotldi	r1, r1, 16
	mtsrr1	r1
	mfsprg	r1, 2
	mtcr	r1
	mfsprg	r1, 1
	rfid

/* r1: the frame, r12: the vector; SPRG1: the user's r1, SPRG2: CR. */
save:
	std	r0, REGS_GPR(0)(r1)
	.irp	n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30, 31
	std	\n, REGS_GPR(\n)(r1)
	.endr
	mfsprg	r5, 1
	std	r5, REGS_GPR(1)(r1)
	mfsprg	r5, 2
	std	r5, REGS_CR(r1)
	mfsrr0	r5
	mfsrr1	r6
	mflr	r7
	mfctr	r8
	mfxer	r9
	std	r5, REGS_PC(r1)
	std	r6, REGS_MSR(r1)
	std	r7, REGS_LR(r1)
	std	r8, REGS_CTR(r1)
	std	r9, REGS_XER(r1)
	std	r3, REGS_FIRST_ARGUMENT(r1)
	std	r12, REGS_VECTOR(r1)
	li	r0, 0
	std	r0, REGS_IN_SYSCALL(r1)
	mr	r3, r1
	stdu	r0, -CALL_FRAME(r1)
	address	r2, .TOC.
	bl	trap_user
	addi	r3, r1, CALL_FRAME

/* user_enter(regs): regs must be the frame at the top of the stack. */
	.globl user_enter
user_enter:
	mr	r1, r3
	subi	r4, r1, CALL_FRAME
	stdcx.	r4, 0, r4		/* no reservation outlives the way here */
	ld	r5, REGS_PC(r1)
	ld	r6, REGS_MSR(r1)
	ld	r7, REGS_LR(r1)
	ld	r8, REGS_CTR(r1)
	ld	r9, REGS_XER(r1)
	ld	r10, REGS_CR(r1)
	andi.	r6, r6, MSR_KEPT
	oris	r6, r6, MSR_USER@h
	ori	r6, r6, MSR_USER@l
	li	r4, 1
	rldimi	r6, r4, 63, 0		/* SF */
	mtsrr0	r5
	mtsrr1	r6
	mtlr	r7
	mtctr	r8
	mtxer	r9
	mtcr	r10
	.irp	n, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	\n, REGS_GPR(\n)(r1)
	.endr
	ld	r1, REGS_GPR(1)(r1)
	rfid

/* r1: the vector. In real mode, too. */
trap_fatal:
	mr	r3, r1
	mfsrr0	r4
	mfsrr1	r5
	mfspr	r6, SPR_DAR
	address	r1, emergency_top - CALL_FRAME
	address	r2, .TOC.
	address	r12, trap_kernel
	li	r0, 0
	std	r0, 0(r1)
	mtctr	r12
	bctr
	.previous

/* The only code that touches the FP and vector registers, for the frames of signals.
 * VSR 0 … 31 are the FPRs and a lower half of each, VSR 32 … 63 are the VRs. */
	.section .text.fp, "ax"
	.machine power9
	.altmacro

	.macro fp_enable
	mfmsr	r6
	ori	r7, r6, MSR_FP
	oris	r7, r7, (MSR_VEC | MSR_VSX)@h
	mtmsrd	r7
	isync
	.endm

	.macro fp_disable
	mtmsrd	r6
	isync
	.endm

/* fp_save(fp, vr): 33 doublewords, FPSCR last; 34 quadwords, VSCR and VRSAVE last, and
 * behind them the 32 lower halves. */
	.globl fp_save
fp_save:
	fp_enable
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	mfvsrd	r8, \n
	mfvsrld	r9, \n
	std	r8, (\n * 8)(r3)
	std	r9, (34 * 16 + \n * 8)(r4)
	li	r10, \n * 16
	stvx	\n, r4, r10
	.endr
	mffs	0
	stfd	0, (32 * 8)(r3)
	ld	r8, 0(r3)
	ld	r9, (34 * 16)(r4)
	mtvsrdd	0, r8, r9
	mfvscr	0
	li	r10, 32 * 16
	stvx	0, r4, r10
	lvx	0, 0, r4
	mfspr	r8, SPR_VRSAVE
	stw	r8, (33 * 16)(r4)
	fp_disable
	blr

/* fp_load(fp, vr) */
	.globl fp_load
fp_load:
	fp_enable
	lfd	0, (32 * 8)(r3)
	mtfsf	0xff, 0, 1, 0
	li	r10, 32 * 16
	lvx	0, r4, r10
	mtvscr	0
	lwz	r8, (33 * 16)(r4)
	mtspr	SPR_VRSAVE, r8
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	r8, (\n * 8)(r3)
	ld	r9, (34 * 16 + \n * 8)(r4)
	mtvsrdd	\n, r8, r9
	li	r10, \n * 16
	lvx	\n, r4, r10
	.endr
	fp_disable
	blr

/* fp_status(): FPSCR */
	.globl fp_status
fp_status:
	fp_enable
	mfvsrd	r8, 0
	mfvsrld	r9, 0
	mffs	0
	mfvsrd	r3, 0
	mtvsrdd	0, r8, r9
	fp_disable
	blr

	.section .bss.emergency, "aw", %nobits
	.balign 16
	.zero 2048
emergency_top:
