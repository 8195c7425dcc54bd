/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of the page tables of user mode looks like, for guest-runtime/mmu.c: radix, in
 * big-endian, below one entry of the root. Referenced and changed are set from the start: nobody
 * asks for them. Source: Power ISA 3.0B, Book III, 5.7.10. */
#ifndef GUEST_ENTRY_H
#define GUEST_ENTRY_H

#include "guest-runtime/arch.h"
#include "guest-runtime/mmu.h"

#define ENTRIES 512
#define ENTRY_ADDRESS 0x01fffffffffff000ull
#define ENTRY_TABLE (PTE_VALID | TABLE_BITS) /* of one that leads to a table */
#define ENTRY_OWNED 0x800ull /* software bit */

static inline uint64_t entry_get(const uint64_t *entry)
{
	return __builtin_bswap64(*(const volatile uint64_t *)entry);
}

static inline void entry_set(uint64_t *entry, uint64_t value)
{
	*(volatile uint64_t *)entry = __builtin_bswap64(value);
}

/* What was stored before is seen before what is stored after. */
static inline void entry_order(void)
{
	__asm__ volatile("lwsync" ::: "memory");
}

/* The walk of what comes next sees what was stored. */
static inline void entry_publish(void)
{
	__asm__ volatile("ptesync" ::: "memory");
}

static inline uint64_t entry_make(uint64_t page, unsigned access)
{
	uint64_t entry = page | PTE_LEAF | PTE_REFERENCED | PTE_CHANGED | PTE_READ;

	if (access & (ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC))
		entry |= PTE_VALID;
	if (access & ACCESS_WRITE)
		entry |= PTE_WRITE;
	if (access & ACCESS_EXEC)
		entry |= PTE_EXEC;
	if (access & MAP_OWNED)
		entry |= ENTRY_OWNED;
	return entry;
}

static inline unsigned entry_access(uint64_t entry)
{
	if (!(entry & PTE_VALID))
		return 0;
	return ACCESS_READ | (entry & PTE_WRITE ? ACCESS_WRITE : 0) |
	       (entry & PTE_EXEC ? ACCESS_EXEC : 0);
}

#endif
