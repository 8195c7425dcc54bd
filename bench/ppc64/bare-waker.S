/* SPDX-License-Identifier: Apache-2.0 */
/* As bare-hello; it says S at its start, sleeps, and says r whenever somebody stops it in its
 * sleep and resumes it. */
#include "bench/ppc64/bare.inc"

_start:
	begin	31
	li	5, 'S'
	stb	5, 0(31)
1:	sleep
	li	5, 'r'
	stb	5, 0(31)
	b	1b
