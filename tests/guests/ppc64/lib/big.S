/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions for a big-endian processor, in its order: the assembler makes those of a
 * little-endian one. */

	.macro big word
	.byte	\word >> 24, \word >> 16 & 0xff, \word >> 8 & 0xff, \word & 0xff
	.endm

	.macro way access
	big	\access			/* r3, 0(r4) */
	big	0x7cba03a6		/* mtsrr0 r5 */
	big	0x7cdb03a6		/* mtsrr1 r6 */
	big	0x4c000024		/* rfid */
	.endm

	.text
	.globl	big_access
big_access:				/* (value, address, kind): the value loaded */
	lis	7, accesses@ha
	addi	7, 7, accesses@l
	sldi	5, 5, 4
	add	7, 7, 5
	lis	5, 1f@ha
	addi	5, 5, 1f@l
	mfmsr	6
	li	8, 1			/* LE */
	andc	8, 6, 8
	mtsrr0	7
	mtsrr1	8
	rfid
1:	blr

accesses:
	way	0x88640000		/* lbz */
	way	0xa0640000		/* lhz */
	way	0x80640000		/* lwz */
	way	0xe8640000		/* ld */
	way	0x98640000		/* stb */
	way	0xb0640000		/* sth */
	way	0x90640000		/* stw */
	way	0xf8640000		/* std */
