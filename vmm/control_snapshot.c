/* SPDX-License-Identifier: Apache-2.0 */
/* The operations about snapshots. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/control_parts.h"

/* ---- create ---- */

static void job_done(void *context)
{
	struct control *control = context;

	control->job_error.code = 0;
	snapshot_end(control->job, &control->job_error);
	control->job = NULL;
	vm_debug_back(control->vm);
	control->state = VM_PAUSED;
	control->times_us[TIMED_SNAPSHOT] = control_now_us(CLOCK_MONOTONIC) - control->job_begun;
	if (control->changed)
		control->changed(control->changed_context);
}

int control_snapshot_create(struct control *control, struct snapshot_create *what,
			    struct error *err)
{
	const struct snapshot_owner owner = {.done = job_done, .context = control};

	control->job_begun = control_now_us(CLOCK_MONOTONIC);
	if (vm_debug_aside(control->vm, err) < 0)
		return -err->code;
	control->job =
		snapshot_begin(control->vm, &control->config, what, control->loop, &owner, err);
	if (!control->job) {
		vm_debug_back(control->vm);
		return -err->code;
	}
	control->state = VM_SAVING;
	return 0;
}

int control_snapshot_result(const struct control *control, struct error *err)
{
	if (control->state == VM_SAVING)
		return 1;
	*err = control->job_error;
	return -err->code;
}

/* ---- load ---- */

/* Firecracker's words for its rules. */
static int judge(const struct control *control, struct snapshot_load *what, struct error *err)
{
	if (control->config.configured)
		return error_set(
			err, EINVAL,
			"Load snapshot error: Loading a microVM snapshot not allowed after "
			"configuring boot-specific resources.");
	if (what->memory_path && what->backend_path)
		return error_set(err, EINVAL,
				 "too many fields: either `mem_backend` or `mem_file_path` "
				 "exclusively is required");
	if (!what->memory_path && !what->backend_path)
		return error_set(err, EINVAL,
				 "missing field: either `mem_backend` or `mem_file_path` is "
				 "required");
	if (what->realtime && what->clock == CLOCK_GUEST)
		return error_set(err, EINVAL, "field `clock`: guest, but `clock_realtime` is true");
	if (what->prefetch && !what->memory_path && what->backend == BACKEND_UFFD)
		return error_set(err, EINVAL,
				 "field `prefetch`: what a Uffd handler brings is its own affair");
	return 0;
}

/* What the snapshot's VM was made of, or as it was before any request. */
static void set_machine(struct vm_config *config, struct vm_config *from)
{
	config->machine = from->machine;
	config->watchdog = from->watchdog;
	vsock_config_move(&config->vsock, &from->vsock);
	boot_source_move(&config->boot, &from->boot);
	application_move(&config->application, &from->application);
}

static void unset_machine(struct vm_config *config)
{
	struct vm_config none;

	vm_config_init(&none);
	set_machine(config, &none);
	vm_config_finish(&none);
}

static int override_vsock(struct vsock_config *vsock, struct snapshot_load *what, struct error *err)
{
	if (!vsock->uds_path)
		return error_set(err, EINVAL,
				 "field `vsock_override`: the snapshot has no vsock device");
	string_move(&vsock->uds_path, &what->vsock_path);
	return 0;
}

static int restore(struct control *control, struct snapshot_load *what,
		   const struct snapshot *snapshot, struct error *err)
{
	const struct vm_owner owner = {.ended = control_ended, .context = control};
	struct vm_config config;
	int result;

	vm_config_init(&config);
	result = snapshot_config(snapshot, &config, err);
	if (result == 0 && what->vsock_path)
		result = override_vsock(&config.vsock, what, err);
	config.machine.track_dirty_pages = what->track_dirty_pages || what->diff_snapshots;
	if (result == 0)
		set_machine(&control->config, &config);
	vm_config_finish(&config);
	if (result < 0)
		return result;
	control->vm = snapshot_restore(snapshot, &control->config, control->loop, control->streams,
				       &owner, err);
	return control->vm ? 0 : -err->code;
}

/* The pages that were touched first, last time; this time's will be written where nobody has yet.
 */
