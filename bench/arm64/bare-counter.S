/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; counts, and says a byte every so often: QEMU's share of what bench/counter.c is
 * for. */
	.globl _start
_start:
	mov	x2, #0x09000000		/* UART */
	mov	w0, #'.'
1:	mov	w1, #2000
2:	subs	w1, w1, #1
	b.ne	2b
	strb	w0, [x2]
	b	1b
