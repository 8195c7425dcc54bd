/* SPDX-License-Identifier: Apache-2.0 */
/* The page tables of user mode: 39 bits below one entry of the root, three levels, 4 KiB
 * pages. The kernel's own tables are constants in tables.S. An inaccessible page keeps its
 * entry with the valid bit clear. Referenced and changed are set from the start: nobody
 * asks for them. */
#include "guest-runtime/arch.h"
#include "guest-runtime/pages.h"
#include "guest-runtime/panic.h"
#include "guest-runtime/string.h"

#define ENTRIES 512
#define ADDRESS_MASK 0x01fffffffffff000ull
#define OWNED 0x800ull /* software bit */

typedef uint64_t table[ENTRIES]; /* big-endian: entry_get() */

table user_table __attribute__((aligned(PAGE_SIZE), section(".pages")));

static uint64_t entry_get(const uint64_t *entry)
{
	return __builtin_bswap64(*(const volatile uint64_t *)entry);
}

static void entry_set(uint64_t *entry, uint64_t value)
{
	*(volatile uint64_t *)entry = __builtin_bswap64(value);
}

static unsigned slot(uint64_t address, int level)
{
	return address >> (39 - 9 * level) & (ENTRIES - 1);
}

/* The walk of what comes next sees what was stored. */
static void tables_publish(void)
{
	__asm__ volatile("ptesync" ::: "memory");
}

/* What is invalidated: translations, the walk's cache of tables, or both; by page, or all
 * of a process in one set of the TLB. */
enum { INVALIDATE_TLB = 0, INVALIDATE_WALK = 1, INVALIDATE_ALL = 2 };
#define BY_PROCESS (1ull << 10)
#define SET_SHIFT 12
#define SETS_POWER9 128
#define POWER10 0x80 /* PVR: one set stands for all */

#define tlbiel(what, operand)                                                                      \
	__asm__ volatile(                                                                          \
		".machine push; .machine power9; tlbiel %0, %1, %2, 1, 1; .machine pop" ::"r"(     \
			operand),                                                                  \
		"r"((uint64_t)USER_PID << 32), "i"(what)                                           \
		: "memory")

static void tlb_forget_all(void)
{
	unsigned sets = cpu_read(SPR_PVR) >> 16 >= POWER10 ? 1 : SETS_POWER9;

	tlbiel(INVALIDATE_ALL, BY_PROCESS);
	for (uint64_t set = 1; set < sets; set++)
		tlbiel(INVALIDATE_TLB, BY_PROCESS | set << SET_SHIFT);
	/* The copies of the TLB in the core are not looked through for a process. */
	__asm__ volatile("ptesync; slbia 3; isync" ::: "memory");
}

static void tlb_forget(uint64_t address)
{
	__asm__ volatile("ptesync" ::: "memory");
	tlbiel(INVALIDATE_TLB, page_down(address));
	__asm__ volatile("ptesync" ::: "memory");
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
		gathered.pages[gathered.count] = page_down(address);
	gathered.count++;
}

static void tlb_flush(void)
{
	if (!gathered.count)
		return;
	__asm__ volatile("ptesync" ::: "memory");
	if (gathered.count > GATHER_MAX)
		tlb_forget_all();
	else
		for (unsigned i = 0; i < gathered.count; i++)
			tlbiel(INVALIDATE_TLB, gathered.pages[i]);
	__asm__ volatile("ptesync" ::: "memory");
	gathered.count = 0;
}

/* boot.S has put the empty table into the root; nothing has used it. */
void mmu_init(void)
{
	uint64_t msr;

	__asm__ volatile("mfmsr %0" : "=r"(msr));
	if (!(msr & MSR_DR))
		panic("the monitor refuses the page tables");
	entry_set(user_table, 0); /* see page_take(): written first */
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
			made = physical(page_take()) | PTE_VALID | TABLE_BITS;
			/* A walk must not see the table before its zeros. */
			__asm__ volatile("lwsync" ::: "memory");
			entry_set(entry, made);
		}
		entries = linear(entry_get(entry) & ADDRESS_MASK);
	}
	return &entries[slot(address, 3)];
}

static uint64_t entry_make(uint64_t page, unsigned access)
{
	uint64_t entry = page | PTE_LEAF | PTE_REFERENCED | PTE_CHANGED | PTE_READ;

	if (access & (ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC))
		entry |= PTE_VALID;
	if (access & ACCESS_WRITE)
		entry |= PTE_WRITE;
	if (access & ACCESS_EXEC)
		entry |= PTE_EXEC;
	if (access & MAP_OWNED)
		entry |= OWNED;
	return entry;
}

static unsigned entry_access(uint64_t entry)
{
	if (!(entry & PTE_VALID))
		return 0;
	return ACCESS_READ | (entry & PTE_WRITE ? ACCESS_WRITE : 0) |
	       (entry & PTE_EXEC ? ACCESS_EXEC : 0);
}

void mmu_map(uint64_t address, uint64_t page, unsigned access)
{
	uint64_t *entry = entry_find(address, true);

	if (entry_get(entry) & PTE_VALID) { /* nothing between the old page and the new one */
		entry_set(entry, 0);
		tlb_forget(address);
	}
	entry_set(entry, entry_make(page, access));
	tables_publish();
}

bool mmu_lookup(uint64_t address, struct mapping *mapping)
{
	const uint64_t *entry = entry_find(address, false);
	uint64_t value;

	if (!entry || !*entry)
		return false;
	value = entry_get(entry);
	mapping->physical = value & ADDRESS_MASK;
	mapping->access = entry_access(value);
	mapping->owned = value & OWNED;
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
	uint64_t old = entry_get(entry), page = old & ADDRESS_MASK;

	if (!(old & OWNED))
		access &= ~(unsigned)ACCESS_WRITE;
	if (access & ACCESS_EXEC && !(old & PTE_EXEC))
		cpu_sync_text(linear(page), PAGE_SIZE);
	entry_set(entry, entry_make(page, access | (old & OWNED ? MAP_OWNED : 0)));
	tlb_gather(address);
}

void mmu_protect(uint64_t start, uint64_t end, unsigned access)
{
	entries_visit(start, end, entry_protect, access);
	tlb_flush();
}

static void entry_unmap(uint64_t *entry, uint64_t address, unsigned access)
{
	uint64_t old = entry_get(entry);

	(void)access;
	entry_set(entry, 0);
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
		entry_set(entry, 0);
	tlb_forget(address);
}

/* Frees the tables of one level whose whole range lies in [start, end): nothing below them
 * is mapped, but the walk's cache may know them. */
static void table_trim(uint64_t *entry)
{
	uint64_t old = entry_get(entry);

	entry_set(entry, 0);
	__asm__ volatile("ptesync" ::: "memory");
	tlbiel(INVALIDATE_WALK, BY_PROCESS);
	__asm__ volatile("ptesync" ::: "memory");
	page_give(linear(old & ADDRESS_MASK));
}

static void trim_level3(uint64_t *entries, uint64_t base, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t address = base + ((uint64_t)i << 21);

		if (entries[i] && address >= start && address + (2ull << 20) <= end)
			table_trim(&entries[i]);
	}
}

void mmu_trim(uint64_t start, uint64_t end)
{
	for (unsigned i = slot(start, 1); i <= slot(end - 1, 1); i++) {
		uint64_t base = (uint64_t)i << 30;

		if (!user_table[i])
			continue;
		trim_level3(linear(entry_get(&user_table[i]) & ADDRESS_MASK), base, start, end);
		if (base >= start && base + (1ull << 30) <= end)
			table_trim(&user_table[i]);
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
