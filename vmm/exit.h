/* SPDX-License-Identifier: Apache-2.0 */
/* What to do when KVM_RUN returns: tables by exit reason, one in each arch/X/exit.c. Here are
 * their row, and the handlers of exits that mean the same everywhere. */
#ifndef MOTE_EXIT_H
#define MOTE_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/error.h"
#include "vmm/kvm.h"

struct machine;

enum exit_action {
	EXIT_ENTER, /* go on */
	EXIT_AGAIN, /* a kick came in between: handle the same exit once more, then go on */
	EXIT_OFF, /* the vCPU switched itself off: it waits until another one starts it */
	EXIT_LEAVE, /* a device ended the VM: this vCPU does not go on */
	EXIT_SHUTDOWN, /* the guest switched itself off; message: how */
	EXIT_FAIL, /* the guest can't go on; message: why */
};

/* One exit of one vCPU, on its thread. */
struct exit {
	struct kvm_run *run;
	const struct bus *bus;
	struct machine *machine;
	unsigned int vcpu; /* its number */
	uint64_t progress; /* 0, or what the handler noted before EXIT_AGAIN */
	bool unknown_call; /* the handler found a hypercall that there is not */
};

struct exit_row {
	const char *name; /* of KVM's exit reason, for metrics and messages; NULL: unexpected */
	bool owed; /* KVM finishes it when the vCPU is entered again (vmm/regs.h) */
	enum exit_action (*handle)(struct exit *exit, struct error *err);
};

/* KVM_EXIT_MMIO, _INTR, _FAIL_ENTRY, _INTERNAL_ERROR. */
enum exit_action exit_mmio(struct exit *exit, struct error *err);
enum exit_action exit_intr(struct exit *exit, struct error *err);
enum exit_action exit_fail_entry(struct exit *exit, struct error *err);
enum exit_action exit_internal_error(struct exit *exit, struct error *err);

#endif
