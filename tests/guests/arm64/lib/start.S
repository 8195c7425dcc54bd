/* SPDX-License-Identifier: Apache-2.0 */
/* From the boot protocol to C: caches on (the first GiB device, the next RAM, both as they
 * are), a stack, vectors. Another vCPU comes in at guest_second_start. */

	.section .text.start, "ax"
	.globl _start, guest_second_start
_start:
	mov	x19, x0			/* the device tree */
	adrp	x1, stack_first
	add	x1, x1, :lo12:stack_first
	mov	sp, x1
	bl	caches_on
	mov	x0, x19
	bl	guest_main
	b	guest_power_off

guest_second_start:
	adrp	x1, stack_second
	add	x1, x1, :lo12:stack_second
	mov	sp, x1
	bl	caches_on
	bl	guest_second
1:	wfi
	b	1b

caches_on:
	adrp	x0, tables
	add	x0, x0, :lo12:tables
	msr	ttbr0_el1, x0
	ldr	x0, =0xff00		/* attribute 0: device nGnRnE, 1: normal, write-back */
	msr	mair_el1, x0
	ldr	x0, =0x200803519	/* 39 bits, 4 KiB pages, walks cached, 40 bits out */
	msr	tcr_el1, x0
	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	tlbi	vmalle1
	dsb	sy
	mrs	x0, sctlr_el1
	ldr	x1, =0x1005		/* MMU, data and instruction cache */
	orr	x0, x0, x1
	msr	sctlr_el1, x0
	isb
	ret

	.balign 2048
vectors:
	.rept 16
	.balign 128
	b	exception
	.endr

/* Every exception is one function's; IRQs are only taken when a guest asked for them. */
exception:
	stp	x29, x30, [sp, #-176]!
	stp	x0, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x5, [sp, #48]
	stp	x6, x7, [sp, #64]
	stp	x8, x9, [sp, #80]
	stp	x10, x11, [sp, #96]
	stp	x12, x13, [sp, #112]
	stp	x14, x15, [sp, #128]
	stp	x16, x17, [sp, #144]
	str	x18, [sp, #160]
	mrs	x0, esr_el1
	mrs	x1, far_el1
	mrs	x2, elr_el1
	bl	guest_exception
	msr	elr_el1, x0
	ldp	x0, x1, [sp, #16]
	ldp	x2, x3, [sp, #32]
	ldp	x4, x5, [sp, #48]
	ldp	x6, x7, [sp, #64]
	ldp	x8, x9, [sp, #80]
	ldp	x10, x11, [sp, #96]
	ldp	x12, x13, [sp, #112]
	ldp	x14, x15, [sp, #128]
	ldp	x16, x17, [sp, #144]
	ldr	x18, [sp, #160]
	ldp	x29, x30, [sp], #176
	eret
	.ltorg

	.globl guest_call
guest_call:				/* (function, a, b, c) by hvc */
	hvc	#0
	ret

	.data
	.balign 4096
tables:					/* blocks of 1 GiB */
	.quad	0x401			/* device, at 0 */
	.quad	0x40000705		/* normal, inner shareable */
	.quad	0x80000401
	.quad	0xc0000401
	.fill	508, 8, 0

	.bss
	.balign 16
	.skip	16384
stack_first:
	.skip	16384
stack_second:
