/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/reg_image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/bytes.h"

enum { WRITE_ONLY = REG_OR_BITS | REG_CLEAR_BITS };
enum { RECORD_HEAD = 16, RECORD_ALIGN = 8 };

/* ---- records ---- */

static size_t record_bytes(uint32_t size)
{
	return RECORD_HEAD + (((size_t)size + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1));
}

int reg_record_next(const struct reg_image *image, size_t *offset, struct reg_record *record)
{
	size_t left = image->size - *offset;
	const uint8_t *head;

	if (left == 0)
		return 0;
	if (left < RECORD_HEAD)
		return -1;
	head = image->data + *offset;
	record->id = bytes_load_le(head, 8);
	record->size = (uint32_t)bytes_load_le(head + 8, 4);
	record->value = head + RECORD_HEAD;
	if (left < record_bytes(record->size))
		return -1;
	*offset += record_bytes(record->size);
	return 1;
}

/* Images are in table order, so the next one wanted is mostly the next one there: the search
 * starts at *hint and goes round once. */
static bool record_find(const struct reg_image *image, uint64_t id, size_t *hint,
			struct reg_record *record)
{
	size_t start = *hint, offset = start;

	while (reg_record_next(image, &offset, record) == 1)
		if (record->id == id) {
			*hint = offset;
			return true;
		}
	for (offset = 0; offset < start && reg_record_next(image, &offset, record) == 1;)
		if (record->id == id) {
			*hint = offset;
			return true;
		}
	return false;
}

/* ---- save ---- */

static bool saved(const struct regs *regs, unsigned int i)
{
	return !(regs_row(regs, i)->flags & WRITE_ONLY) && !reg_bit(regs->absent, i);
}

int regs_save(struct regs *regs, struct reg_image *image, struct error *err)
{
	int result = regs_fetch(regs, REG_ALL, err);
	size_t bytes = 0;
	uint8_t *at;

	*image = (struct reg_image){0};
	if (result < 0)
		return result;
	for (unsigned int i = 0; i < regs_rows(regs); i++)
		bytes += saved(regs, i) ? record_bytes(regs_row(regs, i)->size) : 0;
	at = image->data = calloc(1, bytes ? bytes : 1);
	if (!at)
		return error_set(err, ENOMEM, "registers: out of memory");
	image->size = bytes;
	for (unsigned int i = 0; i < regs_rows(regs); i++) {
		const struct reg_row *row = regs_row(regs, i);

		if (!saved(regs, i))
			continue;
		bytes_store_le(at, 8, row->id);
		bytes_store_le(at + 8, 4, row->size);
		memcpy(at + RECORD_HEAD, regs_value(regs, i), row->size);
		at += record_bytes(row->size);
	}
	return 0;
}

void reg_image_free(struct reg_image *image)
{
	free(image->data);
	*image = (struct reg_image){0};
}

/* ---- restore ---- */

/* Whether two values of a row are the same but for its status bits. */
static bool same_value(const struct reg_row *row, const uint8_t *a, const uint8_t *b)
{
	uint64_t status = row->flags >> 16;

	for (unsigned int k = 0; k < row->size; k++, status >>= 8)
		if ((a[k] ^ b[k]) & ~(unsigned int)(status & 0xff))
			return false;
	return true;
}

bool reg_record_row(const struct regs *regs, uint64_t id, unsigned int *hint, unsigned int *row)
{
	unsigned int count = regs_rows(regs);

	for (unsigned int n = 0; n < count; n++) {
		unsigned int i = (*hint + n) % count;

		if (regs_row(regs, i)->id == id && !(regs_row(regs, i)->flags & WRITE_ONLY)) {
			*row = i;
			*hint = i + 1;
			return true;
		}
	}
	return false;
}

static void set_row(struct regs *regs, unsigned int i, const uint8_t *value)
{
	memcpy(regs_value(regs, i), value, regs_row(regs, i)->size);
	regs->changed[i / 64] |= 1ull << (i % 64);
	regs->refused[i / 64] &= ~(1ull << (i % 64));
	regs->dirty |= regs_row(regs, i)->class;
}

/* Where ones clear, the complement leaves no bit that the value does not have. */
static void set_complement(struct regs *regs, unsigned int i, const uint8_t *value)
{
	set_row(regs, i, value);
	for (unsigned int k = 0; k < regs_row(regs, i)->size; k++)
		regs_value(regs, i)[k] ^= 0xff;
}

/* A register that is written bit by bit becomes a value by what is set and what is cleared. */
static void set_bits(struct regs *regs, unsigned int i, const uint8_t *value)
{
	unsigned int size = regs_row(regs, i)->size;
	uint8_t cleared[8] = {0};

	for (unsigned int k = 0; k < size && k < sizeof(cleared); k++)
		cleared[k] = (uint8_t)~value[k];
	set_row(regs, i + 1, value);
	set_row(regs, i + 2, cleared);
}

