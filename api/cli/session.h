/* SPDX-License-Identifier: Apache-2.0 */
/* One `mote run`: the monitor it started, the connection to it, and the signals that came
 * meanwhile, all waited for in one place so that none of them can block another. */
#ifndef MOTE_CLI_SESSION_H
#define MOTE_CLI_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "api/cli/client.h"
#include "api/cli/monitor.h"
#include "api/cli/state.h"

struct session {
	struct state state;
	struct monitor monitor;
	struct client client;
	int signals; /* signalfd */
	int interrupted; /* the signal that came before the application ran, or 0 */
	int killed; /* the signal that the monitor died from, or 0 */
};

/* How the application ended; as GET /application says. */
struct session_end {
	bool crashed;
	int exit_code, signal; /* -1: none */
	char reason[256];
};

/* From here on the signals that are passed on are kept for session_attach(); with tty
 * those about the window's size too. */
int session_open(struct session *session, bool tty, struct error *err);

/* Starts the monitor for session->state (claimed by the caller) and connects to it.
 * -EINTR: session->interrupted has come. */
int session_start(struct session *session, bool detach, struct error *err);

/* One request before the application runs; drops the reference to body. -EINTR as above. */
int session_put(struct session *session, const char *path, json_t *body, struct error *err);

/* Starts the application; signals that come meanwhile are left for session_attach(). */
int session_run(struct session *session, struct error *err);

/* Passes signals on until the application has ended. */
int session_attach(struct session *session, struct session_end *end, struct error *err);

/* Ends the monitor, if it was started and isn't to be kept, and frees everything but the
 * state. */
void session_close(struct session *session, bool keep_monitor);

#endif
