/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of the page tables of user mode looks like, for guest-runtime/mmu.c: stage 1,
 * 4 KiB granule. Source: Arm Architecture Reference Manual (DDI 0487), D8. */
#ifndef GUEST_ENTRY_H
#define GUEST_ENTRY_H

#include "guest-runtime/arch.h"
#include "guest-runtime/mmu.h"

#define ENTRIES 512
#define ENTRY_ADDRESS 0x0000fffffffff000ull
#define ENTRY_TABLE (PTE_VALID | PTE_PAGE) /* of one that leads to a table */
#define ENTRY_OWNED (1ull << 55) /* software bit */
#define ENTRY_PXN (1ull << 53)
#define ENTRY_UXN (1ull << 54)

static inline uint64_t entry_get(const uint64_t *entry)
{
	return *(const volatile uint64_t *)entry;
}

static inline void entry_set(uint64_t *entry, uint64_t value)
{
	*(volatile uint64_t *)entry = value;
}

/* What was stored before is seen before what is stored after. */
static inline void entry_order(void)
{
	__asm__ volatile("dmb ishst" ::: "memory");
}

/* The walk of what comes next sees what was stored. */
static inline void entry_publish(void)
{
	__asm__ volatile("dsb ishst; isb" ::: "memory");
}

static inline uint64_t entry_make(uint64_t page, unsigned access)
{
	uint64_t entry =
		page | PTE_PAGE | PTE_USER | PTE_SHARED | PTE_ACCESSED | PTE_NOT_GLOBAL | ENTRY_PXN;

	if (access & (ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC))
		entry |= PTE_VALID;
	if (!(access & ACCESS_WRITE))
		entry |= PTE_READ_ONLY;
	if (!(access & ACCESS_EXEC))
		entry |= ENTRY_UXN;
	if (access & MAP_OWNED)
		entry |= ENTRY_OWNED;
	return entry;
}

static inline unsigned entry_access(uint64_t entry)
{
	if (!(entry & PTE_VALID))
		return 0;
	return ACCESS_READ | (entry & PTE_READ_ONLY ? 0 : ACCESS_WRITE) |
	       (entry & ENTRY_UXN ? 0 : ACCESS_EXEC);
}

#endif
