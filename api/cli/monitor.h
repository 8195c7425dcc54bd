/* SPDX-License-Identifier: Apache-2.0 */
/* The mote-vmm process as its parent or another command sees it: found, started, ended. */
#ifndef MOTE_CLI_MONITOR_H
#define MOTE_CLI_MONITOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "api/cli/state.h"
#include "vmm/error.h"

struct monitor {
	pid_t pid;
	int pidfd; /* readable when it has ended; -1: there is none */
};

/* Starts mote-vmm ($MOTE_VMM, else beside mote, in ../libexec/mote or in PATH) for the
 * claimed state. Attached it has our standard streams, leaves the terminal's signals to us
 * and dies with us; detached it has a session of its own and writes to the state's log. */
int monitor_start(struct monitor *monitor, const struct state *state, bool detach,
		  struct error *err);

/* Opens the process that listens at the state's socket; -ESRCH if nobody does. */
int monitor_open(struct monitor *monitor, const struct state *state, struct error *err);

/* Waits at most timeout_ms for its end; false if it lives on. */
bool monitor_wait(const struct monitor *monitor, int timeout_ms);

/* Sends a signal and waits at most timeout_ms for the end; false if it lives on. */
bool monitor_signal(const struct monitor *monitor, int signal, int timeout_ms);

/* Ends it: asked first unless at_once, then killed. */
void monitor_end(const struct monitor *monitor, bool at_once);

/* Waits for a child that has ended or will; its wait status as for waitpid(). */
int monitor_reap(struct monitor *monitor);

void monitor_close(struct monitor *monitor);

#endif