static bool by_bits(const struct regs *regs, unsigned int i)
{
	return i + 2 < regs->table->row_count && regs_row(regs, i + 1)->flags & REG_OR_BITS;
}

enum turn { TURN_EARLY, TURN_OFF, TURN_REST, TURN_LATE, TURN_ON, TURN_CHECK };

static bool has_turn(uint32_t flags, enum turn turn)
{
	switch (turn) {
	case TURN_EARLY:
		return flags & REG_EARLY;
	case TURN_OFF:
	case TURN_ON:
		return flags & REG_ENABLE;
	case TURN_LATE:
		return flags & REG_LATE;
	case TURN_CHECK:
		return false;
	default:
		return !(flags & (REG_EARLY | REG_ENABLE | REG_LATE));
	}
}

static void restore_row(struct regs *regs, unsigned int i, const uint8_t *value,
			const uint8_t *baseline, enum turn turn)
{
	static const uint8_t zeros[REG_ID_SIZE(KVM_REG_SIZE_U2048)];
	const struct reg_row *row = regs_row(regs, i);

	if (turn == TURN_OFF)
		value = zeros;
	else if (turn == TURN_ON)
		baseline = zeros; /* it is off now */
	if (row->flags & REG_CLOCK || (baseline && same_value(row, value, baseline)))
		return;
	if (by_bits(regs, i))
		set_bits(regs, i, value);
	else if (row->flags & REG_COMPLEMENT)
		set_complement(regs, i, value);
	else if (!(row->flags & REG_READ_ONLY))
		set_row(regs, i, value);
}

static int damaged(struct error *err)
{
	return error_set(err, EINVAL, "registers: damaged");
}

static int missing(const struct regs *regs, const struct reg_record *record, struct error *err)
{
	for (unsigned int i = 0; i < regs_rows(regs); i++)
		if (regs_row(regs, i)->id == record->id && regs_row(regs, i)->name)
			return error_set(err, ENOENT, "register %s: this host does not have it",
					 regs_row(regs, i)->name);
	return error_set(err, ENOENT, "register 0x%016" PRIx64 ": this host does not have it",
			 record->id);
}

static int restore_turn(struct regs *regs, const struct reg_image *image,
			const struct reg_image *baseline, enum turn turn, struct error *err);

/* The image has one that no table has. */
static int list_and_again(struct regs *regs, const struct reg_image *image,
			  const struct reg_image *baseline, enum turn turn, struct error *err)
{
	int result;

	regs->as_table = false;
	result = regs_list(regs, err);
	return result < 0 ? result : restore_turn(regs, image, baseline, turn, err);
}

static int restore_turn(struct regs *regs, const struct reg_image *image,
			const struct reg_image *baseline, enum turn turn, struct error *err)
{
	static const struct reg_image nothing;
	size_t offset = 0, base_hint = 0;
	unsigned int hint = 0, i;
	struct reg_record record, base;
	int more;

	while ((more = reg_record_next(image, &offset, &record)) == 1) {
		bool known;

		if (!reg_record_row(regs, record.id, &hint, &i)) {
			if (regs->as_table && turn != TURN_EARLY)
				return list_and_again(regs, image, baseline, turn, err);
			if (!regs->listed)
				continue; /* it may be one that only this host has */
			return missing(regs, &record, err);
		}
		if (reg_bit(regs->absent, i))
			return missing(regs, &record, err);
		if (record.size != regs_row(regs, i)->size)
			return damaged(err);
		if (!has_turn(regs_row(regs, i)->flags, turn))
			continue;
		known = record_find(baseline ? baseline : &nothing, record.id, &base_hint, &base) &&
			base.size == record.size;
		restore_row(regs, i, record.value, known ? base.value : NULL, turn);
	}
	return more < 0 ? damaged(err) : regs_flush(regs, err);
}

/* The same where the image is known to have nothing that this host has not, for a turn of a few
 * rows: they are looked for in the image, not the image's in the table. */
static int restore_few(struct regs *regs, const struct reg_image *image,
		       const struct reg_image *baseline, enum turn turn, struct error *err)
{
	static const struct reg_image nothing;
	size_t hint = 0, base_hint = 0;
	struct reg_record record, base;

	for (unsigned int i = 0; i < regs->table->row_count; i++) {
		const struct reg_row *row = &regs->table->rows[i];
		bool known;

		if (!has_turn(row->flags, turn) || row->flags & WRITE_ONLY ||
		    !record_find(image, row->id, &hint, &record))
			continue;
		if (record.size != row->size)
			return damaged(err);
		known = record_find(baseline ? baseline : &nothing, row->id, &base_hint, &base) &&
			base.size == record.size;
		restore_row(regs, i, record.value, known ? base.value : NULL, turn);
	}
	return regs_flush(regs, err);
}

