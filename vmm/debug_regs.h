/* SPDX-License-Identifier: Apache-2.0 */
/* The registers as gdb sees them: numbered, and described in its XML. First the architecture's
 * features by gdb's own names, then, as "org.mote.system", every other register that the table of
 * arch/X/regs.h has and this host too. Source: GDB manual, appendix G. */
#ifndef MOTE_DEBUG_REGS_H
#define MOTE_DEBUG_REGS_H

#include "vmm/arch.h"

struct debug_regs {
	unsigned int count, general; /* the first `general` are those of a g packet */
	struct gdb_register *list; /* heap */
};

/* Looks at what the host has; on the vCPU's thread, as the two accessors. */
int debug_regs_init(struct debug_regs *all, struct regs *regs, struct error *err);
void debug_regs_finish(struct debug_regs *all);

unsigned int debug_regs_size(const struct debug_regs *all, unsigned int number); /* 0: none */
/* Exactly debug_regs_size() bytes. */
int debug_regs_read(const struct debug_regs *all, struct regs *regs, unsigned int number,
		    void *value, struct error *err);
int debug_regs_write(const struct debug_regs *all, struct regs *regs, unsigned int number,
		     const void *value, struct error *err);

/* target.xml, on the heap; NULL: out of memory. */
char *debug_regs_xml(const struct debug_regs *all);

#endif
