/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of both POWER register tables share: a scripted kernel whose vCPU has the blocks
 * of KVM_GET/SET_REGS and SREGS and no KVM_GET_REG_LIST, and what holds of every table. Included
 * once by each, compiled with POWER's asm/kvm.h. */
#ifndef MOTE_TEST_PPC64_FIXTURE_H
#define MOTE_TEST_PPC64_FIXTURE_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "vmm/bytes.h"
#include "vmm/reg_image.h"
#include "vmm/regs.h"

enum { FD = 7, HOST_PVR = 0x004e1202 };

/* The kernel's side. */
static struct kvm_regs kernel_regs;
static struct kvm_sregs kernel_sregs;

static struct regs regs;
static struct error err;

/* What differs by family. */
static void kernel_get_sregs(struct kvm_sregs *sregs);
static void kernel_set_regs(const struct kvm_regs *from);
static int kernel_set_sregs(const struct kvm_sregs *sregs);

/* Like KVM_{GET,SET}_{REGS,SREGS}: what is copied in or out need not be aligned. */
static int kernel_block(int fd, unsigned long request, void *argument)
{
	static struct kvm_regs own_regs;
	static struct kvm_sregs own_sregs;

	if (fd != FD)
		return -EBADF;
	switch (request) {
	case KVM_GET_REGS:
		memcpy(argument, &kernel_regs, sizeof(kernel_regs));
		return 0;
	case KVM_SET_REGS:
		memcpy(&own_regs, argument, sizeof(own_regs));
		kernel_set_regs(&own_regs);
		return 0;
	case KVM_GET_SREGS:
		kernel_get_sregs(&own_sregs);
		memcpy(argument, &own_sregs, sizeof(own_sregs));
		return 0;
	case KVM_SET_SREGS:
		memcpy(&own_sregs, argument, sizeof(own_sregs));
		return kernel_set_sregs(&own_sregs);
	default:
		return -ENOTTY;
	}
}

static void kernel_init(bool (*set_one)(struct fake_call *call, const void *value))
{
	fake_kvm_reset();
	memset(&kernel_regs, 0, sizeof(kernel_regs));
	memset(&kernel_sregs, 0, sizeof(kernel_sregs));
	kernel_sregs.pvr = HOST_PVR;
	fake_kvm.other = kernel_block;
	fake_kvm.set_one = set_one;
	fake_kvm_refuse(KVM_GET_REG_LIST, FAKE_ANY, EINVAL);
}

static int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	return 0;
}

/* ---- ours ---- */

static uint64_t get(unsigned int number)
{
	uint64_t value = 0xdead;

	assert_ok(reg_get(&regs, number, &value, &err), err);
	return value;
}

static void set(unsigned int number, uint64_t value)
{
	assert_ok(reg_set(&regs, number, value, &err), err);
}

static void flush(void)
{
	assert_ok(regs_flush(&regs, &err), err);
}

static uint64_t id(unsigned int row)
{
	return regs.table->rows[row].id;
}

static unsigned int sets(void)
{
	return fake_kvm_count(KVM_SET_ONE_REG) + fake_kvm_count(KVM_SET_REGS) +
	       fake_kvm_count(KVM_SET_SREGS);
}

static unsigned int sets_of(unsigned int row)
{
	unsigned int count = 0;

	for (unsigned int n = 0; fake_kvm_call(KVM_SET_ONE_REG, n); n++)
		count += fake_kvm_call(KVM_SET_ONE_REG, n)->id == id(row);
	return count;
}

/* What everybody who wants to see everything does. */
static void look_at_everything(void)
{
	static struct reg_marks marks;

	assert_ok(regs_inspect(&regs, &marks, &err), err);
}

static uint64_t random_seed;

static uint64_t random_next(void)
{
	random_seed ^= random_seed << 13;
	random_seed ^= random_seed >> 7;
	random_seed ^= random_seed << 17;
	return random_seed;
}

