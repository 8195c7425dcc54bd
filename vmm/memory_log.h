/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages of guest memory hold something, and which have changed: for snapshots. Pages are
 * the host's. KVM's dirty log knows what vCPUs wrote; what the monitor writes by vmm/memory.h is
 * marked here, and the two are always taken together.
 * Source: Linux Documentation/virt/kvm/api.rst, 4.8; Documentation/admin-guide/mm/pagemap.rst. */
#ifndef MOTE_MEMORY_LOG_H
#define MOTE_MEMORY_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory.h"

/* A set of pages: bit n of word n / 64 is the n-th page. */
size_t memory_page_size(void);
size_t memory_set_words(const struct memory *memory);

/* The pages that may be other than zeros; what is not in the set is zeros for certain. The caller
 * frees; NULL: no memory. No vCPU runs. */
uint64_t *memory_held(const struct memory *memory);

/* The pages that may have changed since the tracking began or since memory_log_settle(); without
 * tracking, since the memory was made or loaded. The caller frees; NULL: see err. No vCPU runs,
 * and between the two calls nobody writes. */
uint64_t *memory_changed(const struct memory *memory, int vm_fd, struct error *err);

/* The pages that somebody has touched since the memory was made or loaded, as the host has them in
 * its tables: with a page that is read, neighbours that it had anyway. The caller frees; NULL: the
 * host does not tell. */
uint64_t *memory_touched(const struct memory *memory);

/* What memory_changed() told is safe elsewhere. */
void memory_log_settle(const struct memory *memory);

/* What putting memory back came to. */
struct memory_reverted {
	size_t pages; /* that were dirty; 0 without tracking */
	bool tracked;
	bool dropped; /* more than can be copied for less than they cost when they come anew */
};

/* Makes memory what the file behind it has, or the handler of page faults: what vCPUs and the
 * monitor wrote since it was loaded is gone, and counts as never written. Few pages are copied and
 * stay where the guest finds them; many, or all of a memory that is not tracked, are dropped and
 * come back when they are touched. After an error memory is neither the one nor the other. No vCPU
 * runs, and memory has been loaded. */
enum { MEMORY_COPY_MAX = 1024 };
int memory_revert(const struct memory *memory, int vm_fd, struct memory_reverted *what,
		  struct error *err);

/* ---- for memory.c ---- */

struct memory_log *memory_log_create(int fd); /* -1: no file is behind it; NULL: no memory */
void memory_log_destroy(struct memory_log *log); /* NULL is fine */
int memory_log_track(struct memory *memory, bool remap, struct error *err);
bool memory_log_is_on(const struct memory *memory);
/* Inside memory. Any thread. */
void memory_log_written(const struct memory *memory, uint64_t address, uint64_t length);
/* A file shows there: pages that nobody has touched need not be zeros. Before threads start. */
void memory_log_file(const struct memory *memory, uint64_t address, uint64_t length);
/* All of it comes from elsewhere when it is touched. Before threads start. */
void memory_log_elsewhere(const struct memory *memory);

#endif
