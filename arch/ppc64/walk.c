/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's page tables, read as the processor reads them: radix, the process's own. Everything
 * in them is the guest's word: a table outside RAM is a translation that is not there.
 *
 *   process table   by PIDR; quadrant 0 of the addresses is that process's, quadrant 3 is process
 *                   0's; the other two are a hypervisor's
 *   tree            as deep, and its tables as large, as their entries say; big-endian
 *
 * Where the process table is, the guest has told by H_REGISTER_PROC_TBL; KVM does not give it back.
 * Source: Power ISA 3.0B, book III, 5.7.6 (process table), 5.7.10 (radix trees). */
#include "arch/ppc64/walk.h"

#include <errno.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

#define ENTRY_VALID (1ull << 63)
#define ENTRY_LEAF (1ull << 62)
#define ENTRY_PRIVILEGED (1ull << 3)
#define ENTRY_PAGE 0x01fffffffffff000ull
#define ENTRY_TABLE 0x0fffffffffffff00ull
#define ENTRY_BITS 0x1full /* log2 of the entries of the table that it points to */
#define REAL_MASK 0x0fffffffffffffffull /* the rest of an address is not looked at */
enum { PAGE_SHIFT = 12, TREE_BITS_MIN = 31, TREE_BITS_MAX = 57 };

struct table {
	uint64_t at; /* physical */
	unsigned int bits; /* log2 of its entries */
	unsigned int shift; /* of the addresses below one entry */
};

static bool entry_read(const struct memory *memory, uint64_t table, uint64_t index, uint64_t *entry)
{
	uint8_t bytes[8];

	if (memory_read(memory, table + 8 * index, bytes, sizeof(bytes)) < 0)
		return false;
	*entry = __builtin_bswap64(bytes_load_le(bytes, sizeof(bytes)));
	return true;
}

/* What is below `shift` is divided once more; false: not into anything. */
static bool table_of(uint64_t entry, unsigned int shift, struct table *table)
{
	table->at = entry & ENTRY_TABLE;
	table->bits = entry & ENTRY_BITS;
	if (!table->bits || shift < PAGE_SHIFT + table->bits)
		return false;
	table->shift = shift - table->bits;
	return true;
}

/* False: the process has no tree. */
static bool root_of(const struct regs *regs, const struct memory *memory, uint64_t process,
		    struct table *root)
{
	uint64_t tables, entry;
	unsigned int bits;

	if (!regs->page_tables)
		return false;
	tables = __atomic_load_n(regs->page_tables, __ATOMIC_ACQUIRE);
	if (!(tables & PPC64_TABLES_RADIX) ||
	    process >> ((tables & PPC64_TABLES_ORDER) + PAGE_SHIFT - 4) ||
	    !entry_read(memory, tables & PPC64_TABLES_ADDRESS, 2 * process, &entry))
		return false;
	bits = TREE_BITS_MIN + ((entry >> 61 & 3) << 3 | (entry >> 5 & 7));
	return bits <= TREE_BITS_MAX && table_of(entry, bits, root);
}

static bool down(const struct memory *memory, struct table table, uint64_t address,
		 uint64_t *physical)
{
	uint64_t entry, low;

	if (address >> table.shift >> table.bits)
		return false;
	for (;;) {
		uint64_t index = address >> table.shift & ((1ull << table.bits) - 1);

		if (!entry_read(memory, table.at, index, &entry) || !(entry & ENTRY_VALID))
			return false;
		if (entry & ENTRY_LEAF)
			break;
		if (!table_of(entry, table.shift, &table))
			return false;
	}
	low = (1ull << table.shift) - 1;
	*physical = (entry & ENTRY_PAGE & ~low) | (address & low);
	return true;
}

int walk(struct regs *regs, const struct memory *memory, bool on, uint64_t address,
	 uint64_t *physical, struct error *err)
{
	uint64_t process = 0, quadrant = address >> 62;
	struct table root;
	int result = 0;

	if (!on) {
		*physical = address & REAL_MASK;
		return 0;
	}
	if (quadrant == 0)
		result = reg_get(regs, PPC64_PIDR, &process, err);
	if (result < 0)
		return result;
	if (quadrant == 1 || quadrant == 2 || !root_of(regs, memory, process, &root) ||
	    !down(memory, root, address & ~(3ull << 62), physical))
		return error_set(err, EFAULT, "address 0x%llx is not mapped in the guest",
				 (unsigned long long)address);
	return 0;
}

int arch_translate(struct regs *regs, const struct memory *memory, uint64_t address,
		   uint64_t *physical, struct error *err)
{
	uint64_t msr;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	return result < 0 ? result : walk(regs, memory, msr & PPC64_MSR_DR, address, physical, err);
}

struct user_walk {
	const struct memory *memory;
	page_visit *visit;
	void *context;
	uint64_t left; /* entries: tables that share others are more than memory has room for */
};

/* False: the visitor has seen enough. */
static bool visit_table(struct user_walk *user, struct table table, uint64_t start)
{
	for (uint64_t i = 0; i < 1ull << table.bits; i++) {
		uint64_t address = start + (i << table.shift), entry;
		struct table below;

		if (!user->left--)
			return false;
		if (!entry_read(user->memory, table.at, i, &entry))
			return true; /* nor are those after it */
		if (!(entry & ENTRY_VALID))
			continue;
		if (!(entry & ENTRY_LEAF)) {
			if (table_of(entry, table.shift, &below) &&
			    !visit_table(user, below, address))
				return false;
		} else if (!(entry & ENTRY_PRIVILEGED) &&
			   !user->visit(user->context, address,
					entry & ENTRY_PAGE & ~((1ull << table.shift) - 1),
					1ull << table.shift)) {
			return false;
		}
	}
	return true;
}

int arch_user_pages(struct regs *regs, const struct memory *memory, page_visit *visit,
		    void *context, struct error *err)
{
	struct user_walk user = {memory, visit, context, memory->size / 8};
	uint64_t msr, process;
	struct table root;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	if (result == 0)
		result = reg_get(regs, PPC64_PIDR, &process, err);
	if (result < 0)
		return result;
	if (!(msr & PPC64_MSR_DR)) /* physical memory is all there is */
		return visit(context, memory->base, memory->base, memory->size) ? 0 : -ECANCELED;
	if (!root_of(regs, memory, process, &root))
		return 0;
	return visit_table(&user, root, 0) ? 0 : -ECANCELED;
}
