/* SPDX-License-Identifier: Apache-2.0 */
/* Register synchronisation: a copy of one vCPU's registers that is fetched row by row when
 * somebody asks, and written back only where somebody changed something.
 *
 *   row     one register as KVM transfers it (one ioctl); the unit of fetch, validity, change
 *   class   a set of rows, one bit; classes are exclusive, masks are unions, never levels
 *   dirty   classes that hold a changed row: the first question before every run
 *
 * A read makes nothing dirty. A write fetches nothing. regs_flush() writes changed rows only,
 * in table order; what the kernel made of them is fetched anew when asked for. Callers name
 * registers, never classes. vCPU thread only, or before that thread starts. */
#ifndef MOTE_REGS_H
#define MOTE_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/metrics.h"

enum reg_class {
	REG_RUNTIME = 1 << 0, /* general registers, PC, flags */
	REG_FPSIMD = 1 << 1, /* floating point and vectors */
	REG_RESET = 1 << 2, /* system registers that the kernel leaves alone */
	REG_TIMER = 1 << 3, /* the kernel runs them while the vCPU stands */
	REG_DEBUG = 1 << 4, /* breakpoints, watchpoints */
	REG_EVENT = 1 << 5, /* pending events, MP state: KVM and other vCPUs change them */
	REG_FEATURE = 1 << 6, /* only before the first run */
};

enum { REG_CLASSES = 7 };
extern const char *const reg_class_names[REG_CLASSES]; /* by the bit's number */

enum reg_flag {
	REG_READ_ONLY = 1 << 0,
};

enum { REG_ROWS_MAX = 256, REG_BYTES_MAX = 16 };

enum reg_op { REG_GET, REG_SET, REG_REFUSED, REG_OPS }; /* REFUSED: either, with an error */

struct reg_row {
	const char *name; /* the architecture manual's, lower case */
	uint64_t id; /* KVM_GET/SET_ONE_REG */
	enum reg_class class;
	unsigned int flags;
};

struct regs {
	int vcpu_fd;
	unsigned int dirty; /* classes */
	uint64_t valid[REG_ROWS_MAX / 64]; /* rows whose value here is the kernel's */
	uint64_t changed[REG_ROWS_MAX / 64]; /* rows whose value here is newer than the kernel's */
	uint8_t values[REG_ROWS_MAX][REG_BYTES_MAX]; /* little-endian */
	uint64_t ioctls[REG_CLASSES][REG_OPS]; /* counters, vmm/metrics.h */
};

void regs_init(struct regs *regs, int vcpu_fd);

/* One register of at most 8 bytes by its row in the architecture's table. The message names
 * the register. Writing a read-only one: -EPERM. */
int reg_get(struct regs *regs, unsigned int row, uint64_t *value, struct error *err);
int reg_set(struct regs *regs, unsigned int row, uint64_t value, struct error *err);

/* Before every KVM_RUN: writes what was changed. */
int regs_flush(struct regs *regs, struct error *err);

/* After every KVM_RUN: nothing here is known to be the kernel's any more. */
void regs_invalidate(struct regs *regs);

/* Adds what was transferred to the metrics. Any thread. */
void regs_metrics(const struct regs *regs, struct metrics *metrics);

#endif
