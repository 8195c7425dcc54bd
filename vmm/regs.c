/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/regs.h"

#include <errno.h>
#include <string.h>

#include "vmm/arch.h"
#include "vmm/bytes.h"
#include "vmm/kvm.h"

const char *const reg_class_names[REG_CLASSES] = {"runtime", "fpsimd", "reset",  "timer",
						  "debug",   "event",  "feature"};
static const char *const op_names[REG_OPS] = {"get", "set", "refused"};

static bool bit_test(const uint64_t *bits, unsigned int i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static void bit_set(uint64_t *bits, unsigned int i)
{
	bits[i / 64] |= 1ull << (i % 64);
}

static void bit_clear(uint64_t *bits, unsigned int i)
{
	bits[i / 64] &= ~(1ull << (i % 64));
}

static unsigned int row_size(const struct reg_row *row)
{
	return 1u << ((row->id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* One GET or SET of one row between the copy and the kernel. */
static int row_transfer(struct regs *regs, unsigned int i, unsigned long request, struct error *err)
{
	const struct reg_row *row = &arch_reg_rows[i];
	struct kvm_one_reg one = {.id = row->id, .addr = (uint64_t)(uintptr_t)regs->values[i]};
	int result = kvm_ioctl(regs->vcpu_fd, request, &one);
	enum reg_op op = result < 0 ? REG_REFUSED : request == KVM_GET_ONE_REG ? REG_GET : REG_SET;

	metrics_count(&regs->ioctls[__builtin_ctz(row->class)][op]);
	if (result < 0)
		return error_set(err, -result, "register %s: %s: %s", row->name,
				 request == KVM_GET_ONE_REG ? "KVM_GET_ONE_REG" : "KVM_SET_ONE_REG",
				 strerror(-result));
	return 0;
}

void regs_init(struct regs *regs, int vcpu_fd)
{
	regs->vcpu_fd = vcpu_fd;
	regs->dirty = 0;
	memset(regs->changed, 0, sizeof(regs->changed));
	memset(regs->ioctls, 0, sizeof(regs->ioctls));
	regs_invalidate(regs);
}

int reg_get(struct regs *regs, unsigned int row, uint64_t *value, struct error *err)
{
	if (!bit_test(regs->changed, row) && !bit_test(regs->valid, row)) {
		int result = row_transfer(regs, row, KVM_GET_ONE_REG, err);

		if (result < 0)
			return result;
		bit_set(regs->valid, row);
	}
	*value = bytes_load_le(regs->values[row], row_size(&arch_reg_rows[row]));
	return 0;
}

int reg_set(struct regs *regs, unsigned int row, uint64_t value, struct error *err)
{
	const struct reg_row *r = &arch_reg_rows[row];

	if (r->flags & REG_READ_ONLY)
		return error_set(err, EPERM, "register %s: read-only", r->name);
	bytes_store_le(regs->values[row], row_size(r), value);
	bit_set(regs->changed, row);
	regs->dirty |= r->class;
	return 0;
}

int regs_flush(struct regs *regs, struct error *err)
{
	for (unsigned int i = 0; regs->dirty && i < arch_reg_count; i++) {
		if (!bit_test(regs->changed, i))
			continue;
		int result = row_transfer(regs, i, KVM_SET_ONE_REG, err);

		if (result < 0)
			return result;
		bit_clear(regs->changed, i);
		bit_clear(regs->valid, i);
	}
	regs->dirty = 0;
	return 0;
}

void regs_invalidate(struct regs *regs)
{
	memset(regs->valid, 0, sizeof(regs->valid));
}

void regs_metrics(const struct regs *regs, struct metrics *metrics)
{
	for (unsigned int class = 0; class < REG_CLASSES; class ++)
		for (unsigned int op = 0; op < REG_OPS; op++)
			metrics_add(metrics, METRIC_REGISTER_IOCTLS,
				    metrics_load(&regs->ioctls[class][op]), reg_class_names[class],
				    op_names[op]);
}
