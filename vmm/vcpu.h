/* SPDX-License-Identifier: Apache-2.0 */
/* One vCPU and its thread: enter the guest, handle the exit, go on until told otherwise.
 * Others ask by a request and a kick; the thread acknowledges where it is out of the guest
 * and in no device. */
#ifndef MOTE_VCPU_H
#define MOTE_VCPU_H

#include <pthread.h>
#include <stdbool.h>

#include "vmm/arch.h"
#include "vmm/debug_cpu.h"
#include "vmm/reg_image.h"
#include "vmm/state_file.h"

struct vcpu;

struct vcpu_owner {
	/* The guest ended (EXIT_SHUTDOWN) or can't go on (EXIT_FAIL). This vCPU's thread, which
	 * ends after it. */
	void (*stopped)(void *context, enum exit_action action, const struct error *reason);
	/* It came to a stop of a debugger's (vcpu->debug.stop). True: it is held from now on. This
	 * vCPU's thread. */
	bool (*debugged)(void *debugger, struct vcpu *vcpu);
	void *debugger;
	void *context;
};

enum { VCPU_EXITS = 48 };
enum vcpu_request { VCPU_RUN, VCPU_PAUSE, VCPU_STOP };

/* What is to be done with its registers before it enters the guest again. */
enum vcpu_due { VCPU_AS_IT_IS, VCPU_CHANGES, VCPU_BEGINS };

/* What somebody wants done where the vCPU's ioctls may be called. */
struct vcpu_work {
	void (*run)(struct vcpu *vcpu, void *context);
	void *context;
	struct vcpu_work *next;
	bool done;
};

/* A store to a device that has had only part of its effect. KVM has nothing to do with it any
 * more; the guest goes on when it is done. */
struct vcpu_store {
	uint64_t address;
	uint8_t data[8];
	uint32_t size; /* 0: there is none */
	uint64_t progress; /* as in vmm/bus.h */
};

/* What a vCPU is made of, in a snapshot. */
struct vcpu_state {
	struct reg_image registers; /* borrowed from the bytes that it was loaded from */
	struct reg_image fresh; /* of a new one, the same */
	bool same_kernel; /* regs_trust_table() */
	struct vcpu_store store;
	bool off;
	enum vcpu_due due;
	uint64_t entry, argument;
};

struct vcpu {
	unsigned int index;
	int fd;
	uint64_t exits[VCPU_EXITS]; /* counters (vmm/metrics.h) by KVM's reason; last: others */
	uint64_t unknown_calls; /* counter */
	struct kvm_run *run; /* vCPU thread only, but immediate_exit */
	struct regs regs; /* vCPU thread only */
	struct reg_marks marks; /* of the last vcpu_inspect() */
	struct debug_cpu debug; /* vCPU thread only; .shared is set before threads start */
	struct vcpu_store store; /* vCPU thread only, or the loop's while that is parked; */
	unsigned int resets; /* the same: an exit of before one is nobody's any more */
	struct machine *machine; /* set before threads start, as all below */
	const struct bus *bus;
	struct vcpu_owner owner;
	pthread_t thread;
	bool started; /* the owner's thread only */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* request, parked or work */
	enum vcpu_request request; /* guarded by lock */
	struct vcpu_work *work; /* guarded by lock: what is not yet done */
	bool off; /* guarded by lock: waits for vcpu_power_on() */
	enum vcpu_due due; /* written under lock, read atomically */
	uint64_t entry, argument; /* guarded by lock: of VCPU_BEGINS */
	bool held; /* guarded by lock: a debugger keeps it out of the guest */
	bool wanted; /* there is more to do than to run; written under lock, read atomically */
	bool parked; /* guarded by lock: acknowledges VCPU_PAUSE; true once the thread ended, and
			while it waits, off */
	bool absent; /* guarded by lock: there is no thread, callers are in its place */
};

/* Makes the vCPU; its number is its place in KVM. vcpu_finish() also after a failure. */
int vcpu_init(struct vcpu *vcpu, unsigned int index, struct machine *machine, const struct bus *bus,
	      const struct vcpu_owner *owner, struct error *err);

/* The same for one that is to become what `from` says: REG_RESTORE_EARLY is done then. NULL: new.
 */
int vcpu_init_from(struct vcpu *vcpu, unsigned int index, struct machine *machine,
		   const struct bus *bus, const struct vcpu_owner *owner,
		   const struct vcpu_state *from, struct error *err);
void vcpu_finish(struct vcpu *vcpu);

/* Once in a process, before any vCPU starts: the signal that takes a thread out of the guest. */
int vcpu_signal_init(struct error *err);

int vcpu_start(struct vcpu *vcpu, struct error *err);

/* Lets a vCPU that is off begin at entry (arch_vcpu_boot()); returns at once. Any thread, the
 * vCPU's own excepted. -EBUSY: it is on. */
int vcpu_power_on(struct vcpu *vcpu, uint64_t entry, uint64_t argument);

/* Has it call arch_vcpu_update() before it enters the guest again; returns at once. Any thread. */
void vcpu_update(struct vcpu *vcpu);

/* Asks; returns at once. Any thread while the vCPU is started. VCPU_STOP is for good. */
void vcpu_ask(struct vcpu *vcpu, enum vcpu_request request);

/* Keeps it out of the guest for a debugger, whatever else it is asked, or no longer does; returns
 * at once. Any thread while the vCPU is started, or before that. */
void vcpu_hold(struct vcpu *vcpu, bool held);

/* Waits until a vCPU that was asked to pause, or is held, has acknowledged. */
void vcpu_wait_parked(struct vcpu *vcpu);

/* Has run(vcpu, context) called out of the guest, with the vCPU's registers at hand, and waits
 * for it: on the vCPU's thread, between two entries or while it is parked, or on this one
 * where that thread has not begun or has ended. The guest goes on as before. Any thread but the
 * vCPU's own; none may be destroying the vCPU. */
void vcpu_call(struct vcpu *vcpu, void (*run)(struct vcpu *vcpu, void *context), void *context);

/* Fetches all registers for regs_view(). Any thread, as vcpu_call(). */
int vcpu_inspect(struct vcpu *vcpu, struct error *err);

/* Its section of a snapshot, with `fresh` beside the registers that it has. Any thread, as
 * vcpu_call(); it is paused. */
int vcpu_save(struct vcpu *vcpu, const struct reg_image *fresh, struct state_writer *writer,
	      struct error *err);

/* The section's fields. The images are borrowed from the reader's bytes. */
void vcpu_state_load(struct vcpu_state *state, struct state_reader *reader);

/* The rest of what vcpu_init() began, a step before and a step after the interrupt controller's.
 * Before vcpu_start(). */
int vcpu_restore(struct vcpu *vcpu, const struct vcpu_state *from, enum reg_restore step,
		 struct error *err);

/* All but the registers of one that has run and is parked, or has no thread. What the monitor was
 * doing for it is given up. */
void vcpu_undo(struct vcpu *vcpu, const struct vcpu_state *from);

/* Whether its thread has come to its end. */
bool vcpu_has_ended(struct vcpu *vcpu);

/* Waits for the end of a thread that was asked to stop, or that ends by itself. */
void vcpu_join(struct vcpu *vcpu);

/* Adds exits and register transfers to the metrics. Any thread. */
void vcpu_metrics(const struct vcpu *vcpu, struct metrics *metrics);

#endif
