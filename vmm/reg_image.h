/* SPDX-License-Identifier: Apache-2.0 */
/* All registers of one vCPU as bytes that outlive it: made by a walk of the table, put into
 * another vCPU by a walk of the same table.
 *
 * Format, little-endian: records in table order, each a register id of KVM's (8 bytes), the
 * value's size (4), zero (4), the value, zeros up to a multiple of 8. An image may come from
 * elsewhere: whatever its bytes are, they are refused or used, never trusted. */
#ifndef MOTE_REG_IMAGE_H
#define MOTE_REG_IMAGE_H

#include "vmm/regs.h"

struct reg_image {
	uint8_t *data; /* heap; NULL: empty */
	size_t size;
};

/* Every register that can be read, changes that are not yet the kernel's included. The caller
 * frees with reg_image_free(). */
int regs_save(struct regs *regs, struct reg_image *image, struct error *err);
void reg_image_free(struct reg_image *image);

/* The steps of a restore, in this order. Between the last two the caller restores the interrupt
 * controller with its line levels; whoever keeps the time writes the REG_CLOCK rows before
 * REG_RESTORE_REST. */
enum reg_restore {
	REG_RESTORE_EARLY, /* before regs_finalized(): REG_EARLY */
	REG_RESTORE_REST, /* REG_ENABLE rows off, then all other rows */
	REG_RESTORE_LATE, /* REG_LATE, then the REG_ENABLE rows */
};

/* Puts an image into a vCPU. Rows whose value is that of `baseline`, what a vCPU of this kind
 * holds when it is new, are left alone; NULL: nothing is known. Nothing is read. An error names
 * the register: one that this host does not have, or does not take. */
int regs_restore(struct regs *regs, const struct reg_image *image, const struct reg_image *baseline,
		 enum reg_restore step, struct error *err);

/* What differs, status bits and REG_VOLATILE rows apart: called for each register of either
 * image with its row, or NULL where the table has none of the values' size, and its values, NULL
 * where there is none. Returns how many. */
typedef void reg_difference(void *context, uint64_t id, const struct reg_row *row, const void *a,
			    const void *b);
unsigned int reg_image_diff(const struct reg_table *table, const struct reg_image *a,
			    const struct reg_image *b, reg_difference *differs, void *context);

/* A look at everything. The state of the copy before the look is kept in *marks. */
struct reg_marks {
	reg_bits valid, changed, refused;
};
int regs_inspect(struct regs *regs, struct reg_marks *marks, struct error *err);

/* Tells of each register that a look has found, field by field where a row is a block. `name`
 * is valid during the call. */
struct reg_view {
	const char *name;
	enum reg_class class;
	const uint8_t *value;
	unsigned int size;
	bool valid, changed, refused; /* before the look */
	uint64_t refused_value; /* low 64 bits of what the kernel refused */
};
void regs_view(const struct regs *regs, const struct reg_marks *marks,
	       void (*visit)(void *context, const struct reg_view *view), void *context);

/* ---- for reg_undo.c ---- */

struct reg_record {
	uint64_t id;
	uint32_t size;
	const uint8_t *value;
};

/* The record at *offset, which moves on: 1; 0 at the end; -1: not a record. */
int reg_record_next(const struct reg_image *image, size_t *offset, struct reg_record *record);

/* The row of that id; the search begins at *hint, which becomes what is behind it. */
bool reg_record_row(const struct regs *regs, uint64_t id, unsigned int *hint, unsigned int *row);

#endif
