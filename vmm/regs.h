/* SPDX-License-Identifier: Apache-2.0 */
/* Register synchronisation: a copy of one vCPU's registers that is fetched row by row when
 * somebody asks, and written back only where somebody changed something.
 *
 *   row     what KVM transfers by one ioctl: one register, or a block of them; the unit of
 *           fetch, validity and change
 *   class   a set of rows, one bit; classes are exclusive, masks are unions, never levels
 *   dirty   classes that hold a changed row: the first question before every run
 *   table   all rows of an architecture, in restore order; every operation is a walk of it
 *
 * A read makes nothing dirty. A write of a row fetches nothing; a write of a field fetches its
 * block. regs_flush() writes changed rows only, in table order; what the kernel made of them
 * is fetched anew when asked for. An exit that KVM has not finished (it owes the guest a PC
 * step or a result) is finished before anything is read or written. Callers name registers,
 * never classes.
 *
 * vCPU thread only, or while that thread does not exist. Values are in memory as KVM has them,
 * little-endian on every host that there is.
 * Source: Linux Documentation/virt/kvm/api.rst, KVM_GET_ONE_REG, KVM_GET_REG_LIST. */
#ifndef MOTE_REGS_H
#define MOTE_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/kvm.h"
#include "vmm/metrics.h"

enum reg_class {
	REG_RUNTIME = 1 << 0, /* general registers, PC, flags */
	REG_FPSIMD = 1 << 1, /* floating point and vectors */
	REG_RESET = 1 << 2, /* system registers that the kernel leaves alone */
	REG_TIMER = 1 << 3, /* the kernel runs them while the vCPU stands */
	REG_DEBUG = 1 << 4, /* breakpoints, watchpoints */
	REG_EVENT = 1 << 5, /* pending events, MP state: KVM and other vCPUs change them */
	REG_FEATURE = 1 << 6, /* what the vCPU is; mostly only before the first run */
};

enum { REG_CLASSES = 7, REG_ALL = (1 << REG_CLASSES) - 1 };
extern const char *const reg_class_names[REG_CLASSES]; /* by the bit's number */

enum reg_flag {
	REG_READ_ONLY = 1 << 0, /* KVM takes no other value than its own */
	REG_OR_BITS = 1 << 1, /* write-only: sets bits of the row before it, atomically; that row is
				 read-only and volatile */
	REG_CLEAR_BITS = 1 << 2, /* write-only, next to REG_OR_BITS: clears bits of that row */
	REG_VOLATILE = 1 << 3, /* changes while the vCPU stands: a copy is never valid */
	REG_EARLY = 1 << 4, /* written only before regs_finalized() */
	REG_BEFORE_RUN = 1 << 5, /* written only before the first run */
	REG_GUEST = 1 << 6, /* the guest can change it: a reset in place writes it */
	REG_SHARED = 1 << 7, /* one for several vCPUs: of a core, or of the VM */
	REG_CLOCK = 1 << 8, /* a counter: whoever keeps the time writes it, no walk does */
	REG_ENABLE = 1 << 9, /* a restore writes zero first, and its value last */
	REG_LATE = 1 << 10, /* restored after the interrupt controller */
	REG_BLOCK = 1 << 11, /* not by KVM_GET/SET_ONE_REG, but by ioctls of its own */
	REG_COMPLEMENT = 1 << 12, /* reads as the row after it, whose bits a write of ones clears: a
				     restore writes the complement first */
};
/* Bits (of the low 16) that are status: they don't count when values are compared. */
#define REG_STATUS_BITS(bits) ((uint32_t)(bits) << 16)

struct reg_row {
	const char *name; /* the architecture manual's */
	uint64_t id; /* KVM's; REG_BLOCK: REG_BLOCK_ID() */
	enum reg_class class;
	uint32_t flags;
	uint32_t offset, size; /* in the copy, bytes */
	unsigned long get, set; /* REG_BLOCK: the ioctls; set 0: none */
};

/* What identifies a block where registers are told by id. No architecture of KVM's has 0 in
 * the top byte. */
#define REG_BLOCK_ID(n) ((uint64_t)(n))

/* A register inside a block. Its number follows those of the rows. */
struct reg_field {
	const char *name;
	uint32_t row;
	uint32_t offset, size; /* in the block; size 1, 2, 4 or 8 */
};

struct reg_table {
	const struct reg_row *rows;
	const struct reg_field *fields;
	uint32_t row_count, field_count;
	uint32_t bytes; /* of a whole copy */
};

/* For tables: the size that a KVM register id carries. */
#define REG_ID_SIZE(id) (1u << (((id)&KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT))

