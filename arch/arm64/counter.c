/* SPDX-License-Identifier: Apache-2.0 */
/* The one instruction that only an arm64 host can run: apart, so that all else is compiled on any
 * machine. */
#include "arch/arm64/counter.h"

uint64_t arm64_counter_hz(void)
{
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}
