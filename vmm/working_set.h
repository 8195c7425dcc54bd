/* SPDX-License-Identifier: Apache-2.0 */
/* The working set of a snapshot: the memory that its VM touched in the first moments after a
 * restore, as the bytes of the file that says so (docs/snapshot-format.md). Later restores have it
 * brought in before the guest runs. It is a hint: whoever reads one judges it, and does without
 * when it is not right. Pure functions. */
#ifndef MOTE_WORKING_SET_H
#define MOTE_WORKING_SET_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/state_file.h"

enum {
	WORKING_SET_HEADER_SIZE = 40,
	WORKING_SET_RUN_SIZE = 16,
	WORKING_SET_RUNS_MAX = 4093,
	WORKING_SET_FILE_MAX = /* less than 64 KiB */
	WORKING_SET_HEADER_SIZE + WORKING_SET_RUNS_MAX * WORKING_SET_RUN_SIZE,
	WORKING_SET_BYTES_MAX = 64 << 20, /* of memory; the rest comes when it is touched */
	WORKING_SET_GAP = 64 << 10, /* bytes between two runs that are one, then: a call more
				       would cost more than to read them */
};

/* Bytes of memory, counted from its first one; multiples of MEMORY_SUM_PAGE. */
struct working_set_run {
	uint64_t offset, length;
};

/* The file for a set of pages (vmm/memory_log.h), `pages` of page_size bytes in all. data has
 * WORKING_SET_FILE_MAX bytes. Returns how many of them are the file. */
size_t working_set_make(uint8_t *data, const uint8_t id[STATE_ID_SIZE], const uint64_t *touched,
			size_t pages, size_t page_size);

/* Whether it is one of that snapshot, undamaged, with runs in their order that all lie in a memory
 * of that size and come to no more than WORKING_SET_BYTES_MAX; -EINVAL. *count: how many. */
int working_set_judge(const uint8_t *data, size_t size, const uint8_t id[STATE_ID_SIZE],
		      uint64_t memory_size, unsigned int *count, struct error *err);

/* Of one that was judged. */
struct working_set_run working_set_run(const uint8_t *data, unsigned int index);

#endif
