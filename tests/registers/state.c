/* SPDX-License-Identifier: Apache-2.0 */
/* Every register that KVM has, changed where KVM lets it be changed, comes back in a new vCPU
 * of another VM. */
#include <stdlib.h>
#include <string.h>

#include "tests/registers/machine.h"

enum { VALUE_MAX = 256 };

/* ---- a vCPU unlike a new one ---- */

static bool same(const struct reg_row *row, const uint8_t *a, const uint8_t *b)
{
	uint64_t status = row->flags >> 16;

	for (unsigned int k = 0; k < row->size; k++, status >>= 8)
		if ((a[k] ^ b[k]) & ~(unsigned int)(status & 0xff))
			return false;
	return true;
}

/* Whether the register has another value than `old` after this was written. */
static bool takes(struct regs *regs, unsigned int row, const uint8_t *old, const uint8_t *value)
{
	uint8_t now[VALUE_MAX];
	struct error err;

	tap_must(reg_write(regs, row, value, &err), &err);
	if (regs_flush(regs, &err) < 0)
		return false;
	tap_must(reg_read(regs, row, now, &err), &err);
	return !same(regs_row(regs, row), old, now);
}

/* All bits the other way round; where KVM refuses that, the first bit that it lets go. */
static bool change(struct regs *regs, unsigned int row)
{
	uint8_t old[VALUE_MAX], value[VALUE_MAX];
	unsigned int size = reg_size(regs, row);
	struct error err;

	tap_must(reg_read(regs, row, old, &err), &err);
	for (unsigned int k = 0; k < size; k++)
		value[k] = (uint8_t)~old[k];
	if (takes(regs, row, old, value))
		return true;
	for (unsigned int bit = 0; bit < 8 * size; bit++) {
		memcpy(value, old, size);
		value[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (takes(regs, row, old, value))
			return true;
	}
	return false;
}

/* Bits that a new vCPU has, and this one has not. */
static void clear_bits(struct test_cpu *cpu)
{
	struct error err;

	for (unsigned int i = 0; i < arch_regs.row_count; i++)
		if (arch_regs.rows[i].flags & REG_COMPLEMENT && !reg_bit(cpu->regs.absent, i))
			tap_must(reg_set(&cpu->regs, i, 1 << 1, &err), &err);
	tap_must(regs_flush(&cpu->regs, &err), &err);
}

/* How many rows have another value than before. Blocks apart. */
static unsigned int change_all(struct test_cpu *cpu)
{
	const uint32_t left_alone =
		REG_READ_ONLY | REG_CLOCK | REG_EARLY | REG_BLOCK | REG_COMPLEMENT;
	unsigned int changed = 0;
	struct error err;

	tap_must(regs_fetch(&cpu->regs, REG_ALL, &err), &err); /* tells what there is */
	for (unsigned int i = 0; i < regs_rows(&cpu->regs); i++)
		if (!(regs_row(&cpu->regs, i)->flags & left_alone) && !reg_bit(cpu->regs.absent, i))
			changed += change(&cpu->regs, i);
	return changed;
}

/* How many rows there are that KVM takes no other value for, and how many it does all the same. */
static unsigned int read_only_rows(struct test_cpu *cpu, unsigned int *written)
{
	unsigned int count = 0;
	struct error err;

	*written = 0;
	tap_must(regs_fetch(&cpu->regs, REG_ALL, &err), &err);
	cpu->regs.table = test_bold_table();
	for (unsigned int i = 0; i < arch_regs.row_count; i++) {
		if (!(arch_regs.rows[i].flags & REG_READ_ONLY) || reg_bit(cpu->regs.absent, i))
			continue;
		count++;
		if (change(&cpu->regs, i)) {
			tap_note("%s takes another value", arch_regs.rows[i].name);
			++*written;
		}
	}
	cpu->regs.table = &arch_regs;
	return count;
}

/* ---- images ---- */

/* What a copy that knows nothing yet finds. */
static unsigned int save(const struct test_cpu *cpu, struct reg_image *image)
{
	unsigned int absent = 0, rows;
	struct regs copy;
	struct error err;

	test_cpu_copy(cpu, &copy);
	tap_must(regs_save(&copy, image, &err), &err);
	for (unsigned int i = 0; i < regs_rows(&copy); i++)
		absent += reg_bit(copy.absent, i);
	rows = regs_rows(&copy) - absent;
	regs_finish(&copy);
	return rows;
}

static void different(void *context, uint64_t id, const struct reg_row *row, const void *a,
		      const void *b)
{
	uint64_t low_a = 0, low_b = 0;
	unsigned int size = row && row->size < 8 ? row->size : 8;

	(void)context;
	if (a)
		memcpy(&low_a, a, size);
	if (b)
		memcpy(&low_b, b, size);
	tap_note("%s 0x%llx: %s%llx, %s%llx", row ? row->name : "?", (unsigned long long)id,
		 a ? "0x" : "none ", (unsigned long long)low_a, b ? "0x" : "none ",
		 (unsigned long long)low_b);
}

static void quietly(void *context, uint64_t id, const struct reg_row *row, const void *a,
		    const void *b)
{
	(void)context, (void)id, (void)row, (void)a, (void)b;
}

/* A new vCPU that an image is put into. */
static void restored(const struct reg_image *image, const struct reg_image *baseline, bool more)
{
	const char *how = baseline ? "what differs" : "everything";
	struct reg_image again;
	struct test_cpu cpu;
	struct regs *regs = &cpu.regs;
	uint64_t gets;
	struct error err;

	test_cpu_init(&cpu, more);
	tap_must(regs_restore(regs, image, baseline, REG_RESTORE_EARLY, &err), &err);
	test_cpu_finalize(&cpu);
	gets = test_count(regs, REG_GET); /* of the machine's own */
	tap_must(regs_restore(regs, image, baseline, REG_RESTORE_REST, &err), &err);
	tap_must(regs_restore(regs, image, baseline, REG_RESTORE_LATE, &err), &err);
	tap_point(test_count(regs, REG_GET) == gets && test_count(regs, REG_REFUSED) == 0,
		  "%s is restored by %u SETs and no GET (%s)", how,
		  (unsigned int)test_count(regs, REG_SET), test_ioctls(regs));
	save(&cpu, &again);
	tap_point(reg_image_diff(&arch_regs, image, &again, different, NULL) == 0,
		  "%s restored reads back equal", how);
	tap_point(test_arch_blocks_changed(regs), "blocks of registers come back (%s)", how);
	reg_image_free(&again);
	test_cpu_finish(&cpu);
}

static void round_trip(bool more)
{
	struct reg_image baseline, image;
	struct test_cpu fresh, used;
	unsigned int rows, again, changed, read_only, written;
	struct regs copy;
	struct error err;

	test_cpu_init(&fresh, more);
	test_cpu_finalize(&fresh);
	rows = save(&fresh, &baseline);
	test_cpu_copy(&fresh, &copy);
	tap_must(regs_list(&copy, &err), &err);
	tap_point(copy.extra_count == 0,
		  "vCPU features 0x%x: %u rows of %u are on this host, %u listed without a name",
		  fresh.vm.machine.vcpu_features, rows, arch_regs.row_count, copy.extra_count);
	regs_finish(&copy);
	test_cpu_init(&used, more);
	test_arch_change_early(&used);
	test_cpu_finalize(&used);
	changed = change_all(&used);
	clear_bits(&used);
	test_arch_change_blocks(&used);
	again = save(&used, &image);
	tap_point(again == rows && changed > rows / 2,
		  "%u rows take another value; %u registers differ from a new vCPU's", changed,
		  reg_image_diff(&arch_regs, &baseline, &image, quietly, NULL));
	read_only = read_only_rows(&fresh, &written);
	tap_point(written == 0, "%u rows are read-only, KVM takes another value for %u", read_only,
		  written);
	restored(&image, &baseline, more);
	restored(&image, NULL, more);
	reg_image_free(&image);
	reg_image_free(&baseline);
	test_cpu_finish(&used);
	test_cpu_finish(&fresh);
}

void test_state(void)
{
	struct test_vm vm;
	bool more;

	test_vm_init(&vm, 1, false);
	more = test_arch_has_more(&vm);
	test_vm_finish(&vm);
	round_trip(false);
	if (more)
		round_trip(true);
}
