/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine: memory, devices and vCPUs put together from a configuration. Loop
 * thread, unless a function says otherwise. */
#ifndef MOTE_VM_H
#define MOTE_VM_H

#include <stdbool.h>

#include "vmm/config.h"
#include "vmm/dev/stream.h"
#include "vmm/error.h"
#include "vmm/memory_log.h"
#include "vmm/metrics.h"
#include "vmm/reg_image.h"
#include "vmm/state_file.h"

/* How it ended. */
struct vm_outcome {
	enum { VM_EXITED, VM_SIGNALED, VM_FAILED, VM_UNRUNNABLE } kind;
	int code; /* VM_EXITED: the application's exit status, or 0 for a power-off */
	int signal; /* VM_SIGNALED */
	char reason[256]; /* one printable line, or "" */
};

struct vm_owner {
	/* Everything in the guest has come to its end; once. Loop thread. */
	void (*ended)(void *context, const struct vm_outcome *outcome);
	void *context;
};

struct vm;

/* Builds the machine and loads what it boots; nothing runs yet. NULL: see err. */
struct vm *vm_create(const struct vm_config *config, struct loop *loop, struct streams *streams,
		     const struct vm_owner *owner, struct error *err);

/* A snapshot's VM: sections that were judged as a whole, and memory of the size that the
 * configuration has. */
struct vm_image {
	const struct state_file *state;
	int memory_fd; /* borrowed; -1 with map: */
	int (*map)(void *context, struct memory *memory, uint64_t base, uint64_t size,
		   struct error *err); /* in the place of memory_init_file() */
	void *context;
};

/* Builds the machine and makes it what the snapshot says. It stands as after vm_pause();
 * vm_start() lets it go on. */
struct vm *vm_restore(const struct vm_config *config, const struct vm_image *image,
		      struct loop *loop, struct streams *streams, const struct vm_owner *owner,
		      struct error *err);
void vm_destroy(struct vm *vm); /* stops it first; NULL is fine */

/* Makes a paused VM, or a restored one that has not been started, what vm_restore() made of that
 * very image, which has to last as long as the VM: memory, all that the guest can change of its
 * registers and of the interrupt controller, devices; with another generation and fresh entropy.
 * The guest's clock shows what vm_set_clock() would have it show. -ESRCH: it has come to its end
 * meanwhile, and nothing was done. After any other error it is neither the one nor the other, and
 * must not run: vm_fail(). */
int vm_reset(struct vm *vm, const struct vm_image *image, enum resume_clock clock,
	     struct memory_reverted *what, struct error *err);
void vm_fail(struct vm *vm, const struct error *reason);

int vm_start(struct vm *vm, struct error *err);

/* Returns when every vCPU is out of the guest and no device moves. Time goes on in the guest. */
void vm_pause(struct vm *vm);

/* Before vm_resume(), or before vm_start() of a restored VM: whether the guest's clock is to show
 * the time since the pause. The guest is told where it has to look at the wall clock again. */
int vm_set_clock(struct vm *vm, enum resume_clock clock, struct error *err);
void vm_resume(struct vm *vm);

/* Of a paused VM: takes what gdb has put there out of memory and registers, and it has to wait; and
 * back. */
int vm_debug_aside(struct vm *vm, struct error *err);
void vm_debug_back(struct vm *vm);

/* The sections of a VM that is paused, or restored and not yet started, in the file's order,
 * behind the configuration's; and its memory, which the caller marks with the snapshot's id by
 * the second one. Any thread; until then nobody else does anything with the VM. */
int vm_save(struct vm *vm, struct state_writer *writer, struct error *err);
void vm_mark(struct vm *vm, const uint8_t id[STATE_ID_SIZE]);

/* The snapshot that this memory was last saved to or loaded from, zeros: none; it is another one
 * now, and what has changed counts from here. */
const uint8_t *vm_base(const struct vm *vm);
void vm_saved(struct vm *vm, const uint8_t id[STATE_ID_SIZE]);
const struct memory *vm_memory(const struct vm *vm);
uint64_t *vm_changed(const struct vm *vm, struct error *err); /* memory_changed() */

/* Whether the runtime has reached the application's first instruction. */
bool vm_booted(const struct vm *vm);

/* What is wrong with a guest that still runs: one line, or "". */
void vm_complaint(const struct vm *vm, char *text, size_t size);

/* Adds what its parts have counted. */
void vm_metrics(const struct vm *vm, struct metrics *metrics);

/* Has every vCPU look at all its registers; then tells of those of one vCPU what was found. For
 * a paused VM, or one whose guest has ended. */
int vm_inspect(struct vm *vm, struct error *err);
unsigned int vm_vcpu_count(const struct vm *vm);
void vm_registers(const struct vm *vm, unsigned int index,
		  void (*visit)(void *context, const struct reg_view *view), void *context);

/* Opens a socket for gdb. With config->debug_socket it is open from the start, and the guest waits
 * there before the application's first instruction, or its own. */
int vm_debug(struct vm *vm, const char *path, struct error *err);

/* Delivers a signal, 1 … 64, to the application. */
void vm_signal(struct vm *vm, int signal);

#endif
