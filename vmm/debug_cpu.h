/* SPDX-License-Identifier: Apache-2.0 */
/* One vCPU under a debugger: what it is let do, and what its debug exits mean. The only place that
 * calls KVM_SET_GUEST_DEBUG. All of it is for the vCPU's thread (or vcpu_call()), the vCPU being
 * out of the guest; what all vCPUs share changes only while every one of them is held, but for
 * traps.
 *
 *   continue   runs until it meets a point of the debugger's
 *   step       one instruction (vmm/arch.h), again while the PC stays in a range
 *   to user    steps until the next instruction is user mode's
 *
 * A stop that is none of these is given to the guest as its own debug exception. */
#ifndef MOTE_DEBUG_CPU_H
#define MOTE_DEBUG_CPU_H

#include <pthread.h>

#include "vmm/arch.h"
#include "vmm/debug_point.h"

enum { DEBUG_TRAPS_MAX = 256 };

/* An instruction of the guest's in whose place one stands that traps. */
struct debug_trap {
	uint64_t address, physical;
	uint8_t covered[DEBUG_TRAP_MAX], planted[DEBUG_TRAP_MAX];
	unsigned int size;
	unsigned int users; /* it is the debugger's; with steps 0, too: free */
	unsigned int steps; /* steps of vCPUs that may end here; another one that comes here waits
			     * until none does */
};

/* What the vCPUs of a VM have in common. */
struct debug_shared {
	const struct memory *memory;
	struct debug_limits limits;
	struct debug_point points[DEBUG_POINTS_MAX]; /* of the hardware */
	unsigned int point_count;
	pthread_mutex_t lock;
	struct debug_trap traps[DEBUG_TRAPS_MAX]; /* guarded by lock */
};

enum debug_plan { DEBUG_OFF, DEBUG_CONTINUE, DEBUG_STEP, DEBUG_TO_USER };

struct debug_stop {
	enum debug_stop_kind {
		DEBUG_STOP_NONE,
		DEBUG_STOP_STEP,
		DEBUG_STOP_TRAP,
		DEBUG_STOP_POINT, /* the hardware's, `point` */
		DEBUG_STOP_USER,
	} kind;
	struct debug_point point;
	uint64_t data; /* the address of the access */
};

struct debug_cpu {
	struct debug_shared *shared; /* set before threads start; NULL: no debugger was ever here */
	enum debug_plan plan;
	uint64_t start, end; /* of DEBUG_STEP: the range */
	struct debug_step step;
	bool aside; /* the step was given up for a while */
	struct debug_stop stop;
};

/* Tells the vCPU what to do when it is let go on. */
int debug_cpu_plan(struct debug_cpu *cpu, struct regs *regs, enum debug_plan plan, uint64_t start,
		   uint64_t end, struct error *err);

/* Gives up what it is doing, a step halfway included: registers and memory are the guest's. */
int debug_cpu_rest(struct debug_cpu *cpu, struct regs *regs, struct error *err);

/* After the vCPU's mode was changed by another one: a step is begun anew. */
int debug_cpu_moved(struct debug_cpu *cpu, struct regs *regs, struct error *err);

/* Like debug_cpu_rest(), but what was given up begins again with the second. */
int debug_cpu_aside(struct debug_cpu *cpu, struct regs *regs, struct error *err);
int debug_cpu_back(struct debug_cpu *cpu, struct regs *regs, struct error *err);

/* Before the guest is entered. 1: there is no need to, debug_cpu_exit() comes in its place. */
int debug_cpu_enter(struct debug_cpu *cpu, struct regs *regs, struct error *err);

/* After a KVM_EXIT_DEBUG, or in place of entering the guest. 1: it stops,
 * cpu->stop says why; 0: it goes on; or -errno. */
int debug_cpu_exit(struct debug_cpu *cpu, const struct kvm_run *run, struct regs *regs,
		   struct error *err);

/* Traps in the guest's memory; -EFAULT: nothing is mapped there, -ENOSPC: too many. Removing one
 * that is not there is no error. */
int debug_trap_set(struct debug_shared *shared, struct regs *regs, uint64_t address,
		   struct error *err);
int debug_trap_clear(struct debug_shared *shared, uint64_t address);
struct debug_trap *debug_trap_find(struct debug_shared *shared, uint64_t physical);

/* Takes the debugger's traps out of memory for a while, or puts them back. No step is halfway. */
void debug_traps_aside(struct debug_shared *shared, bool aside);

/* The traps of a step, and no longer. */
int debug_traps_lay(struct debug_shared *shared, const struct debug_step *step, struct error *err);
void debug_traps_lift(struct debug_shared *shared, const struct debug_step *step);

/* Bytes by virtual address, as the guest would see them: traps don't show. How many; -EFAULT for
 * none. */
long debug_read(struct debug_shared *shared, struct regs *regs, uint64_t address, void *to,
		size_t length);
long debug_write(struct debug_shared *shared, struct regs *regs, uint64_t address, const void *from,
		 size_t length);

#endif
