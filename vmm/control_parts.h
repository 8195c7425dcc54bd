/* SPDX-License-Identifier: Apache-2.0 */
/* What a control consists of, for the files that it is made of: control.c, control_snapshot.c.
 * Nobody else includes it. */
#ifndef MOTE_CONTROL_PARTS_H
#define MOTE_CONTROL_PARTS_H

#include <time.h>

#include "vmm/control.h"
#include "vmm/prefetch.h"
#include "vmm/vm.h"

/* What takes time that somebody waits for. */
enum timed {
	TIMED_CREATE,
	TIMED_START,
	TIMED_PAUSE,
	TIMED_RESUME,
	TIMED_SNAPSHOT,
	TIMED_LOAD,
	TIMED_RESET,
	TIMED_COUNT
};

struct control {
	const char *id;
	struct loop *loop;
	struct streams *streams;
	struct vm_config config;
	struct vm *vm; /* NULL before InstanceStart and before a load */
	struct snapshot *loaded; /* what vm was loaded from; NULL: it was not */
	enum vm_state state;
	bool standing; /* loaded and never started; VM_PAUSED or VM_SAVING */
	bool anew; /* loaded or reset, and has not run since */
	int load_clock; /* enum resume_clock; of the load, for the first resume after it or a reset
			 */
	struct vm_outcome outcome; /* VM_ENDED */
	int metrics_fd; /* -1: not asked for */
	uint64_t times_us[TIMED_COUNT]; /* of the last one of each */
	void (*changed)(void *context);
	void *changed_context;
	struct prefetch
		*prefetch; /* of a restored VM whose working set is to be written, or NULL */
	struct snapshot_job *job; /* VM_SAVING */
	uint64_t job_begun; /* us */
	struct error job_error; /* of the last job; code 0: none */
};

uint64_t control_now_us(clockid_t clock);
void control_ended(void *context, const struct vm_outcome *outcome);

/* control_snapshot.c */
int control_snapshot_create(struct control *control, struct snapshot_create *what,
			    struct error *err);
int control_snapshot_load(struct control *control, struct snapshot_load *what, struct error *err);
int control_snapshot_reset(struct control *control, struct memory_reverted *what,
			   struct error *err);
/* Nothing is loaded any more, and there is no VM. */
void control_unload(struct control *control);
/* Lets the VM go on with what its clock is to show. */
int control_resume(struct control *control, int clock, struct error *err);

#endif
