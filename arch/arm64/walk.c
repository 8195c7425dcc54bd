/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's page tables, read as the processor reads them (stage 1 of EL1 and EL0). Everything
 * in them is the guest's word: a table outside RAM is a translation that is not there.
 * Source: Arm Architecture Reference Manual (DDI 0487), D8.2 to D8.4. */
#include <errno.h>

#include "arch/arm64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

enum { ENTRY_VALID = 1, ENTRY_TABLE = 2, ENTRY_USER = 1 << 6 };
#define OUTPUT_MASK 0x0000fffffffff000ull /* 48 bits */

/* One half of the address space. */
struct half {
	uint64_t table; /* of the first level, physical */
	unsigned int granule; /* bits of a page's offset */
	unsigned int bits; /* of an address */
	bool enabled;
};

static unsigned int granule_of(bool upper, uint64_t tcr)
{
	/* TG0 and TG1 number them differently. */
	static const unsigned int low[] = {12, 16, 14, 0}, high[] = {0, 14, 12, 16};

	return upper ? high[tcr >> 30 & 3] : low[tcr >> 14 & 3];
}

static int half_read(struct regs *regs, bool upper, struct half *half, struct error *err)
{
	uint64_t tcr, base;
	int result = reg_get(regs, ARM64_TCR_EL1, &tcr, err);

	if (result == 0)
		result = reg_get(regs, upper ? ARM64_TTBR1_EL1 : ARM64_TTBR0_EL1, &base, err);
	if (result < 0)
		return result;
	half->granule = granule_of(upper, tcr);
	half->bits = 64 - (unsigned int)(tcr >> (upper ? 16 : 0) & 0x3f);
	half->enabled = !(tcr >> (upper ? 23 : 7) & 1) && half->granule &&
			half->bits > half->granule && half->bits <= 48;
	half->table = base & OUTPUT_MASK & ~1ull;
	return 0;
}

static bool entry_read(const struct memory *memory, uint64_t table, uint64_t index, uint64_t *entry)
{
	uint8_t bytes[8];

	if (memory_read(memory, table + 8 * index, bytes, sizeof(bytes)) < 0)
		return false;
	*entry = bytes_load_le(bytes, sizeof(bytes));
	return *entry & ENTRY_VALID;
}

/* The bits of an address above its page, by levels: the last has granule - 3, the first the rest.
 */
static unsigned int first_shift(const struct half *half)
{
	unsigned int stride = half->granule - 3, shift = half->granule;

	while (shift + stride < half->bits)
		shift += stride;
	return shift;
}

static bool walk(const struct half *half, const struct memory *memory, uint64_t address,
		 uint64_t *physical)
{
	unsigned int shift = first_shift(half), stride = half->granule - 3;
	uint64_t table = half->table, top = (1ull << half->bits) - 1, entry;
	uint64_t outputs = OUTPUT_MASK & ~((1ull << half->granule) - 1);

	for (;; shift -= stride) {
		uint64_t index = (address & top) >> shift;

		if (shift != first_shift(half))
			index &= (1ull << stride) - 1;
		if (!entry_read(memory, table, index, &entry))
			return false;
		if (shift == half->granule || !(entry & ENTRY_TABLE))
			break;
		table = entry & outputs;
	}
	if (shift == half->granule && !(entry & ENTRY_TABLE))
		return false; /* reserved */
	*physical = (entry & outputs & ~((1ull << shift) - 1)) | (address & ((1ull << shift) - 1));
	return true;
}

static int unmapped(uint64_t address, struct error *err)
{
	return error_set(err, EFAULT, "address 0x%llx is not mapped in the guest",
			 (unsigned long long)address);
}

int arch_translate(struct regs *regs, const struct memory *memory, uint64_t address,
		   uint64_t *physical, struct error *err)
{
	bool upper = address >> 55 & 1;
	uint64_t sctlr, above;
	struct half half;
	int result = reg_get(regs, ARM64_SCTLR_EL1, &sctlr, err);

	if (result < 0)
		return result;
	if (!(sctlr & 1)) {
		*physical = address;
		return 0;
	}
	result = half_read(regs, upper, &half, err);
	if (result < 0)
		return result;
	/* A tag in the top byte is not looked at. */
	above = half.bits < 56 ? (address & 0x00ffffffffffffffull) >> half.bits : 0;
	if (!half.enabled || above != (upper ? (1ull << (56 - half.bits)) - 1 : 0) ||
	    !walk(&half, memory, address, physical))
		return unmapped(address, err);
	return 0;
}

struct user_walk {
	const struct memory *memory;
	struct half half;
	page_visit *visit;
	void *context;
	uint64_t left; /* entries: tables that share others are more than memory has room for */
};

/* False: the visitor has seen enough. */
static bool visit_table(struct user_walk *user, uint64_t table, unsigned int shift, uint64_t start,
			uint64_t count)
{
	unsigned int stride = user->half.granule - 3;
	uint64_t outputs = OUTPUT_MASK & ~((1ull << user->half.granule) - 1), entry;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = start + (i << shift);
		bool deeper;

		if (!user->left--)
			return false;
		if (!entry_read(user->memory, table, i, &entry))
			continue;
		deeper = shift > user->half.granule && entry & ENTRY_TABLE;
		if (deeper &&
		    !visit_table(user, entry & outputs, shift - stride, address, 1ull << stride))
			return false;
		if (!deeper && entry & ENTRY_USER &&
		    !user->visit(user->context, address, entry & outputs & ~((1ull << shift) - 1),
				 1ull << shift))
			return false;
	}
	return true;
}

int arch_user_pages(struct regs *regs, const struct memory *memory, page_visit *visit,
		    void *context, struct error *err)
{
	struct user_walk user = {
		.memory = memory, .visit = visit, .context = context, .left = memory->size / 8};
	unsigned int shift;
	uint64_t sctlr;
	int result = reg_get(regs, ARM64_SCTLR_EL1, &sctlr, err);

	if (result == 0)
		result = half_read(regs, false, &user.half, err);
	if (result < 0)
		return result;
	if (!(sctlr & 1)) /* physical memory is all there is */
		return visit(context, memory->base, memory->base, memory->size) ? 0 : -ECANCELED;
	shift = user.half.enabled ? first_shift(&user.half) : 0;
	return !user.half.enabled || visit_table(&user, user.half.table, shift, 0,
						 1ull << (user.half.bits - shift))
		       ? 0
		       : -ECANCELED;
}
