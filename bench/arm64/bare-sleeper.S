/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; it sleeps instead of switching itself off. */
	.globl _start
_start:
	adr	x1, text
	mov	x2, #0x09000000		/* UART */
1:	ldrb	w0, [x1], #1
	cbz	w0, 2f
	strb	w0, [x2]
	b	1b
2:	wfi
	b	2b
text:	.asciz	"asleep\n"
