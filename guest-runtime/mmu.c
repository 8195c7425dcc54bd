/* SPDX-License-Identifier: Apache-2.0 */
/* The page tables of user mode: 39 bits, three levels of 512 entries, 4 KiB pages. What an entry
 * looks like is the architecture's (entry.h). An inaccessible page keeps its entry with the valid
 * bit clear. */
#include "mmu.h"
#include "arch.h"
#include "entry.h"
#include "pages.h"

#define TABLE_RANGE (2ull << 20) /* of a table of level 3 */
#define MIDDLE_RANGE (1ull << 30)

uint64_t user_table[ENTRIES] __attribute__((aligned(PAGE_SIZE), section(".pages")));

static unsigned slot(uint64_t address, int level)
{
	return address >> (39 - 9 * level) & (ENTRIES - 1);
}

/* Invalidations of a range are gathered: user mode, which alone uses these translations,
 * does not run before forget_gathered(). Beyond a few, everything goes at once. */
#define GATHER_MAX 16
static struct {
	unsigned count;
	uint64_t pages[GATHER_MAX];
} gathered;

static void forget_later(uint64_t address)
{
	if (gathered.count < GATHER_MAX)
		gathered.pages[gathered.count] = page_down(address);
	gathered.count++;
}

static void forget_gathered(void)
{
	if (!gathered.count)
		return;
	if (gathered.count > GATHER_MAX)
		tlb_forget_all();
	else
		tlb_forget(gathered.pages, gathered.count);
	gathered.count = 0;
}

void mmu_init(void)
{
	entry_set(user_table, 0); /* see page_take(): written first */
	tlb_start(user_table);
}

static uint64_t *table_at(const uint64_t *entry)
{
	return linear(entry_get(entry) & ENTRY_ADDRESS);
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
			made = physical(page_take()) | ENTRY_TABLE;
			/* A walk must not see the table before its zeros. */
			entry_order();
			entry_set(entry, made);
		}
		entries = table_at(entry);
	}
	return &entries[slot(address, 3)];
}

void mmu_map(uint64_t address, uint64_t page, unsigned access)
{
	uint64_t *entry = entry_find(address, true);

	if (entry_get(entry) & PTE_VALID) { /* nothing between the old page and the new one */
		entry_set(entry, 0);
		tlb_forget(&address, 1);
	}
	entry_set(entry, entry_make(page, access));
	entry_publish();
}

bool mmu_lookup(uint64_t address, struct mapping *mapping)
{
	const uint64_t *entry = entry_find(address, false);
	uint64_t value;

	if (!entry || !*entry)
		return false;
	value = entry_get(entry);
	mapping->physical = value & ENTRY_ADDRESS;
	mapping->access = entry_access(value);
	mapping->owned = value & ENTRY_OWNED;
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
			step = TABLE_RANGE - (address & (TABLE_RANGE - 1));
		else if (*entry)
			visit(entry, address, access);
	}
	forget_gathered();
}

static void entry_protect(uint64_t *entry, uint64_t address, unsigned access)
{
	uint64_t old = entry_get(entry), page = old & ENTRY_ADDRESS;

	if (!(old & ENTRY_OWNED))
		access &= ~(unsigned)ACCESS_WRITE;
	if (access & ACCESS_EXEC && !(entry_access(old) & ACCESS_EXEC))
		cpu_sync_text(linear(page), PAGE_SIZE);
	entry_set(entry, entry_make(page, access | (old & ENTRY_OWNED ? MAP_OWNED : 0)));
	forget_later(address);
}

void mmu_protect(uint64_t start, uint64_t end, unsigned access)
{
	entries_visit(start, end, entry_protect, access);
}

static void entry_unmap(uint64_t *entry, uint64_t address, unsigned access)
{
	uint64_t old = entry_get(entry);

	(void)access;
	entry_set(entry, 0);
	forget_later(address);
	if (old & ENTRY_OWNED)
		page_give(linear(old & ENTRY_ADDRESS));
}

void mmu_unmap(uint64_t start, uint64_t end)
{
	entries_visit(start, end, entry_unmap, 0);
}

void mmu_release(uint64_t address)
{
	uint64_t *entry = entry_find(address, false);

	if (entry)
		entry_set(entry, 0);
	tlb_forget(&address, 1);
}

/* Nothing below the table is mapped, but the walk's cache may know it. */
static void table_free(uint64_t *entry, uint64_t address)
{
	void *table = table_at(entry);

	entry_set(entry, 0);
	tlb_forget_table(address);
	page_give(table);
}

/* Frees the tables of level 3 whose whole range lies in [start, end). */
static void tables_free(uint64_t *entries, uint64_t base, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t address = base + i * TABLE_RANGE;

		if (entries[i] && address >= start && address + TABLE_RANGE <= end)
			table_free(&entries[i], address);
	}
}

void mmu_trim(uint64_t start, uint64_t end)
{
	for (unsigned i = slot(start, 1); i <= slot(end - 1, 1); i++) {
		uint64_t base = i * MIDDLE_RANGE;

		if (!user_table[i])
			continue;
		tables_free(table_at(&user_table[i]), base, start, end);
		if (base >= start && base + MIDDLE_RANGE <= end)
			table_free(&user_table[i], base);
	}
}

static uint64_t tables(uint64_t start, uint64_t end, uint64_t previous_end, uint64_t range)
{
	uint64_t first = start / range;
	uint64_t count = (end - 1) / range - first + 1;

	return previous_end && (previous_end - 1) / range == first ? count - 1 : count;
}

uint64_t mmu_tables(uint64_t start, uint64_t end, uint64_t previous_end)
{
	return tables(start, end, previous_end, TABLE_RANGE) +
	       tables(start, end, previous_end, MIDDLE_RANGE);
}
