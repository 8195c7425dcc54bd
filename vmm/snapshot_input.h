/* SPDX-License-Identifier: Apache-2.0 */
/* The two files of a snapshot, opened for reading and judged: what a load and the tools for files
 * begin with. */
#ifndef MOTE_SNAPSHOT_INPUT_H
#define MOTE_SNAPSHOT_INPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/state_file.h"

struct snapshot_input {
	struct state_file state;
	uint8_t *bytes; /* what state lies in, on the heap; NULL: not open */
	int memory_fd; /* -1: not open */
	char memory_path[PATH_MAX]; /* where the memory was found */
};

#define SNAPSHOT_INPUT_CLOSED ((struct snapshot_input){.memory_fd = -1})

/* Reads the state file into one that is closed. The input is to be closed after errors too. */
int snapshot_input_state(struct snapshot_input *input, const char *path, struct error *err);

/* Opens what belongs to the state: under its name, or under the one that it had when the snapshot
 * became valid. by_itself: a Diff need not be on its base. */
int snapshot_input_memory(struct snapshot_input *input, const char *path, bool by_itself,
			  struct error *err);

void snapshot_input_close(struct snapshot_input *input);

#endif
