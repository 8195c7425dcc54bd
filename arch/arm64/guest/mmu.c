/* SPDX-License-Identifier: Apache-2.0 */
/* The page tables of user mode: 39 bits, three levels, 4 KiB pages. The kernel's own
 * tables are constants in tables.S. An inaccessible page keeps its entry with the valid bit
 * clear. */
#include "guest-runtime/arch.h"
#include "guest-runtime/pages.h"
#include "guest-runtime/string.h"

#define ENTRIES 512
#define ADDRESS_MASK 0x0000fffffffff000ull
#define TABLE (PTE_VALID | PTE_PAGE)
#define OWNED (1ull << 55) /* software bit */
#define PXN (1ull << 53)
#define UXN (1ull << 54)

typedef uint64_t table[ENTRIES];

static table user_table __attribute__((aligned(PAGE_SIZE), section(".pages")));

static unsigned slot(uint64_t address, int level)
{
	return address >> (39 - 9 * level) & (ENTRIES - 1);
}

static void tables_publish(void)
{
	__asm__ volatile("dsb ishst; isb" ::: "memory");
}

static void tlb_forget(uint64_t address)
{
	__asm__ volatile("dsb ishst; tlbi vaae1is, %0; dsb ish; isb" ::"r"(address >> PAGE_SHIFT)
			 : "memory");
}

/* Invalidations of a range are gathered: user mode, which alone uses these translations,
 * does not run before tlb_flush. Beyond a few, everything goes at once. */
#define GATHER_MAX 16
static struct {
	unsigned count;
	uint64_t pages[GATHER_MAX];
} gathered;

static void tlb_gather(uint64_t address)
{
	if (gathered.count < GATHER_MAX)
		gathered.pages[gathered.count] = address >> PAGE_SHIFT;
	gathered.count++;
}

static void tlb_flush(void)
{
	if (!gathered.count)
		return;
	__asm__ volatile("dsb ishst" ::: "memory");
	if (gathered.count > GATHER_MAX)
		__asm__ volatile("tlbi vmalle1is" ::: "memory");
	else
		for (unsigned i = 0; i < gathered.count; i++)
			__asm__ volatile("tlbi vaae1is, %0" ::"r"(gathered.pages[i]) : "memory");
	__asm__ volatile("dsb ish; isb" ::: "memory");
	gathered.count = 0;
}

void mmu_init(void)
{
	*(volatile uint64_t *)user_table = 0; /* see page_take(): written first */
	tables_publish();
	cpu_write(ttbr0_el1, physical(user_table));
	cpu_isb();
	__asm__ volatile("tlbi vmalle1; dsb nsh; isb" ::: "memory");
}

/* The level 3 entry of an address, or 0. With `create` the tables are made. */
static uint64_t *entry_find(uint64_t address, bool create)
{
	uint64_t *entries = user_table;

	for (int level = 1; level < 3; level++) {
		uint64_t *entry = &entries[slot(address, level)], made;

		if (!*entry) {
			if (!create)
				return 0;
			made = physical(page_take()) | TABLE;
			/* A walk must not see the table before its zeros. */
			__asm__ volatile("dmb ishst" ::: "memory");
			*entry = made;
		}
		entries = linear(*entry & ADDRESS_MASK);
	}
	return &entries[slot(address, 3)];
}

static uint64_t entry_make(uint64_t page, unsigned access)
{
	uint64_t entry =
		page | PTE_PAGE | PTE_USER | PTE_SHARED | PTE_ACCESSED | PTE_NOT_GLOBAL | PXN;

	if (access & (ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC))
		entry |= PTE_VALID;
	if (!(access & ACCESS_WRITE))
		entry |= PTE_READ_ONLY;
	if (!(access & ACCESS_EXEC))
		entry |= UXN;
	if (access & MAP_OWNED)
		entry |= OWNED;
	return entry;
}

static unsigned entry_access(uint64_t entry)
{
	if (!(entry & PTE_VALID))
		return 0;
	return ACCESS_READ | (entry & PTE_READ_ONLY ? 0 : ACCESS_WRITE) |
	       (entry & UXN ? 0 : ACCESS_EXEC);
}

