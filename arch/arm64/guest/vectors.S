/* SPDX-License-Identifier: Apache-2.0 */
/* Exception entry and return. User mode comes in through a frame at the top of the kernel
 * stack (struct regs). An exception inside the runtime is a defect: it ends in
 * trap_kernel on a stack of its own. The FP registers stay the application's throughout. */
#include "cpu.h"

	.macro entry handler
	.balign 0x80
	sub	sp, sp, #REGS_SIZE
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	adr	x1, \handler
	b	save
	.endm

	.macro fatal
	.balign 0x80
	b	trap_fatal
	.endm

	.section .text.boot, "ax"
	.balign 0x800
	.globl vectors
vectors:
	.rept 8				/* from EL1 */
	fatal
	.endr
	entry trap_user_sync
	entry trap_user_irq
	entry trap_user_irq		/* FIQ */
	entry trap_user_serror
	.rept 4				/* from 32-bit EL0: cannot be entered */
	fatal
	.endr

	.balign 0x80
save:
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x2, sp_el0
	stp	x30, x2, [sp, #240]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x2, x3, [sp, #REGS_PC]
	stp	x0, xzr, [sp, #REGS_PC + 16]
	mov	x0, sp
	mov	x29, xzr
	adr	x30, user_return
	br	x1

/* user_enter(regs): regs must be the frame at the top of the stack. */
	.globl user_enter
user_enter:
	mov	sp, x0
user_return:
	ldp	x2, x3, [sp, #REGS_PC]
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldp	x30, x2, [sp, #240]
	msr	sp_el0, x2
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #REGS_SIZE
	eret

trap_fatal:
	ldr	x3, =emergency_top
	mov	sp, x3
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	trap_kernel
	.ltorg

/* fp_save(state), fp_load(state): 32 registers of 16 bytes. The only code that touches
 * them, for the frames of signals. */
	.section .text.fp, "ax"
	.arch_extension fp
	.arch_extension simd
	.macro fp_all instruction
	.irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	fp_pair \instruction, \n
	.endr
	.endm
	.altmacro
	.macro fp_pair instruction, n
	fp_one \instruction, \n, %(\n + 1)
	.endm
	.macro fp_one instruction, a, b
	\instruction q\a, q\b, [x0, #(\a * 16)]
	.endm

	.globl fp_save
fp_save:
	fp_all stp
	ret
	.globl fp_load
fp_load:
	fp_all ldp
	ret

	.section .bss.emergency, "aw", %nobits
	.balign 16
	.zero 1024
emergency_top:
