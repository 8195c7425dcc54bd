/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's radix page tables, for a translation that is on or off. */
#ifndef MOTE_PPC64_WALK_H
#define MOTE_PPC64_WALK_H

#include "vmm/memory.h"
#include "vmm/regs.h"

/* -EFAULT: the address is not mapped. */
int walk(struct regs *regs, const struct memory *memory, bool on, uint64_t address,
	 uint64_t *physical, struct error *err);

#endif
