/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/control.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/control_parts.h"
#include "vmm/metrics.h"
#include "vmm/output.h"
#include "vmm/settings.h"

static const char *const timed_names[TIMED_COUNT] = {"create",   "start", "pause", "resume",
						     "snapshot", "load",  "reset"};

static const char *const vm_state_names[] = {"Not started", "Running", "Paused", "Paused",
					     "Running"};
static const char *const application_state_names[] = {"none",   "starting", "running",
						      "paused", "exited",   "crashed"};

const char *vm_state_name(enum vm_state state)
{
	return vm_state_names[state];
}

const char *application_state_name(enum application_state state)
{
	return application_state_names[state];
}

/* The life cycle: in which states an operation is taken. */
enum {
	NOT_STARTED = 1 << VM_NOT_STARTED,
	RUNNING = 1 << VM_RUNNING,
	PAUSED = 1 << VM_PAUSED,
	SAVING = 1 << VM_SAVING,
	ENDED = 1 << VM_ENDED,
	ALIVE = RUNNING | PAUSED,
	STILL = PAUSED | ENDED,
	ALWAYS = NOT_STARTED | ALIVE | SAVING | ENDED,
};

static const unsigned int allowed_states[OP_COUNT] = {
	[OP_GET_INSTANCE] = ALWAYS,
	[OP_GET_VERSION] = ALWAYS,
	[OP_GET_VM_CONFIG] = ALWAYS,
	[OP_GET_MACHINE_CONFIG] = ALWAYS,
	[OP_PUT_MACHINE_CONFIG] = NOT_STARTED,
	[OP_PATCH_MACHINE_CONFIG] = NOT_STARTED,
	[OP_PUT_LOGGER] = NOT_STARTED,
	[OP_PUT_METRICS] = NOT_STARTED,
	[OP_PUT_SERIAL] = NOT_STARTED,
	[OP_PUT_WATCHDOG] = NOT_STARTED,
	[OP_PUT_VSOCK] = NOT_STARTED,
	[OP_PUT_BOOT_SOURCE] = NOT_STARTED,
	[OP_PUT_APPLICATION] = NOT_STARTED,
	[OP_GET_APPLICATION] = ALWAYS,
	[OP_SIGNAL_APPLICATION] = ALIVE,
	[OP_INSTANCE_START] = NOT_STARTED,
	[OP_FLUSH_METRICS] = ALIVE | SAVING | ENDED,
	[OP_SEND_CTRL_ALT_DEL] = ALIVE,
	[OP_GET_METRICS] = ALWAYS,
	[OP_GET_REGISTERS] = STILL,
	[OP_PUT_CORE] = NOT_STARTED,
	[OP_PUT_DEBUG] = NOT_STARTED | ALIVE,
	[OP_PAUSE] = ALIVE,
	[OP_RESUME] = ALIVE,
	[OP_SNAPSHOT_CREATE] = PAUSED,
	[OP_SNAPSHOT_LOAD] = NOT_STARTED,
	[OP_SNAPSHOT_RESET] = ALIVE,
};

/* Firecracker's words for its two phases, and ours for the state that it does not have. */
static int control_allows(const struct control *control, enum operation operation,
			  struct error *err)
{
	unsigned int allowed = allowed_states[operation];

	if (allowed & 1u << control->state)
		return 0;
	if (control->state == VM_NOT_STARTED)
		return error_set(err, EINVAL,
				 "The requested operation is not supported before starting the "
				 "microVM.");
	if (allowed == NOT_STARTED)
		return error_set(err, EINVAL,
				 "The requested operation is not supported after starting the "
				 "microVM.");
	if (control->state == VM_SAVING)
		return error_set(err, EBUSY, "A snapshot is being written; try again after it.");
	if (allowed == PAUSED)
		return error_set(err, EINVAL,
				 "The requested operation needs a microVM that is paused.");
	if (allowed == STILL)
		return error_set(
			err, EINVAL,
			"The requested operation needs a microVM that is paused or has ended.");
	return error_set(err, EINVAL,
			 "The requested operation needs a running or paused microVM; this one "
			 "has ended.");
}

void control_ended(void *context, const struct vm_outcome *outcome)
{
	struct control *control = context;

	prefetch_finish(control->prefetch);
	control->state = VM_ENDED;
	control->outcome = *outcome;
	if (control->changed)
		control->changed(control->changed_context);
}