static void prefetch(struct control *control, const char *memory_path,
		     const struct snapshot *snapshot)
{
	const struct memory *memory = vm_memory(control->vm);
	const uint8_t *id = snapshot->input.state.header.id;

	if (!prefetch_sweep(memory, memory_path, id))
		control->prefetch = prefetch_create(memory, memory_path, id, control->loop);
}

void control_unload(struct control *control)
{
	if (control->loaded)
		snapshot_close(control->loaded);
	free(control->loaded);
	control->loaded = NULL;
}

/* It is kept for resets. */
static int load(struct control *control, struct snapshot_load *what, struct error *err)
{
	int result;

	control->loaded = malloc(sizeof(*control->loaded));
	if (!control->loaded)
		return error_set(err, ENOMEM, "out of memory");
	result = snapshot_open(control->loaded, what, err);
	if (result == 0)
		result = restore(control, what, control->loaded, err);
	if (result == 0 && what->prefetch)
		prefetch(control, what->memory_path, control->loaded);
	control->loaded->handler = NULL; /* the request's */
	control->standing = control->anew = true;
	control->load_clock =
		what->realtime || what->clock == CLOCK_WALL ? CLOCK_WALL : CLOCK_GUEST;
	if (result == 0 && what->resume)
		result = control_resume(control, CLOCK_UNSET, err);
	return result;
}

int control_snapshot_load(struct control *control, struct snapshot_load *what, struct error *err)
{
	uint64_t begun = control_now_us(CLOCK_MONOTONIC);
	int result = judge(control, what, err);

	if (result < 0)
		return result;
	if (!what->memory_path)
		string_move(&what->memory_path, &what->backend_path);
	else
		what->backend = BACKEND_FILE;
	result = load(control, what, err);
	control->times_us[TIMED_LOAD] = control_now_us(CLOCK_MONOTONIC) - begun;
	if (result == 0) {
		if (control->state == VM_NOT_STARTED)
			control->state = VM_PAUSED;
		snapshot_load_finish(what);
		return 0;
	}
	prefetch_destroy(control->prefetch);
	control->prefetch = NULL;
	vm_destroy(control->vm);
	control->vm = NULL;
	control_unload(control);
	unset_machine(&control->config);
	return error_about(err, "Load snapshot error");
}

/* ---- resume ---- */

int control_resume(struct control *control, int clock, struct error *err)
{
	int result;

	if (clock == CLOCK_UNSET)
		clock = control->anew ? control->load_clock : CLOCK_GUEST;
	if (control->state == VM_RUNNING)
		return 0;
	result = vm_set_clock(control->vm, (enum resume_clock)clock, err);
	if (result == 0 && control->standing)
		result = vm_start(control->vm, err);
	else if (result == 0)
		vm_resume(control->vm);
	if (result < 0)
		return result;
	if (control->standing)
		prefetch_begin(control->prefetch);
	control->standing = control->anew = false;
	control->state = VM_RUNNING;
	return 0;
}

/* ---- reset ---- */

/* What gdb has put into memory is the guest's only as long as gdb is there. */
static int reset(struct control *control, struct memory_reverted *what, struct error *err)
{
	int result = vm_debug_aside(control->vm, err);

	if (result < 0)
		return result;
	result = snapshot_reset(control->loaded, control->vm,
				(enum resume_clock)control->load_clock, what, err);
	vm_debug_back(control->vm);
	if (result < 0 && result != -ESRCH)
		vm_fail(control->vm, err);
	return result;
}

int control_snapshot_reset(struct control *control, struct memory_reverted *what, struct error *err)
{
	uint64_t begun = control_now_us(CLOCK_MONOTONIC);
	int result;

	if (!control->loaded)
		return error_set(err, EINVAL,
				 "The requested operation needs a microVM that was loaded from a "
				 "snapshot.");
	if (control->state == VM_RUNNING)
		vm_pause(control->vm);
	result = reset(control, what, err);
	control->anew = control->state != VM_RUNNING;
	if (control->state == VM_RUNNING && result == 0)
		vm_resume(control->vm);
	control->times_us[TIMED_RESET] = control_now_us(CLOCK_MONOTONIC) - begun;
	return result;
}
