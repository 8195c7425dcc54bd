/* SPDX-License-Identifier: Apache-2.0 */
/* A guest without any system below it, for QEMU's virt machine and for mote: says hello on the
 * UART, which both have at one address (a PL011 there, a 16550 here: the first register takes
 * a byte), and switches itself off by PSCI. */
	.globl _start
_start:
	adr	x1, text
	mov	x2, #0x09000000		/* UART */
1:	ldrb	w0, [x1], #1
	cbz	w0, 2f
	strb	w0, [x2]
	b	1b
2:	ldr	w0, =0x84000008		/* SYSTEM_OFF */
	hvc	#0
	b	2b
text:	.asciz	"Hello from a microVM.\n"
	.balign	4
	.ltorg
