/* SPDX-License-Identifier: Apache-2.0 */
/* The mappings of user mode. */
#ifndef GUEST_MMU_H
#define GUEST_MMU_H

#include <stdbool.h>
#include <stdint.h>

/* `access` is a set of the first three, never WRITE with EXEC. MAP_OWNED marks a page that belongs
 * to the mapping and goes back to the pool with it. */
enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXEC = 4, MAP_OWNED = 8 };

struct mapping {
	uint64_t physical;
	unsigned access; /* 0: there, but not accessible */
	bool owned;
};

/* Makes the user half empty. */
void mmu_init(void);
/* Maps or replaces one page. The tables come from pages.h and are charged by the caller. */
void mmu_map(uint64_t address, uint64_t physical, unsigned access);
/* False: nothing is there. */
bool mmu_lookup(uint64_t address, struct mapping *mapping);
/* Changes the access of the pages that are there, from start to end. WRITE is left out for
 * pages that aren't owned: they are copied at the first write. */
void mmu_protect(uint64_t start, uint64_t end, unsigned access);
/* Forgets the pages, and gives those that were owned back to the pool. */
void mmu_unmap(uint64_t start, uint64_t end);
/* Forgets one page without giving it back. */
void mmu_release(uint64_t address);
/* Gives the tables back that no page from start to end needs. Both are the limits of the
 * gap around an unmapped range: nothing may be mapped between them. */
void mmu_trim(uint64_t start, uint64_t end);
/* Tables that start … end may need and previous_end - 1 did not (0: there is none). */
uint64_t mmu_tables(uint64_t start, uint64_t end, uint64_t previous_end);

#endif
