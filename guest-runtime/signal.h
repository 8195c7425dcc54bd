/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the one process: pending set, actions, delivery on the way to user mode. */
#ifndef GUEST_SIGNAL_H
#define GUEST_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu.h"

struct regs;

/* A system call that a signal broke: it happens again, or gives -EINTR, as the action's
 * SA_RESTART says. Never seen by user mode. */
#define ERESTARTSYS 512

/* What an instruction of the application did wrong. */
struct fault {
	int signal, code;
	uint64_t address;
	unsigned access; /* ACCESS_READ, _WRITE or _EXEC */
};

/* siginfo_t's parts that this runtime can have. */
struct signal_info {
	int code;
	int timer; /* timer_create's: id; else sender's uid */
	uint64_t value; /* sigqueue's and timers' value, or the fault's address */
};

/* Runs the handler, or ends the program with a reason. */
void signal_fault(const struct fault *fault);
void signal_send(int signal, const struct signal_info *info);
/* True if a pending signal is neither blocked nor ignored: blocking calls give up. */
bool signal_pending(void);
/* Signals from the host become pending. */
void signal_collect(void);
/* The last thing before user mode goes on. */
void signal_return(struct regs *regs);
/* Until the signal mask is put back by the return of a handler, or at once. */
int signal_mask_temporarily(uint64_t mask_address, uint64_t size);
void signal_mask_back(void);
#endif
