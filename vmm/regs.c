/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/regs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/bytes.h"
#include "vmm/log.h"

#ifndef MOTE_DEBUG
#define MOTE_DEBUG 0
#endif

const char *const reg_class_names[REG_CLASSES] = {"runtime", "fpsimd", "reset",  "timer",
						  "debug",   "event",  "feature"};
static const char *const op_names[REG_OPS] = {"get", "set", "refused"};

enum { WRITE_ONLY = REG_OR_BITS | REG_CLEAR_BITS };

static void bit_set(uint64_t *bits, unsigned int i)
{
	bits[i / 64] |= 1ull << (i % 64);
}

static void bit_clear(uint64_t *bits, unsigned int i)
{
	bits[i / 64] &= ~(1ull << (i % 64));
}

unsigned int regs_rows(const struct regs *regs)
{
	return regs->table->row_count + regs->extra_count;
}

const struct reg_row *regs_row(const struct regs *regs, unsigned int row)
{
	unsigned int known = regs->table->row_count;

	return row < known ? &regs->table->rows[row] : &regs->extra[row - known];
}

uint8_t *regs_value(const struct regs *regs, unsigned int row)
{
	const struct reg_row *r = regs_row(regs, row);

	return (row < regs->table->row_count ? regs->values : regs->extra_values) + r->offset;
}

int regs_init(struct regs *regs, const struct reg_table *table, int vcpu_fd, struct kvm_run *run,
	      struct error *err)
{
	memset(regs, 0, sizeof(*regs));
	regs->table = table;
	regs->vcpu_fd = vcpu_fd;
	regs->run = run;
	regs->values = malloc(table->bytes); /* not calloc(): most of it is never touched */
	if (!regs->values)
		return error_set(err, ENOMEM, "registers: out of memory");
	return 0;
}

void regs_finish(struct regs *regs)
{
	free(regs->values);
	free(regs->extra);
	free(regs->extra_values);
	free(regs->refused_values);
	regs->values = regs->extra_values = NULL;
	regs->refused_values = NULL;
	regs->extra = NULL;
	regs->extra_count = 0;
}

void regs_reset(struct regs *regs)
{
	memset(regs->valid, 0, sizeof(regs->valid));
	memset(regs->changed, 0, sizeof(regs->changed));
	memset(regs->refused, 0, sizeof(regs->refused));
	regs->dirty = 0;
}

void regs_trust_table(struct regs *regs, bool trust)
{
	regs->as_table = trust;
}

void regs_finalized(struct regs *regs)
{
	regs->finalized = true;
}

void regs_returned(struct regs *regs, bool owed)
{
	memset(regs->valid, 0, sizeof(regs->valid));
	regs->owed = owed;
	regs->ran = true;
}

int regs_settle(struct regs *regs, struct error *err)
{
	int result;

	if (!regs->owed || !regs->run)
		return 0;
	__atomic_fetch_or(&regs->run->immediate_exit, EXIT_TO_SETTLE, __ATOMIC_ACQ_REL);
	result = kvm_ioctl_value(regs->vcpu_fd, KVM_RUN, 0);
	__atomic_fetch_and(&regs->run->immediate_exit, ~EXIT_TO_SETTLE, __ATOMIC_ACQ_REL);
	if (result != -EINTR)
		return error_set(err, result < 0 ? -result : EIO,
				 "finishing a vCPU's exit: KVM_RUN: %s",
				 result < 0 ? strerror(-result) : "it ran");
	regs->owed = false;
	return 0;
}

/* ---- between the copy and the kernel ---- */

static int transfer(struct regs *regs, unsigned int i, enum reg_op op)
{
	const struct reg_row *row = regs_row(regs, i);
	void *value = regs_value(regs, i);
	struct kvm_one_reg one = {.id = row->id, .addr = (uint64_t)(uintptr_t)value};
	int result;

	if (row->flags & REG_BLOCK)
		result = kvm_ioctl(regs->vcpu_fd, op == REG_GET ? row->get : row->set, value);
	else
		result = kvm_ioctl(regs->vcpu_fd, op == REG_GET ? KVM_GET_ONE_REG : KVM_SET_ONE_REG,
				   &one);
	metrics_count(&regs->ioctls[__builtin_ctz(row->class)][result < 0 ? REG_REFUSED : op]);
	return result < 0 ? result : 0;
}

static int refusal(const struct regs *regs, unsigned int i, enum reg_op op, int code,
		   struct error *err)
{
	const struct reg_row *row = regs_row(regs, i);
	const char *verb = op == REG_GET ? "GET" : "SET";

	if (!row->name)
		return error_set(err, -code, "register 0x%016llx: KVM_%s_ONE_REG: %s",
				 (unsigned long long)row->id, verb, strerror(-code));
	return error_set(err, -code, "register %s: KVM_%s_%s: %s", row->name, verb,
			 row->flags & REG_BLOCK ? row->name : "ONE_REG", strerror(-code));
}

