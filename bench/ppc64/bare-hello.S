/* SPDX-License-Identifier: Apache-2.0 */
/* A guest without any system below it: says hello on the UART, and switches itself off by RTAS. */
#include "bench/ppc64/bare.inc"

_start:
	begin	31
	say	31, text
	lis	4, power_off@ha
	addi	4, 4, power_off@l
	lis	3, 0
	ori	3, 3, PPC64_H_RTAS
	sc	1
	b	.
power_off:				/* token, 2 arguments, no result: big-endian */
	.byte	0, 0, 0, PPC64_RTAS_POWER_OFF, 0, 0, 0, 2, 0, 0, 0, 0
	.fill	8
text:	.asciz	"Hello from a microVM.\n"