uint64_t control_now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void collect(const struct control *control, struct metrics *metrics)
{
	metrics->count = 0;
	if (control->vm)
		vm_metrics(control->vm, metrics);
	for (unsigned int i = 0; i < TIMED_COUNT; i++)
		metrics_add(metrics, METRIC_OPERATION_SECONDS, control->times_us[i], timed_names[i],
			    NULL);
	metrics_add(metrics, METRIC_CPU_SECONDS, control_now_us(CLOCK_PROCESS_CPUTIME_ID), NULL,
		    NULL);
}

static int get_metrics(const struct control *control, struct reply *reply, struct error *err)
{
	struct metrics metrics;

	collect(control, &metrics);
	reply->text = metrics_text(&metrics);
	return reply->text ? 0 : error_set(err, ENOMEM, "metrics: out of memory");
}

/* One line; without a place for it, as in Firecracker, nothing happens. */
static int flush_metrics(const struct control *control, struct error *err)
{
	struct metrics metrics;
	char *line;
	ssize_t written;
	int result = 0;

	if (control->metrics_fd < 0)
		return 0;
	collect(control, &metrics);
	line = metrics_json(&metrics, control_now_us(CLOCK_REALTIME) / 1000);
	if (!line)
		return error_set(err, ENOMEM, "metrics: out of memory");
	written = write(control->metrics_fd, line, strlen(line));
	if (written < 0)
		result = error_errno(err, "metrics %s", control->config.metrics_path);
	else if ((size_t)written < strlen(line))
		result = error_set(err, ENOSPC, "metrics %s: no room for a whole line",
				   control->config.metrics_path);
	free(line);
	return result;
}

static int put_metrics(struct control *control, struct request *request, struct error *err)
{
	int fd = output_open("metrics", request->path, err);

	if (fd < 0)
		return fd;
	if (control->metrics_fd >= 0)
		close(control->metrics_fd);
	control->metrics_fd = fd;
	string_move(&control->config.metrics_path, &request->path);
	return 0;
}

struct control *control_create(const char *id, struct loop *loop, struct streams *streams,
			       struct error *err)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	control->id = id;
	control->loop = loop;
	control->streams = streams;
	control->metrics_fd = -1;
	vm_config_init(&control->config);
	return control;
}

void control_destroy(struct control *control)
{
	struct error err;

	if (!control)
		return;
	if (control->metrics_fd >= 0) {
		flush_metrics(control, &err);
		close(control->metrics_fd);
	}
	if (control->job)
		snapshot_end(control->job, &err);
	prefetch_destroy(control->prefetch);
	vm_destroy(control->vm);
	control_unload(control);
	vm_config_finish(&control->config);
	free(control);
}

unsigned int control_vcpu_count(const struct control *control)
{
	return vm_vcpu_count(control->vm);
}

void control_registers(const struct control *control, unsigned int vcpu,
		       void (*visit)(void *context, const struct reg_view *view), void *context)
{
	vm_registers(control->vm, vcpu, visit, context);
}

const char *control_id(const struct control *control)
{
	return control->id;
}

void control_listen(struct control *control, void (*changed)(void *context), void *context)
{
	control->changed = changed;
	control->changed_context = context;
}

static int start_vm(struct control *control, struct error *err)
{
	const struct vm_owner owner = {.ended = control_ended, .context = control};
	uint64_t begun = control_now_us(CLOCK_MONOTONIC), created;
	int result;

	control->vm = vm_create(&control->config, control->loop, control->streams, &owner, err);
	if (!control->vm)
		return -err->code;
	created = control_now_us(CLOCK_MONOTONIC);
	result = vm_start(control->vm, err);
	control->times_us[TIMED_CREATE] = created - begun;
	control->times_us[TIMED_START] = control_now_us(CLOCK_MONOTONIC) - created;
	return result;
}

static int instance_start(struct control *control, struct error *err)
{
	int result;

	if (!control->config.boot.kernel_image_path && !control->config.application.path)
		return error_set(err, EINVAL, "Cannot start microvm without kernel configuration.");
	result = start_vm(control, err);
	if (result < 0) {
		vm_destroy(control->vm);
		control->vm = NULL;
		return result;
	}
	control->state = VM_RUNNING;
	return 0;
}

static int pause_vm(struct control *control, int clock, struct error *err)
{
	uint64_t begun = control_now_us(CLOCK_MONOTONIC);

	if (clock != CLOCK_UNSET)
		return error_set(err, EINVAL, "field `clock`: only with the state Resumed");
	vm_pause(control->vm);
	prefetch_finish(control->prefetch);
	control->state = VM_PAUSED;
	control->times_us[TIMED_PAUSE] = control_now_us(CLOCK_MONOTONIC) - begun;
	return 0;
}