/* A register that is written bit by bit: what was asked for and is not yet written. */
static void add_pending_bits(struct regs *regs, unsigned int i)
{
	static const uint32_t kinds[] = {REG_OR_BITS, REG_CLEAR_BITS};

	for (unsigned int n = 0, j = i + 1; n < 2 && j < regs->table->row_count; n++, j++) {
		const struct reg_row *row = regs_row(regs, j);

		if (!(row->flags & kinds[n]) || !reg_bit(regs->changed, j))
			continue;
		for (unsigned int k = 0; k < row->size; k++)
			if (kinds[n] == REG_OR_BITS)
				regs_value(regs, i)[k] |= regs_value(regs, j)[k];
			else
				regs_value(regs, i)[k] &= ~regs_value(regs, j)[k];
	}
}

/* The row's copy is the kernel's, or newer. The exit is finished first: what is got before
 * would be stale, what is set before would be changed by KVM. */
static int row_get(struct regs *regs, unsigned int i, struct error *err)
{
	int result;

	if (reg_bit(regs->valid, i) || reg_bit(regs->changed, i))
		return 0;
	result = regs_settle(regs, err);
	if (result < 0)
		return result;
	result = transfer(regs, i, REG_GET);
	if (result < 0)
		return refusal(regs, i, REG_GET, result, err);
	if (!(regs_row(regs, i)->flags & REG_VOLATILE))
		bit_set(regs->valid, i);
	add_pending_bits(regs, i);
	return 0;
}

static void row_changed(struct regs *regs, unsigned int i)
{
	bit_set(regs->changed, i);
	bit_clear(regs->refused, i);
	regs->dirty |= regs_row(regs, i)->class;
}

static void unknown(unsigned int number, const char *name, const char *what)
{
	log_warning("register %u %s: there is none, %s", number, name, what);
	if (MOTE_DEBUG)
		__builtin_trap();
}

/* The kernel has just said that there is no such row here. */
static void row_absent(struct regs *regs, unsigned int i, unsigned int number, const char *name,
		       const char *what)
{
	bit_set(regs->absent, i);
	unknown(number, name, what);
}

static uint64_t low_bytes(const struct regs *regs, unsigned int i)
{
	unsigned int size = regs_row(regs, i)->size;

	return bytes_load_le(regs_value(regs, i), size < 8 ? size : 8);
}

/* One changed row. Whatever comes of it, the kernel has the say about its value now. */
static int row_put(struct regs *regs, unsigned int i, struct error *err)
{
	int result = transfer(regs, i, REG_SET);

	bit_clear(regs->changed, i);
	bit_clear(regs->valid, i);
	if (result == 0)
		return 0;
	if (result == -ENOENT) {
		row_absent(regs, i, i, regs_row(regs, i)->name, "the write is ignored");
		return 0;
	}
	bit_set(regs->refused, i);
	if (!regs->refused_values)
		regs->refused_values = calloc(REG_ROWS_MAX, sizeof(regs->refused_values[0]));
	if (regs->refused_values)
		regs->refused_values[i] = low_bytes(regs, i);
	return refusal(regs, i, REG_SET, result, err);
}

/* ---- by number ---- */

struct place {
	unsigned int row;
	const char *name;
	uint8_t *value; /* in the copy */
	unsigned int size;
};

/* Whether this host has such a register. The place is filled in as far as it is known. */
static bool place_find(const struct regs *regs, unsigned int number, struct place *place)
{
	unsigned int field = number - regs->table->row_count;

	if (number < regs->table->row_count) {
		const struct reg_row *row = regs_row(regs, number);

		*place = (struct place){number, row->name, regs_value(regs, number), row->size};
	} else if (field < regs->table->field_count) {
		const struct reg_field *f = &regs->table->fields[field];

		*place = (struct place){f->row, f->name, regs_value(regs, f->row) + f->offset,
					f->size};
	} else {
		*place = (struct place){.name = "(unknown)"};
		return false;
	}
	return !reg_bit(regs->absent, place->row);
}

unsigned int reg_size(const struct regs *regs, unsigned int number)
{
	struct place place;

	place_find(regs, number, &place);
	return place.size;
}

static int place_read(struct regs *regs, unsigned int number, const struct place *place,
		      void *value, struct error *err)
{
	const struct reg_row *row = regs_row(regs, place->row);
	int result;

	if (row->flags & WRITE_ONLY)
		return error_set(err, EPERM, "register %s: write-only", place->name);
	result = row_get(regs, place->row, err);
	if (result == -ENOENT) {
		row_absent(regs, place->row, number, place->name, "it reads as zero");
		memset(value, 0, place->size);
		return 0;
	}
	if (result < 0)
		return result;
	memcpy(value, place->value, place->size);
	return 0;
}

int reg_read(struct regs *regs, unsigned int number, void *value, struct error *err)
{
	struct place place;

	if (place_find(regs, number, &place))
		return place_read(regs, number, &place, value, err);
	unknown(number, place.name, "it reads as zero");
	memset(value, 0, place.size);
	return 0;
}

