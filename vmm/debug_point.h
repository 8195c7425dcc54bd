/* SPDX-License-Identifier: Apache-2.0 */
/* The words in which a debugger and an architecture speak of breakpoints, of what stopped a vCPU,
 * and of registers by gdb's names. Types only. */
#ifndef MOTE_DEBUG_POINT_H
#define MOTE_DEBUG_POINT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DEBUG_POINTS_MAX = 32, /* of the hardware's, in one vCPU */
	DEBUG_PLACES_MAX = 4, /* where one step may end */
	DEBUG_TRAP_MAX = 4, /* bytes of the instruction that traps */
	DEBUG_STEP_TRAPS_MAX = 24, /* where one step may end, where memory is what traps */
};

/* What the host's hardware offers. */
struct debug_limits {
	unsigned int breakpoints, watchpoints;
	bool step; /* a vCPU can be stepped */
	bool step_by_kvm; /* KVM does it when it is asked to */
};

struct debug_point {
	enum debug_kind { DEBUG_EXECUTE, DEBUG_WRITE, DEBUG_READ, DEBUG_ACCESS } kind;
	uint64_t address, length; /* virtual; bytes */
};

/* What a KVM_EXIT_DEBUG was. */
struct debug_event {
	enum debug_cause {
		DEBUG_STEPPED,
		DEBUG_TRAP, /* an instruction that traps */
		DEBUG_BREAKPOINT, /* the hardware's */
		DEBUG_WATCHPOINT,
		DEBUG_UNKNOWN,
	} cause;
	uint64_t pc;
	uint64_t data; /* DEBUG_WATCHPOINT: the address of the access */
};

/* An instruction that traps, for the time of a step, in the place of what is there. */
struct debug_step_trap {
	uint64_t address, physical;
	uint8_t bytes[DEBUG_TRAP_MAX];
};

/* One instruction that is being stepped over. */
struct debug_step {
	bool active; /* this, by_kvm, user and from are set by who begins it */
	bool by_kvm; /* KVM can step */
	bool single; /* KVM is asked to step */
	bool over; /* its effect is there already: the vCPU need not run for it */
	bool by_mode; /* its traps are where the vCPU's mode has them, which others may change */
	bool user; /* it is user mode's */
	uint64_t from; /* its address */
	unsigned int place_count; /* else the vCPU runs until it comes to one of these */
	uint64_t places[DEBUG_PLACES_MAX];
	unsigned int trap_count; /* or to one of these */
	struct debug_step_trap traps[DEBUG_STEP_TRAPS_MAX];
	uint64_t saved[8]; /* the architecture's own */
};

enum debug_progress {
	DEBUG_DONE, /* the instruction was executed */
	DEBUG_ON, /* it goes on, perhaps in another way: look at `step` anew */
	DEBUG_OTHER, /* the event has nothing to do with it */
};

struct gdb_register {
	const char *name;
	const char *type; /* gdb's, or of the feature's own */
	uint16_t bits;
	bool eager; /* gdb asks for it at every stop */
	uint32_t reg; /* arch/X/regs.h */
};

struct gdb_feature {
	const char *name, *types; /* types: XML, or "" */
	bool general; /* what a g packet holds */
	const struct gdb_register *registers;
	unsigned int count;
};

#endif
