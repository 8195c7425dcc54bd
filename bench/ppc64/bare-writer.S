/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; for ever a byte on the UART and then 4096 bytes to another of its registers,
 * modem control, where they have no effect. */
#include "bench/ppc64/bare.inc"

_start:
	begin	31
	li	4, 0
1:	li	5, 'w'
	stb	5, 0(31)
	li	6, 4096
	mtctr	6
2:	stb	4, 4(31)
	bdnz	2b
	b	1b