enum { REG_ROWS_MAX = 1024 }; /* with those that only this host has */
enum reg_op { REG_GET, REG_SET, REG_REFUSED, REG_OPS }; /* REFUSED: either, with an error */

typedef uint64_t reg_bits[REG_ROWS_MAX / 64]; /* a set of rows */

struct regs {
	const struct reg_table *table;
	int vcpu_fd;
	struct kvm_run *run; /* to finish exits; NULL: there are none */
	const uint64_t
		*page_tables; /* of struct machine, for who walks them; NULL: there are none */
	unsigned int dirty; /* classes */
	bool owed; /* KVM finishes the last exit only when it is entered again */
	bool ran, finalized;
	bool as_table; /* regs_trust_table() */
	bool listed; /* absent and extra are known, where the kernel has a list: */
	bool has_list;
	reg_bits valid; /* rows whose value here is the kernel's */
	reg_bits changed; /* rows whose value here is newer than the kernel's */
	reg_bits refused; /* rows whose last write the kernel refused */
	reg_bits absent; /* rows that this host does not have */
	uint8_t *values; /* the copy; what is neither valid nor changed is garbage */
	struct reg_row *extra; /* rows that no table has, behind the table's: class RESET */
	unsigned int extra_count;
	uint8_t *extra_values;
	uint64_t *refused_values; /* by row, low 64 bits; NULL: none was refused */
	uint64_t ioctls[REG_CLASSES][REG_OPS]; /* counters, vmm/metrics.h */
};

/* -ENOMEM without the room for the copy. regs_finish() also after that. */
int regs_init(struct regs *regs, const struct reg_table *table, int vcpu_fd, struct kvm_run *run,
	      struct error *err);
void regs_finish(struct regs *regs);

/* One register of at most 8 bytes by its number: a row's place in the table, or row_count and
 * a field's place. Messages name the register. A register that there is not, in the table or
 * on this host, reads as zero and takes no write, with a warning; built with MOTE_DEBUG, the
 * process stops there. -EPERM: read-only, write-only, or too late to be written. */
int reg_get(struct regs *regs, unsigned int number, uint64_t *value, struct error *err);
int reg_set(struct regs *regs, unsigned int number, uint64_t value, struct error *err);

/* The same for registers of any size: exactly reg_size() bytes. */
unsigned int reg_size(const struct regs *regs, unsigned int number); /* 0: not in the table */
int reg_read(struct regs *regs, unsigned int number, void *value, struct error *err);
int reg_write(struct regs *regs, unsigned int number, const void *value, struct error *err);

/* Gets every row of these classes that is neither valid nor changed. What the host does not
 * have is left out. */
int regs_fetch(struct regs *regs, unsigned int classes, struct error *err);

/* Before every KVM_RUN: writes what was changed. A row that the kernel refuses is remembered
 * with its value, is not tried again until it is set again, and does not keep the others from
 * being written; the first such error is returned. */
int regs_flush(struct regs *regs, struct error *err);

/* After every KVM_RUN: nothing here is known to be the kernel's any more. */
void regs_returned(struct regs *regs, bool owed);

/* Lets KVM finish the last exit, without a step of the guest. */
enum { EXIT_TO_LISTEN = 1 << 0, EXIT_TO_SETTLE = 1 << 1 }; /* in kvm_run.immediate_exit, atomic */
int regs_settle(struct regs *regs, struct error *err);

/* The vCPU is as after KVM_ARM_VCPU_INIT or its like: every copy and every change is void. The
 * ioctl does not cancel what KVM owes: regs_settle() before it. Nor is it a new vCPU: once it
 * has run or is finalized, it stays so. */
void regs_reset(struct regs *regs);

/* No fetch, save or look before it where something is to be finalized: until then the kernel
 * does not list everything. */
void regs_finalized(struct regs *regs);

/* Adds what was transferred to the metrics. Any thread. */
void regs_metrics(const struct regs *regs, struct metrics *metrics);

/* For walks: rows of the table and then of this host alone. */
unsigned int regs_rows(const struct regs *regs);
const struct reg_row *regs_row(const struct regs *regs, unsigned int row);
uint8_t *regs_value(const struct regs *regs, unsigned int row);

static inline bool reg_bit(const uint64_t *bits, unsigned int row)
{
	return bits[row / 64] >> (row % 64) & 1;
}

/* Whether the host has the row, asking the kernel for its list once (KVM_GET_REG_LIST). */
int regs_list(struct regs *regs, struct error *err);

/* For a restore on the very kernel that the image is from: whatever is in the image, the host has,
 * so its list, which is long, need not be asked for. Ends with the restore. */
void regs_trust_table(struct regs *regs, bool trust);

#endif