int regs_restore(struct regs *regs, const struct reg_image *image, const struct reg_image *baseline,
		 enum reg_restore step, struct error *err)
{
	static const struct {
		enum turn first, last;
	} turns[] = {
		[REG_RESTORE_EARLY] = {TURN_EARLY, TURN_EARLY},
		[REG_RESTORE_REST] = {TURN_OFF, TURN_REST},
		[REG_RESTORE_LATE] = {TURN_LATE, TURN_ON},
	};
	reg_bits absent;
	/* Before it is finalized, a vCPU does not list everything. */
	int result = step == REG_RESTORE_EARLY ? 0 : regs_list(regs, err);

	memcpy(absent, regs->absent, sizeof(absent));
	for (unsigned int turn = turns[step].first; result == 0 && turn <= turns[step].last; turn++)
		result = (regs->as_table && turn != TURN_REST ? restore_few : restore_turn)(
			regs, image, baseline, (enum turn)turn, err);
	/* Some of what this host does not have it has told only now. */
	if (result == 0 && memcmp(absent, regs->absent, sizeof(absent)) != 0)
		result = restore_turn(regs, image, baseline, TURN_CHECK, err);
	return result;
}

/* ---- diff ---- */

/* The record's row, where it is of that row's size. */
static const struct reg_row *row_in(const struct reg_table *table, const struct reg_record *record)
{
	for (unsigned int i = 0; i < table->row_count; i++) {
		const struct reg_row *row = &table->rows[i];

		if (row->id == record->id && !(row->flags & WRITE_ONLY))
			return row->size == record->size ? row : NULL;
	}
	return NULL;
}

static bool differs_from(const struct reg_row *row, const struct reg_record *a,
			 const struct reg_record *b)
{
	if (a->size != b->size)
		return true;
	if (!row)
		return memcmp(a->value, b->value, a->size) != 0;
	return !(row->flags & REG_VOLATILE) && !same_value(row, a->value, b->value);
}

unsigned int reg_image_diff(const struct reg_table *table, const struct reg_image *a,
			    const struct reg_image *b, reg_difference *differs, void *context)
{
	size_t offset = 0, hint = 0;
	unsigned int count = 0;
	struct reg_record one, other;

	while (reg_record_next(a, &offset, &one) == 1) {
		const struct reg_row *row = row_in(table, &one);
		bool both = record_find(b, one.id, &hint, &other);

		if (both && !differs_from(row, &one, &other))
			continue;
		differs(context, one.id, both && one.size != other.size ? NULL : row, one.value,
			both ? other.value : NULL);
		count++;
	}
	for (offset = hint = 0; reg_record_next(b, &offset, &other) == 1;) {
		if (record_find(a, other.id, &hint, &one))
			continue;
		differs(context, other.id, row_in(table, &other), NULL, other.value);
		count++;
	}
	return count;
}

/* ---- a look ---- */

int regs_inspect(struct regs *regs, struct reg_marks *marks, struct error *err)
{
	int result = regs_settle(regs, err);

	memcpy(marks->valid, regs->valid, sizeof(marks->valid));
	memcpy(marks->changed, regs->changed, sizeof(marks->changed));
	memcpy(marks->refused, regs->refused, sizeof(marks->refused));
	return result < 0 ? result : regs_fetch(regs, REG_ALL, err);
}

static bool has_fields(const struct regs *regs, unsigned int row)
{
	for (unsigned int i = 0; i < regs->table->field_count; i++)
		if (regs->table->fields[i].row == row)
			return true;
	return false;
}

void regs_view(const struct regs *regs, const struct reg_marks *marks,
	       void (*visit)(void *context, const struct reg_view *view), void *context)
{
	for (unsigned int i = 0; i < regs_rows(regs); i++) {
		const struct reg_row *row = regs_row(regs, i);
		char name[sizeof("0x0123456789abcdef")];
		struct reg_view view = {
			.name = row->name ? row->name : name,
			.class = row->class,
			.value = regs_value(regs, i),
			.size = row->size,
			.valid = reg_bit(marks->valid, i),
			.changed = reg_bit(marks->changed, i),
			.refused = reg_bit(marks->refused, i),
			.refused_value = regs->refused_values ? regs->refused_values[i] : 0,
		};

		if (!saved(regs, i))
			continue;
		snprintf(name, sizeof(name), "0x%016" PRIx64, row->id);
		if (!has_fields(regs, i)) {
			visit(context, &view);
			continue;
		}
		for (unsigned int k = 0; k < regs->table->field_count; k++) {
			const struct reg_field *field = &regs->table->fields[k];

			if (field->row != i)
				continue;
			view.name = field->name;
			view.value = regs_value(regs, i) + field->offset;
			view.size = field->size;
			visit(context, &view);
		}
	}
}