void mmu_map(uint64_t address, uint64_t page, unsigned access)
{
	uint64_t *entry = entry_find(address, true);
	uint64_t old = *entry;

	if (old & PTE_VALID) { /* break before make */
		*entry = 0;
		tlb_forget(address);
	}
	*entry = entry_make(page, access);
	tables_publish();
}

bool mmu_lookup(uint64_t address, struct mapping *mapping)
{
	const uint64_t *entry = entry_find(address, false);

	if (!entry || !*entry)
		return false;
	mapping->physical = *entry & ADDRESS_MASK;
	mapping->access = entry_access(*entry);
	mapping->owned = *entry & OWNED;
	return true;
}

/* Calls `visit` for each entry that is there. Ranges without a table are skipped whole. */
static void entries_visit(uint64_t start, uint64_t end,
			  void (*visit)(uint64_t *entry, uint64_t address, unsigned access),
			  unsigned access)
{
	uint64_t step;

	for (uint64_t address = start; address < end; address += step) {
		uint64_t *entry = entry_find(address, false);

		step = PAGE_SIZE;
		if (!entry)
			step = (2ull << 20) - (address & ((2ull << 20) - 1));
		else if (*entry)
			visit(entry, address, access);
	}
}

static void entry_protect(uint64_t *entry, uint64_t address, unsigned access)
{
	uint64_t page = *entry & ADDRESS_MASK;
	bool owned = *entry & OWNED;

	if (!owned)
		access &= ~(unsigned)ACCESS_WRITE;
	if (access & ACCESS_EXEC && *entry & UXN)
		cpu_sync_text(linear(page), PAGE_SIZE);
	*entry = entry_make(page, access | (owned ? MAP_OWNED : 0));
	tlb_gather(address);
}

void mmu_protect(uint64_t start, uint64_t end, unsigned access)
{
	entries_visit(start, end, entry_protect, access);
	tlb_flush();
}

static void entry_unmap(uint64_t *entry, uint64_t address, unsigned access)
{
	uint64_t old = *entry;

	(void)access;
	*entry = 0;
	tlb_gather(address);
	if (old & OWNED)
		page_give(linear(old & ADDRESS_MASK));
}

void mmu_unmap(uint64_t start, uint64_t end)
{
	entries_visit(start, end, entry_unmap, 0);
	tlb_flush();
}

void mmu_release(uint64_t address)
{
	uint64_t *entry = entry_find(address, false);

	if (entry)
		*entry = 0;
	tlb_forget(address);
}

/* Frees the tables of one level whose whole range lies in [start, end). */
static void table_trim(uint64_t *entry, uint64_t address)
{
	uint64_t old = *entry;

	*entry = 0;
	tlb_forget(address);
	page_give(linear(old & ADDRESS_MASK));
}

static void trim_level3(uint64_t *entries, uint64_t base, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t address = base + ((uint64_t)i << 21);

		if (entries[i] && address >= start && address + (2ull << 20) <= end)
			table_trim(&entries[i], address);
	}
}

void mmu_trim(uint64_t start, uint64_t end)
{
	for (unsigned i = slot(start, 1); i <= slot(end - 1, 1); i++) {
		uint64_t base = (uint64_t)i << 30;

		if (!user_table[i])
			continue;
		trim_level3(linear(user_table[i] & ADDRESS_MASK), base, start, end);
		if (base >= start && base + (1ull << 30) <= end)
			table_trim(&user_table[i], base);
	}
}

static uint64_t slots(uint64_t start, uint64_t end, uint64_t previous_end, int shift)
{
	uint64_t first = start >> shift;
	uint64_t count = ((end - 1) >> shift) - first + 1;

	return previous_end && (previous_end - 1) >> shift == first ? count - 1 : count;
}

uint64_t mmu_tables(uint64_t start, uint64_t end, uint64_t previous_end)
{
	return slots(start, end, previous_end, 21) + slots(start, end, previous_end, 30);
}
