/* SPDX-License-Identifier: Apache-2.0 */
/* What the bare guests share: the UART's address, and sleep. H_CEDE lets interrupts in: the
 * decrementer is set far away, whether it has 32 bits or 56, and one that is due all the same is
 * returned from. */
#include "arch/ppc64/layout.h"

#define H_CEDE 0xe0

	.macro	begin uart
	lis	0, 0x7f
	ori	0, 0, 0xffff
	sldi	0, 0, 32
	oris	0, 0, 0x7fff
	ori	0, 0, 0xffff
	mtdec	0
	li	\uart, 1
	sldi	\uart, \uart, 40	/* PPC64_UART */
	.endm

	.macro	sleep
	li	3, H_CEDE
	sc	1
	.endm

	.macro	say uart, text		/* a string, byte by byte */
	lis	6, \text@ha
	addi	6, 6, \text@l - 1
1:	lbzu	5, 1(6)
	cmpwi	5, 0
	beq	2f
	stb	5, 0(\uart)
	b	1b
2:
	.endm

	.section .vectors, "ax"		/* at 0x100 */
	.org	0x800
	rfid				/* the decrementer */
	.text
	.globl	_start
