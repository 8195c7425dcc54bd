/* SPDX-License-Identifier: Apache-2.0 */
/* Where the snapshots are that have names: a directory each, with two files. */
#ifndef MOTE_SNAPSHOT_PLACE_H
#define MOTE_SNAPSHOT_PLACE_H

#include <limits.h>

#include "vmm/error.h"

#define SNAPSHOT_STATE "state"
#define SNAPSHOT_MEMORY "memory"

/* The directory of snapshot `name`: the name itself where it contains a slash, else of root
 * /var/lib/mote/snapshots/NAME, of others $XDG_STATE_HOME/mote/snapshots/NAME, by default in
 * ~/.local/state. Looks at nothing. */
int snapshot_place(char directory[PATH_MAX], const char *name, struct error *err);

#endif
