/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of running microVMs, one each: BASE/ID with api.sock, pid, log and gdb.
 *
 * One belongs to somebody while its pid file is locked (by the mote that is starting it or
 * is attached to it) or somebody listens at its api.sock. Else what is there is stale. */
#ifndef MOTE_CLI_STATE_H
#define MOTE_CLI_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "vmm/error.h"

#define STATE_ID_MAX 64

struct state {
	char id[STATE_ID_MAX + 1];
	char path[96]; /* the directory; short enough for a socket's name behind it */
	char socket[108];
	int lock; /* the pid file, locked; -1: not ours */
};

/* Where they all are: /run/mote for root, else $XDG_RUNTIME_DIR/mote, else /tmp/mote-UID.
 * Made if need be; refused if it isn't ours alone. */
int state_base(char *base, size_t size, struct error *err);

/* 1 … 64 letters, digits, '-' and '_'. */
bool state_id_is_good(const char *id);

/* Only the names; nothing is touched. Fails for a bad id, or if the paths get too long. */
int state_name(struct state *state, const char *base, const char *id, struct error *err);

/* Makes the directory (id NULL: a new random one) and locks it; -EEXIST if a living microVM has
 * it. What dead ones left in base is removed. */
int state_claim(struct state *state, const char *base, const char *id, struct error *err);

/* Locks what is already there; -EBUSY if somebody else has it locked, -EEXIST if it isn't
 * locked but alive, -ENOENT if there's nothing. */
int state_lock(struct state *state, struct error *err);

int state_write_pid(struct state *state, pid_t pid, struct error *err);
pid_t state_read_pid(const struct state *state); /* 0: none */

void state_release(struct state *state); /* unlocks and leaves everything there */
void state_remove(struct state *state); /* removes all of it; locked before, unlocked after */

/* Removes what a dead microVM left: true if there is nothing any more. */
bool state_remove_dead(struct state *state);

/* The ids in base, sorted, NULL-terminated; names and array on the heap. NULL: see err. */
char **state_list(const char *base, struct error *err);

#endif
