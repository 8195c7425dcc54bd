/* SPDX-License-Identifier: Apache-2.0 */
/* The memory file of a snapshot, held against its state file. */
#ifndef MOTE_SNAPSHOT_MEMORY_H
#define MOTE_SNAPSHOT_MEMORY_H

#include "vmm/error.h"
#include "vmm/state_file.h"

/* Whether the file has the size, and is marked as this snapshot's; a Diff's has to be on its base
 * already. Reads a page, or of a Diff all that is not a hole. Errors name the path. */
int snapshot_memory_judge(const struct state_header *header, int fd, const char *path,
			  struct error *err);

/* The sum of all pages that are not holes. */
int snapshot_memory_sum(int fd, const char *path, uint64_t *sum, struct error *err);

/* What is read or written at once, at most. */
enum { SNAPSHOT_RUN_BYTES = 1 << 20 };

/* Calls visit for each run of bytes that is no hole, of at most SNAPSHOT_RUN_BYTES; an error of it
 * ends that. */
int snapshot_memory_walk(int fd, const char *path,
			 int (*visit)(void *context, uint64_t offset, const uint8_t *bytes,
				      size_t length, struct error *err),
			 void *context, struct error *err);

#endif