static int resume_vm(struct control *control, int clock, struct error *err)
{
	uint64_t begun = control_now_us(CLOCK_MONOTONIC);
	int result = control_resume(control, clock, err);

	control->times_us[TIMED_RESUME] = control_now_us(CLOCK_MONOTONIC) - begun;
	return result;
}

/* The polite end. Firecracker's name comes from the PC; our machines have no such keyboard. */
static int send_ctrl_alt_del(struct control *control, struct error *err)
{
	if (!control->config.application.path)
		return error_set(err, ENOTSUP,
				 "SendCtrlAltDel: only an application can be asked to end, this "
				 "guest has a kernel of its own");
	vm_signal(control->vm, SIGTERM);
	return 0;
}

static int signal_application(struct control *control, int signal, struct error *err)
{
	if (signal < 1 || signal > 64)
		return error_set(err, EINVAL, "signal: %d is not in 1 … 64", signal);
	vm_signal(control->vm, signal);
	return 0;
}

/* As shells say it. */
enum { STATUS_UNRUNNABLE = 126 };

static enum application_state application_state(const struct control *control)
{
	if (control->state == VM_ENDED)
		return control->outcome.kind == VM_EXITED ? APPLICATION_EXITED
							  : APPLICATION_CRASHED;
	if (control->state == VM_NOT_STARTED)
		return APPLICATION_NONE;
	if (control->state == VM_PAUSED || control->state == VM_SAVING)
		return APPLICATION_PAUSED;
	if (control->config.application.path && !vm_booted(control->vm))
		return APPLICATION_STARTING;
	return APPLICATION_RUNNING;
}

static void get_application(const struct control *control, struct application_status *status)
{
	*status = (struct application_status){
		.state = application_state(control),
		.exit_code = -1,
		.signal = -1,
	};
	if (control->vm)
		vm_complaint(control->vm, status->reason, sizeof(status->reason));
	if (control->state != VM_ENDED)
		return;
	if (control->outcome.kind == VM_EXITED)
		status->exit_code = control->outcome.code;
	if (control->outcome.kind == VM_UNRUNNABLE)
		status->exit_code = STATUS_UNRUNNABLE;
	if (control->outcome.kind == VM_SIGNALED)
		status->signal = control->outcome.signal;
	memcpy(status->reason, control->outcome.reason, sizeof(status->reason));
}

/* Before the start the guest will wait for gdb. */
static int put_debug(struct control *control, struct request *request, struct error *err)
{
	int result = 0;

	if (control->state != VM_NOT_STARTED)
		result = vm_debug(control->vm, request->path, err);
	if (result == 0)
		string_move(&control->config.debug_socket, &request->path);
	return result;
}

int control_request(struct control *control, struct request *request, struct reply *reply,
		    struct error *err)
{
	int result = control_allows(control, request->operation, err);

	if (result < 0)
		return result;
	switch (request->operation) {
	case OP_GET_INSTANCE:
		reply->instance = control->state;
		return 0;
	case OP_GET_VM_CONFIG:
	case OP_GET_MACHINE_CONFIG:
		reply->config = &control->config;
		return 0;
	case OP_PUT_METRICS:
		return put_metrics(control, request, err);
	case OP_PUT_CORE:
		string_move(&control->config.core_path, &request->path);
		return 0;
	case OP_PUT_DEBUG:
		return put_debug(control, request, err);
	case OP_GET_APPLICATION:
		get_application(control, &reply->application);
		return 0;
	case OP_SIGNAL_APPLICATION:
		return signal_application(control, request->signal, err);
	case OP_INSTANCE_START:
		return instance_start(control, err);
	case OP_PAUSE:
		return pause_vm(control, request->clock, err);
	case OP_RESUME:
		return resume_vm(control, request->clock, err);
	case OP_SNAPSHOT_CREATE:
		return control_snapshot_create(control, &request->create, err);
	case OP_SNAPSHOT_LOAD:
		return control_snapshot_load(control, &request->load, err);
	case OP_SNAPSHOT_RESET:
		return control_snapshot_reset(control, &reply->reverted, err);
	case OP_FLUSH_METRICS:
		return flush_metrics(control, err);
	case OP_SEND_CTRL_ALT_DEL:
		return send_ctrl_alt_del(control, err);
	case OP_GET_METRICS:
		return get_metrics(control, reply, err);
	case OP_GET_REGISTERS:
		return vm_inspect(control->vm, err);
	case OP_GET_VERSION:
		return 0;
	default:
		return settings_apply(&control->config, request, err);
	}
}
