/* SPDX-License-Identifier: Apache-2.0 */
/* The state of signals, shared by signal.c and signal_calls.c only. */
#ifndef GUEST_SIGNAL_STATE_H
#define GUEST_SIGNAL_STATE_H

#include "process.h"
#include "signal.h"

#define SIGNALS 64
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* The kernel's struct sigaction. */
struct action {
	uint64_t handler, flags, restorer, mask;
};

struct altstack { /* stack_t */
	uint64_t base;
	int32_t flags, padding;
	uint64_t size;
};

struct signal_state {
	uint64_t pending, blocked;
	uint64_t saved_mask; /* counts if mask_saved: what sigsuspend or ppoll replaced */
	bool mask_saved;
	uint64_t fault_address, trampoline;
	struct altstack altstack; /* none when its size is 0 */
};

extern struct signal_state signals;
/* By number, apart from the rest: the start of a program touches no page of them. */
extern struct action signal_actions[SIGNALS + 1];
extern struct signal_info signal_infos[SIGNALS + 1]; /* the first of each */

/* What is pending and now ignored is lost, blocked or not. */
void signal_forget_ignored(void);
bool signal_on_altstack(uint64_t pointer);
/* As sigaltstack tells it. */
struct altstack signal_altstack(void);
/* A pending signal was used up: the next one of a queue takes its place. */
void signal_taken(int signal);
/* siginfo_t of a signal that was pending: 32 words. */
void signal_info_write(uint32_t *words, int signal);
#endif
