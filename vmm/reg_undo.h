/* SPDX-License-Identifier: Apache-2.0 */
/* Registers back to an image, in the vCPU that has run: every row that the guest can change
 * (REG_GUEST) is written, whatever it holds, and none is read. What only a new vCPU takes, or what
 * no guest can reach, is as it was. */
#ifndef MOTE_REG_UNDO_H
#define MOTE_REG_UNDO_H

#include "vmm/reg_image.h"

/* In this order. Whoever keeps the time writes the REG_CLOCK rows after REG_UNDO_OFF, and the
 * interrupt controller is put back before REG_UNDO_LATE. */
enum reg_undo_step {
	REG_UNDO_OFF, /* REG_ENABLE rows to zero */
	REG_UNDO_REST,
	REG_UNDO_LATE, /* REG_LATE */
	REG_UNDO_ON, /* REG_ENABLE rows */
	REG_UNDO_STEPS
};

/* What there is to write, worked out once. */
struct reg_undo {
	const uint8_t **values; /* by row, in the image; heap */
	reg_bits rows[REG_UNDO_STEPS];
	reg_bits strange; /* rows of this host alone: written where they differ */
};

/* The image is borrowed until reg_undo_finish(), and is of this vCPU's machine: what it has and
 * the host has not is left out. reg_undo_finish() also after a failure. */
int reg_undo_init(struct reg_undo *undo, struct regs *regs, const struct reg_image *image,
		  struct error *err);
void reg_undo_finish(struct reg_undo *undo);

/* The vCPU's thread, as all of vmm/regs.h. */
int regs_undo(struct regs *regs, const struct reg_undo *undo, enum reg_undo_step step,
	      struct error *err);

#endif
