/* SPDX-License-Identifier: Apache-2.0 */
/* A VM to two files and back: the state file (vmm/state_file.h) and the memory file, which is all
 * of guest memory as it lies, with holes for zeros; in a Diff, holes for what has not changed.
 * Loop thread, but for the worker that writes. */
#ifndef MOTE_SNAPSHOT_H
#define MOTE_SNAPSHOT_H

#include <stdbool.h>

#include "vmm/config.h"
#include "vmm/loop.h"
#include "vmm/snapshot_input.h"
#include "vmm/vm.h"

/* What is to be written. The paths are on the heap. */
struct snapshot_create {
	char *state_path, *memory_path;
	int kind; /* enum state_kind */
};

enum memory_backend { BACKEND_FILE, BACKEND_UFFD };

/* What is to be loaded. The paths are on the heap. */
struct snapshot_load {
	char *state_path;
	char *memory_path; /* BACKEND_UFFD: the socket of the handler of page faults */
	char *backend_path; /* the other way to name it; one of the two is NULL */
	char *vsock_path; /* in place of the snapshot's uds_path; or NULL */
	int backend; /* enum memory_backend */
	int clock; /* enum resume_clock */
	bool realtime; /* CLOCK_WALL in other words */
	bool resume, track_dirty_pages;
	bool prefetch; /* have the working set brought in, or written (vmm/prefetch.h); BACKEND_FILE
			*/
	bool diff_snapshots; /* track_dirty_pages in older words */
};

/* ---- writing: of a paused VM, by a thread of its own ---- */

struct snapshot_job;

struct snapshot_owner {
	void (*done)(void *context); /* loop thread; snapshot_end() may be called in it */
	void *context;
};

/* Begins. Until done() nobody else does anything with the VM. config and vm are borrowed, what the
 * request owns is moved. NULL: see err. */
struct snapshot_job *snapshot_begin(struct vm *vm, const struct vm_config *config,
				    struct snapshot_create *what, struct loop *loop,
				    const struct snapshot_owner *owner, struct error *err);

/* Waits for the worker, which gives up if it isn't done, and frees the job. The result is 0 or
 * why there is no snapshot; the files that were there before are as they were, then. */
int snapshot_end(struct snapshot_job *job, struct error *err);

/* ---- reading ---- */

struct snapshot {
	struct snapshot_input input; /* BACKEND_UFFD: the state only */
	char *handler; /* BACKEND_UFFD: borrowed */
};

/* Opens and judges both files. snapshot_close() also after a failure. */
int snapshot_open(struct snapshot *snapshot, const struct snapshot_load *what, struct error *err);
void snapshot_close(struct snapshot *snapshot);

/* What the VM was configured with, into a configuration that is as vm_config_init() left it. */
int snapshot_config(const struct snapshot *snapshot, struct vm_config *config, struct error *err);

/* vm_restore() with what the snapshot holds. */
struct vm *snapshot_restore(const struct snapshot *snapshot, const struct vm_config *config,
			    struct loop *loop, struct streams *streams,
			    const struct vm_owner *owner, struct error *err);

/* vm_reset() of what snapshot_restore() made of it. */
int snapshot_reset(const struct snapshot *snapshot, struct vm *vm, enum resume_clock clock,
		   struct memory_reverted *what, struct error *err);

void snapshot_create_finish(struct snapshot_create *what);
void snapshot_load_finish(struct snapshot_load *what);

#endif
