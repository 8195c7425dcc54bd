/* SPDX-License-Identifier: Apache-2.0 */
/* From the boot protocol to C: a stack, the table of contents, vectors. Everything runs in real
 * mode, where memory is cached as it is. Another vCPU comes in at guest_second_start. */

	.section .text.start, "ax"
	.globl _start, guest_second_start
_start:
	lis	1, (stack_first - 64)@ha
	addi	1, 1, (stack_first - 64)@l
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	bl	guest_main		/* r3: the device tree */
	nop
	bl	guest_power_off
	nop

guest_second_start:
	lis	1, (stack_second - 64)@ha
	addi	1, 1, (stack_second - 64)@l
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	bl	guest_second
	nop
	bl	guest_stop_self
	nop

	.globl guest_call, guest_call4
guest_call:				/* (function, a, b, c): what the hypercall answers */
guest_call4:				/* (function, a, b, c, d) */
	sc	1
	blr

	.globl guest_call_value
guest_call_value:			/* (function, value) */
	std	4, -8(1)
	sc	1
	ld	9, -8(1)
	std	4, 0(9)
	blr

/* Every interrupt is one function's; external ones are only taken when a guest asked for them.
 * r3 and r4 are in SPRG0 and SPRG1. Below the stack pointer there may be something: skip it. */
	.set	FRAME, 512 + 256
exception:
	stdu	1, -FRAME(1)
	std	0, 32(1)
	std	2, 40(1)
	mfsprg	0, 0
	std	0, 48(1)		/* r3 */
	mfsprg	0, 1
	std	0, 56(1)		/* r4 */
	std	5, 64(1)
	std	6, 72(1)
	std	7, 80(1)
	std	8, 88(1)
	std	9, 96(1)
	std	10, 104(1)
	std	11, 112(1)
	std	12, 120(1)
	mflr	0
	std	0, 128(1)
	mfctr	0
	std	0, 136(1)
	mfxer	0
	std	0, 144(1)
	mfcr	0
	std	0, 152(1)
	mfsrr1	0
	std	0, 160(1)
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	mfsrr0	5
	mfdar	4
	cmpwi	3, 0x400		/* an instruction's own address */
	bne	1f
	mr	4, 5
1:	bl	guest_exception		/* (vector, address, at): where to go on */
	nop
	mtsrr0	3
	ld	0, 160(1)
	mtsrr1	0
	ld	0, 152(1)
	mtcr	0
	ld	0, 144(1)
	mtxer	0
	ld	0, 136(1)
	mtctr	0
	ld	0, 128(1)
	mtlr	0
	ld	12, 120(1)
	ld	11, 112(1)
	ld	10, 104(1)
	ld	9, 96(1)
	ld	8, 88(1)
	ld	7, 80(1)
	ld	6, 72(1)
	ld	5, 64(1)
	ld	4, 56(1)
	ld	3, 48(1)
	ld	2, 40(1)
	ld	0, 32(1)
	addi	1, 1, FRAME
	rfid

	.section .vectors, "ax"		/* at 0x100 */
	.set	vector, 0x100
	.rept	62
	.balign 128
	mtsprg	0, 3
	mtsprg	1, 4
	li	3, vector
	b	exception
	.set	vector, vector + 128
	.endr

	.bss
	.balign 16
	.skip	16384
stack_first:
	.skip	16384
stack_second:
