/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; for ever a byte on the UART and then 4096 bytes to another of its registers,
 * where they have no effect: modem control of a 16550, error clear of a PL011. */
	.globl _start
_start:
	mov	x2, #0x09000000		/* UART */
	mov	w0, #'w'
1:	strb	w0, [x2]
	mov	w1, #4096
2:	strb	wzr, [x2, #4]
	subs	w1, w1, #1
	b.ne	2b
	b	1b