static int writable(const struct regs *regs, const struct place *place, struct error *err)
{
	uint32_t flags = regs_row(regs, place->row)->flags;

	if (flags & REG_READ_ONLY)
		return error_set(err, EPERM, "register %s: read-only", place->name);
	if (flags & REG_EARLY && regs->finalized)
		return error_set(err, EPERM, "register %s: the vCPU is finalized", place->name);
	if (flags & REG_BEFORE_RUN && regs->ran)
		return error_set(err, EPERM, "register %s: the vCPU has run", place->name);
	return 0;
}

/* Bits add up until they are written, and the last word about a bit counts. */
static void bits_write(struct regs *regs, const struct place *place, const uint8_t *bits)
{
	bool or_bits = regs_row(regs, place->row)->flags & REG_OR_BITS;
	unsigned int twin = or_bits ? place->row + 1 : place->row - 1;

	if (!reg_bit(regs->changed, place->row))
		memset(place->value, 0, place->size);
	for (unsigned int k = 0; k < place->size; k++) {
		place->value[k] |= bits[k];
		if (reg_bit(regs->changed, twin))
			regs_value(regs, twin)[k] &= ~bits[k];
	}
}

int reg_write(struct regs *regs, unsigned int number, const void *value, struct error *err)
{
	struct place place;
	int result;

	if (!place_find(regs, number, &place)) {
		unknown(number, place.name, "the write is ignored");
		return 0;
	}
	result = writable(regs, &place, err);
	if (result == 0 && place.size < regs_row(regs, place.row)->size)
		result = row_get(regs, place.row, err); /* the rest of the block */
	if (result == -ENOENT) {
		row_absent(regs, place.row, number, place.name, "the write is ignored");
		return 0;
	}
	if (result < 0)
		return result;
	if (regs_row(regs, place.row)->flags & WRITE_ONLY)
		bits_write(regs, &place, value);
	else
		memcpy(place.value, value, place.size);
	row_changed(regs, place.row);
	return 0;
}

int reg_get(struct regs *regs, unsigned int number, uint64_t *value, struct error *err)
{
	unsigned int size = reg_size(regs, number);

	*value = 0;
	if (size > sizeof(*value))
		return error_set(err, EINVAL, "register %u: %u bytes", number, size);
	return reg_read(regs, number, value, err);
}

int reg_set(struct regs *regs, unsigned int number, uint64_t value, struct error *err)
{
	unsigned int size = reg_size(regs, number);
	uint8_t bytes[sizeof(value)];

	if (size > sizeof(value))
		return error_set(err, EINVAL, "register %u: %u bytes", number, size);
	bytes_store_le(bytes, sizeof(bytes), value);
	return reg_write(regs, number, bytes, err);
}

/* ---- by class ---- */

/* Whether a refused GET says that the host has no such row. Of what the kernel has listed it
 * can't be said. */
static bool says_absent(const struct regs *regs, unsigned int i, int result)
{
	if (result == -ENOENT)
		return true;
	return (result == -EINVAL || result == -ENXIO || result == -ENOTTY || result == -EPERM) &&
	       (!regs->has_list || regs_row(regs, i)->flags & REG_BLOCK);
}

int regs_fetch(struct regs *regs, unsigned int classes, struct error *err)
{
	int result = regs_list(regs, err);

	for (unsigned int i = 0; result == 0 && i < regs_rows(regs); i++) {
		const struct reg_row *row = regs_row(regs, i);

		if (!(row->class & classes) || row->flags & WRITE_ONLY || reg_bit(regs->absent, i))
			continue;
		result = row_get(regs, i, err);
		if (says_absent(regs, i, result)) {
			bit_set(regs->absent, i);
			result = 0;
		}
	}
	return result;
}

int regs_flush(struct regs *regs, struct error *err)
{
	struct error later;
	int result = regs->dirty ? regs_settle(regs, err) : 0;

	if (result < 0)
		return result;
	for (unsigned int i = 0; regs->dirty && i < regs_rows(regs); i++) {
		int code = 0;

		if (i % 64 == 0 && !regs->changed[i / 64]) {
			i += 63;
			continue;
		}
		if (regs_row(regs, i)->class & regs->dirty && reg_bit(regs->changed, i))
			code = row_put(regs, i, result == 0 ? err : &later);
		result = result == 0 ? code : result;
	}
	regs->dirty = 0;
	return result;
}

void regs_metrics(const struct regs *regs, struct metrics *metrics)
{
	for (unsigned int class = 0; class < REG_CLASSES; class ++)
		for (unsigned int op = 0; op < REG_OPS; op++)
			metrics_add(metrics, METRIC_REGISTER_IOCTLS,
				    metrics_load(&regs->ioctls[class][op]), reg_class_names[class],
				    op_names[op]);
}
