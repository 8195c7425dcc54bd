/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/reg_undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE_ONLY = REG_OR_BITS | REG_CLEAR_BITS };

static void bit_set(uint64_t *bits, unsigned int row)
{
	bits[row / 64] |= 1ull << (row % 64);
}

/* ---- what there is to write ---- */

static void add_row(struct reg_undo *undo, unsigned int row, uint32_t flags)
{
	if (flags & REG_ENABLE) {
		bit_set(undo->rows[REG_UNDO_OFF], row);
		bit_set(undo->rows[REG_UNDO_ON], row);
	} else {
		bit_set(undo->rows[flags & REG_LATE ? REG_UNDO_LATE : REG_UNDO_REST], row);
	}
}

static void add_value(struct reg_undo *undo, const struct regs *regs, unsigned int row,
		      const uint8_t *value)
{
	uint32_t flags = regs_row(regs, row)->flags;

	undo->values[row] = value;
	if (row >= regs->table->row_count)
		bit_set(undo->strange, row);
	else if (flags & REG_GUEST && !(flags & (REG_READ_ONLY | REG_CLOCK)))
		add_row(undo, row, flags);
}

int reg_undo_init(struct reg_undo *undo, struct regs *regs, const struct reg_image *image,
		  struct error *err)
{
	unsigned int row, hint = 0;
	struct reg_record record;
	size_t offset = 0;
	int more = 1;

	*undo = (struct reg_undo){.values = calloc(REG_ROWS_MAX, sizeof(*undo->values))};
	if (!undo->values)
		return error_set(err, ENOMEM, "registers: out of memory");
	while ((more = reg_record_next(image, &offset, &record)) == 1) {
		bool found = reg_record_row(regs, record.id, &hint, &row);

		if (!found && regs_list(regs, err) < 0) /* it may be one of this host alone */
			return -err->code;
		if (!found)
			found = reg_record_row(regs, record.id, &hint, &row);
		if (found && !reg_bit(regs->absent, row) &&
		    regs_row(regs, row)->size == record.size)
			add_value(undo, regs, row, record.value);
	}
	return more < 0 ? error_set(err, EINVAL, "registers: damaged") : 0;
}

void reg_undo_finish(struct reg_undo *undo)
{
	free(undo->values);
	undo->values = NULL;
}

/* ---- writing it ---- */

static void change(struct regs *regs, unsigned int row, const uint8_t *value)
{
	const struct reg_row *r = regs_row(regs, row);
	uint8_t *copy = regs_value(regs, row);

	if (value)
		memcpy(copy, value, r->size);
	else
		memset(copy, 0, r->size);
	for (unsigned int k = 0; r->flags & REG_COMPLEMENT && k < r->size; k++)
		copy[k] ^= 0xff;
	bit_set(regs->changed, row);
	regs->dirty |= r->class;
}

/* Bits that are set and cleared one by one: the two rows behind the register's own. */
static void change_bits(struct regs *regs, unsigned int row, const uint8_t *value)
{
	unsigned int size = regs_row(regs, row)->size;

	change(regs, row + 1, value);
	change(regs, row + 2, value);
	for (unsigned int k = 0; k < size; k++)
		regs_value(regs, row + 2)[k] ^= 0xff;
}

static void undo_row(struct regs *regs, const struct reg_undo *undo, unsigned int row,
		     enum reg_undo_step step)
{
	const uint8_t *value = step == REG_UNDO_OFF ? NULL : undo->values[row];

	if (row + 2 < regs->table->row_count && regs_row(regs, row + 1)->flags & WRITE_ONLY)
		change_bits(regs, row, value);
	else
		change(regs, row, value);
}

/* Nobody knows whether the guest can change them, nor whether KVM takes them back: only what has
 * changed is written. */
static int undo_strange(struct regs *regs, const struct reg_undo *undo, struct error *err)
{
	int result = regs_fetch(regs, REG_RESET, err);

	for (unsigned int i = regs->table->row_count; result == 0 && i < regs_rows(regs); i++)
		if (reg_bit(undo->strange, i) &&
		    memcmp(regs_value(regs, i), undo->values[i], regs_row(regs, i)->size) != 0)
			change(regs, i, undo->values[i]);
	return result;
}

int regs_undo(struct regs *regs, const struct reg_undo *undo, enum reg_undo_step step,
	      struct error *err)
{
	const uint64_t *rows = undo->rows[step];
	int result = 0;

	if (step == REG_UNDO_OFF) {
		result = regs_settle(regs, err);
		regs_reset(regs);
	}
	if (result == 0 && step == REG_UNDO_REST && regs->extra_count)
		result = undo_strange(regs, undo, err);
	if (result < 0)
		return result;
	for (unsigned int word = 0; word <= (regs_rows(regs) - 1) / 64; word++)
		for (uint64_t bits = rows[word]; bits; bits &= bits - 1)
			undo_row(regs, undo, word * 64 + (unsigned int)__builtin_ctzll(bits), step);
	return regs_flush(regs, err);
}