static void random_fill(void *to, size_t size)
{
	for (uint8_t *byte = to; size-- > 0; byte++)
		*byte = (uint8_t)random_next();
}

/* ---- what holds of every table ---- */

static const char *name_of(const struct reg_table *table, unsigned int number)
{
	return number < table->row_count ? table->rows[number].name
					 : table->fields[number - table->row_count].name;
}

static void check_names_and_ids(const struct reg_table *table)
{
	unsigned int count = table->row_count + table->field_count;

	for (unsigned int a = 0; a < count; a++)
		for (unsigned int b = 0; b < a; b++) {
			if (strcmp(name_of(table, a), name_of(table, b)) == 0)
				fail_msg("two of the name %s", name_of(table, a));
			if (a < table->row_count && table->rows[a].id == table->rows[b].id)
				fail_msg("%s and %s have one id", name_of(table, a),
					 name_of(table, b));
		}
}

static void check_row(const struct reg_row *row)
{
	if (row->flags & REG_BLOCK) {
		assert_in_range(row->id, 1, 255);
		assert_true(row->get && row->set);
	} else {
		assert_int_equal(row->id & KVM_REG_ARCH_MASK, KVM_REG_PPC);
		assert_int_equal(row->size, REG_ID_SIZE(row->id));
	}
	assert_true(row->class && (row->class & REG_ALL) == row->class);
	assert_int_equal(row->class & (row->class - 1), 0);
}

/* A register that is written bit by bit: itself never, and then the two that do it. */
static void check_bit_rows(const struct reg_table *table, unsigned int i)
{
	const struct reg_row *row = &table->rows[i];
	const uint32_t never = REG_READ_ONLY | REG_VOLATILE;

	if (row->flags & REG_OR_BITS) {
		assert_true(i > 0 && i + 1 < table->row_count);
		assert_int_equal(row[-1].flags & never, never);
		assert_true(row[1].flags & REG_CLEAR_BITS);
		assert_int_equal(row[-1].size, row->size);
		assert_int_equal(row[1].size, row->size);
	}
	if (row->flags & REG_CLEAR_BITS)
		assert_true(i > 1 && row[-1].flags & REG_OR_BITS);
}

static void check_fields(const struct reg_table *table)
{
	for (unsigned int a = 0; a < table->field_count; a++) {
		const struct reg_field *field = &table->fields[a];

		assert_in_range(field->row, 0, table->row_count - 1);
		assert_true(field->size == 4 || field->size == 8);
		assert_true(field->offset + field->size <= table->rows[field->row].size);
		for (unsigned int b = 0; b < a; b++) {
			const struct reg_field *other = &table->fields[b];

			if (field->row == other->row &&
			    field->offset < other->offset + other->size &&
			    other->offset < field->offset + field->size)
				fail_msg("%s and %s overlap", field->name, other->name);
		}
	}
}

static void check_table(const struct reg_table *table)
{
	uint32_t end = 0;

	assert_in_range(table->row_count, 1, REG_ROWS_MAX / 2);
	check_names_and_ids(table);
	for (unsigned int i = 0; i < table->row_count; i++) {
		const struct reg_row *row = &table->rows[i];

		check_row(row);
		check_bit_rows(table, i);
		assert_true(row->offset >= end);
		end = row->offset + row->size;
	}
	assert_true(end <= table->bytes);
	check_fields(table);
}

/* Whether a row has this number of asm/kvm.h, whatever its size; tm: KVM_REG_PPC_TM's. */
static bool has_number(const struct reg_table *table, unsigned int number, bool tm)
{
	const uint64_t want = (tm ? KVM_REG_PPC_TM : KVM_REG_PPC) | number;

	for (unsigned int i = 0; i < table->row_count; i++)
		if (!(table->rows[i].flags & REG_BLOCK) &&
		    (table->rows[i].id & ~KVM_REG_SIZE_MASK) == want)
			return true;
	return false;
}

#endif
