/* SPDX-License-Identifier: Apache-2.0 */
/* A load outside RAM that KVM cannot decode: a pair. */
	.globl _start
_start:
	ldr	x1, =0x70001230
	ldp	x2, x3, [x1]
1:	b	1b
	.ltorg
