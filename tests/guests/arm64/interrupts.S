/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts that are taken and never acknowledged: the guest does nothing else any more.
 * GICv3, or v2 where the processor has no system registers for v3. */
	.globl _start
_start:
	adr	x0, vectors
	msr	vbar_el1, x0
	mov	x1, #0x08000000		/* distributor */
	mrs	x2, id_aa64pfr0_el1
	tst	x2, #0xf000000
	mov	w0, #0x12		/* GICv3: affinity routing, group 1 */
	mov	w3, #1			/* GICv2 */
	csel	w0, w0, w3, ne
	str	w0, [x1]
	mov	w0, #2			/* INTID 33, the UART: group 1 under v3 */
	b.eq	1f
	str	w0, [x1, #0x84]
1:	str	w0, [x1, #0x104]	/* enabled */
	mov	w4, #0x0100		/* to vCPU 0 under v2 */
	b.ne	2f
	str	w4, [x1, #0x820]
	mov	x5, #0x08010000		/* CPU interface */
	mov	w0, #0xff
	str	w0, [x5, #4]
	str	w3, [x5]
	b	3f
2:	mov	x0, #1
	msr	s3_0_c12_c12_5, x0	/* ICC_SRE_EL1 */
	isb
	mov	x0, #0xff
	msr	s3_0_c4_c6_0, x0	/* ICC_PMR_EL1 */
	mov	x0, #1
	msr	s3_0_c12_c12_7, x0	/* ICC_IGRPEN1_EL1 */
	isb
3:	mov	x6, #0x09000000		/* UART */
	adr	x1, text
4:	ldrb	w0, [x1], #1
	cbz	w0, 5f
	strb	w0, [x6]
	b	4b
5:	msr	daifclr, #2
	mov	w0, #2
6:	strb	wzr, [x6, #1]		/* transmitter empty: off and on again, an interrupt each */
	strb	w0, [x6, #1]
	b	6b
text:	.asciz	"waiting "

	.balign 2048
vectors:
	.rept 16
	.balign 128
	b	taken
	.endr
taken:
	cbnz	x20, 1f
	mov	x20, #1
	mov	w0, #'!'
	strb	w0, [x6]
	mov	w0, #2
1:	eret
