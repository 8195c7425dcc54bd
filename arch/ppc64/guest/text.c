/* SPDX-License-Identifier: Apache-2.0 */
/* Coherence of instruction fetch with stores (Power ISA, Book II, 1.8). Both caches go by
 * real addresses, so that the linear address does for the user's. */
#include "guest-runtime/arch.h"

void cpu_sync_text(const void *start, size_t length)
{
	uint64_t first = (uint64_t)start & -(uint64_t)CACHE_LINE, end = (uint64_t)start + length;

	for (uint64_t line = first; line < end; line += CACHE_LINE)
		__asm__ volatile("dcbst 0, %0" ::"r"(line) : "memory");
	__asm__ volatile("sync" ::: "memory");
	for (uint64_t line = first; line < end; line += CACHE_LINE)
		__asm__ volatile("icbi 0, %0" ::"r"(line) : "memory");
	__asm__ volatile("sync; isync" ::: "memory");
}
