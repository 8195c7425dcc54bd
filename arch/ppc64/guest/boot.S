/* SPDX-License-Identifier: Apache-2.0 */
/* From the monitor's entry (real mode, little-endian, r3 = device tree) to runtime_main with
 * the MMU on, or, where the monitor refuses the tables, still in real mode: the same
 * addresses hold there, and tlb_start() can say what is wrong. */
#include "cpu.h"

#define PROC_TABLE_NEW_RADIX 0x1d	/* register, radix, and tlbie is ours */
#define MODE_TRANSLATION 3		/* resource of H_SET_MODE */
#define AIL_LINEAR 3
#define FSCR_TAR 0x100
#define FSCR_EBB 0x80
#define FSCR_DSCR 0x4
#define FSCR_PREFIX 0x2000
#define POWER10 0x80			/* the first with prefixed instructions */

	.macro address register, symbol
	lis	\register, \symbol@highest
	ori	\register, \register, \symbol@higher
	sldi	\register, \register, 32
	oris	\register, \register, \symbol@high
	ori	\register, \register, \symbol@l
	.endm

	.macro root_entry number, root, table
	lis	r4, (\table)@h
	ori	r4, r4, (\table)@l
	ori	r4, r4, TABLE_BITS
	or	r4, r4, r30
	lis	r5, (\root + 8 * \number)@h
	ori	r5, r5, (\root + 8 * \number)@l
	stdbrx	r4, 0, r5
	.endm

	.section .text.boot, "ax"
	.globl start
start:
	mr	r31, r3
	address	r1, stack_top - REGS_SIZE
	mtsprg	0, r1			/* the user registers */
	subi	r1, r1, CALL_FRAME
	address	r2, .TOC.
	li	r30, 1
	sldi	r30, r30, 63		/* PTE_VALID */
	root_entry 0, IMAGE_ROOTS, KERNEL_RAM
	root_entry DEVICES >> 39, IMAGE_ROOTS, KERNEL_DEVICES
	root_entry 0, IMAGE_ROOTS + ROOT_SIZE, user_table - LINEAR_BASE
	ptesync
	li	r4, USER_PID
	mtspr	SPR_PIDR, r4
	sradi	r4, r30, 1		/* key 0: the kernel does not load from or store to */
	mtspr	SPR_AMR, r4		/* user pages */
	srdi	r4, r30, 1		/* or run them */
	mtspr	SPR_IAMR, r4
	li	r4, 0
	mtspr	SPR_UAMOR, r4
	li	r4, FSCR_TAR | FSCR_EBB | FSCR_DSCR
	mfpvr	r5
	srwi	r5, r5, 16
	cmplwi	r5, POWER10
	blt	1f
	ori	r4, r4, FSCR_PREFIX
1:	mtspr	SPR_FSCR, r4
	isync

	mfmsr	r29
	li	r3, H_REGISTER_PROC_TBL
	li	r4, PROC_TABLE_NEW_RADIX
	lis	r5, PROCESS_TABLE@h
	ori	r5, r5, PROCESS_TABLE@l
	li	r6, 0
	li	r7, 0			/* 4 KiB */
	sc	1
	cmpdi	r3, 0
	bne	2f
	li	r3, H_SET_MODE
	li	r4, AIL_LINEAR
	li	r5, MODE_TRANSLATION
	li	r6, 0
	li	r7, 0
	sc	1
	cmpdi	r3, 0
	bne	2f
	ptesync
	li	r29, MSR_KERNEL
	or	r29, r29, r30		/* SF is where PTE_VALID is */
2:	address	r4, runtime_main
	mr	r12, r4
	mtsrr0	r4
	mtsrr1	r29
	mr	r3, r31
	li	r4, 0
	std	r4, 0(r1)
	mtlr	r4
	rfid
