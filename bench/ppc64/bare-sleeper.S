/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; it sleeps instead of switching itself off. */
#include "bench/ppc64/bare.inc"

_start:
	begin	31
	say	31, text
3:	sleep
	b	3b
text:	.asciz	"asleep\n"
