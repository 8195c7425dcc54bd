/* SPDX-License-Identifier: Apache-2.0 */
/* Coherence of instruction fetch with stores, by what CTR_EL0 says is needed. */
#include "guest-runtime/arch.h"

#define CTR_IDC (1ull << 28) /* no clean to the point of unification needed */
#define CTR_DIC (1ull << 29) /* no invalidation needed */

static uint64_t line_size(uint64_t field)
{
	return 4ull << (field & 15);
}

void cpu_sync_text(const void *start, size_t length)
{
	uint64_t type = cpu_read(ctr_el0);
	uint64_t end = (uint64_t)start + length;
	uint64_t line = line_size(type >> 16);

	if (!(type & CTR_IDC))
		for (uint64_t a = (uint64_t)start & -line; a < end; a += line)
			__asm__ volatile("dc cvau, %0" ::"r"(a) : "memory");
	__asm__ volatile("dsb ish" ::: "memory");
	/* The user's alias may sit in another set of a virtually indexed cache. */
	if (!(type & CTR_DIC))
		__asm__ volatile("ic ialluis" ::: "memory");
	__asm__ volatile("dsb ish; isb" ::: "memory");
}
