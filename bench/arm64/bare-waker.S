/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; it says S at its start, sleeps, and says r whenever somebody stops it in its
 * sleep and resumes it. */
	.globl _start
_start:
	mov	x2, #0x09000000		/* UART */
	mov	w0, #'S'
	strb	w0, [x2]
	mov	w0, #'r'
1:	wfi
	strb	w0, [x2]
	b	1b
