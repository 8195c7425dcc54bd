/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an application that a signal is about to kill, while its vCPU stands at the
 * instruction: a text for the log, and a core file for gdb. vCPU thread. */
#ifndef MOTE_CRASH_H
#define MOTE_CRASH_H

#include "vmm/vcpu.h"

struct crash {
	struct vcpu *vcpu;
	const struct memory *memory;
	const char *program; /* its file on the host */
	uint64_t bias; /* by which it is not where its ELF says */
	int signal;
	const char *reason; /* the guest's words: one printable line */
};

/* Reason, backtrace with the names that the ELF has, registers by class: to file descriptor fd. */
void crash_print(const struct crash *crash, int fd);

/* An ELF core: the application's registers and all that user mode has mapped. The file is new, or
 * emptied, and the user's alone. Source: System V ABI, chapter 4; Linux fs/binfmt_elf.c. */
int crash_core(const struct crash *crash, const char *path, struct error *err);

#endif
