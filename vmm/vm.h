/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine: memory, devices and vCPUs put together from a configuration. Loop
 * thread, unless a function says otherwise. */
#ifndef MOTE_VM_H
#define MOTE_VM_H

#include <stdbool.h>

#include "vmm/config.h"
#include "vmm/dev/stream.h"
#include "vmm/error.h"
#include "vmm/metrics.h"
#include "vmm/reg_image.h"

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
void vm_destroy(struct vm *vm); /* stops it first; NULL is fine */

int vm_start(struct vm *vm, struct error *err);

/* Returns when every vCPU is out of the guest and no device moves. Time goes on in the guest. */
void vm_pause(struct vm *vm);
void vm_resume(struct vm *vm);

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
