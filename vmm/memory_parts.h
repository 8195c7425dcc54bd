/* SPDX-License-Identifier: Apache-2.0 */
/* What the log of a memory's pages consists of, for memory_log.c and memory_revert.c. Nobody else
 * includes it. */
#ifndef MOTE_MEMORY_PARTS_H
#define MOTE_MEMORY_PARTS_H

#include "vmm/memory_log.h"

enum { MEMORY_FILES_MAX = 16 };

struct memory_log {
	int fd; /* of the file behind all of it, ours; -1: none */
	bool elsewhere; /* untouched pages may be anything */
	struct {
		uint64_t offset, length;
	} files[MEMORY_FILES_MAX];
	unsigned int file_count;
	uint64_t *written; /* by the monitor; atomic words; NULL: not tracked */
	uint64_t *changed; /* what was fetched and is not yet settled */
	uint64_t *earlier; /* what was settled before it was reverted; NULL: nothing */
	bool fetched; /* changed or earlier may hold something */
	bool remap;
	bool lost; /* what was settled could not be kept */
};

/* What vCPUs wrote since the last time. No vCPU runs, and nobody writes. */
int memory_log_fetch(const struct memory *memory, int vm_fd, uint64_t *set, struct error *err);

/* The next pages of a set that lie together, in bytes from its begin; false: no more. *offset and
 * *length are both 0 before the first. */
bool memory_set_next(const struct memory *memory, const uint64_t *set, uint64_t *offset,
		     uint64_t *length);

#endif
