/* SPDX-License-Identifier: Apache-2.0 */
/* The API's connections: each reads a request, has it answered, sends the answer, and so
 * on; none of them ever blocks the loop.
 *
 *   READING → (answer) → SENDING → READING …, or at the end LINGERING → gone
 *        ↘ HELD ↗   while the client waits for the application to end
 *
 * Loop thread only. */
#ifndef MOTE_API_CONNECTION_H
#define MOTE_API_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/control.h"
#include "vmm/loop.h"

#define CONNECTIONS_HELD_MAX 32 /* waiting clients; they don't count as busy */
#define CONNECTIONS_TIMEOUT_MS 30000

struct connection;

struct connections {
	struct loop *loop;
	struct control *control;
	int64_t timeout_ms; /* for a request to be complete, and for a reader to take a byte */
	/* Called after anything happened on a connection: counts, deadlines. */
	void (*changed)(void *context);
	void *context;
	/* Read only for others. */
	unsigned count, held;
	struct connection *first;
};

/* Takes a connected, non-blocking socket; it is closed on failure as well. */
int connections_add(struct connections *all, int fd, struct error *err);

/* The application's state has changed: answers who has waited for that. */
void connections_notify(struct connections *all);

/* Does what is due; returns the next deadline (CLOCK_MONOTONIC, ms), or 0 for none. */
int64_t connections_expire(struct connections *all);

/* Closes the connection that is quiet for longest, whatever it is in the middle of, but for those
 * that are held; false if there is none. */
bool connections_evict(struct connections *all);

int64_t connections_now_ms(void); /* the clock of the deadlines */

void connections_close(struct connections *all);

#endif
