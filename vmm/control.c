/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/initrd.h"
#include "vmm/vm.h"

struct control {
	const char *id;
	struct loop *loop;
	struct streams *streams;
	struct vm_config config;
	struct vm *vm; /* NULL before InstanceStart */
	enum vm_state state;
	struct vm_outcome outcome; /* VM_ENDED */
	void (*changed)(void *context);
	void *changed_context;
};

static const char *const vm_state_names[] = {"Not started", "Running", "Paused", "Running"};
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
	ENDED = 1 << VM_ENDED,
	ALIVE = RUNNING | PAUSED,
	ALWAYS = NOT_STARTED | ALIVE | ENDED,
};

static const unsigned int allowed_states[OP_COUNT] = {
	[OP_GET_INSTANCE] = ALWAYS,
	[OP_GET_VERSION] = ALWAYS,
	[OP_GET_VM_CONFIG] = ALWAYS,
	[OP_GET_MACHINE_CONFIG] = ALWAYS,
	[OP_PUT_MACHINE_CONFIG] = NOT_STARTED,
	[OP_PUT_BOOT_SOURCE] = NOT_STARTED,
	[OP_PUT_APPLICATION] = NOT_STARTED,
	[OP_GET_APPLICATION] = ALWAYS,
	[OP_SIGNAL_APPLICATION] = ALIVE,
	[OP_INSTANCE_START] = NOT_STARTED,
	[OP_PAUSE] = ALIVE,
	[OP_RESUME] = ALIVE,
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
	return error_set(err, EINVAL,
			 "The requested operation needs a running or paused microVM; this one "
			 "has ended.");
}

static void control_ended(void *context, const struct vm_outcome *outcome)
{
	struct control *control = context;

	control->state = VM_ENDED;
	control->outcome = *outcome;
	if (control->changed)
		control->changed(control->changed_context);
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
	vm_config_init(&control->config);
	return control;
}

void control_destroy(struct control *control)
{
	if (!control)
		return;
	vm_destroy(control->vm);
	vm_config_finish(&control->config);
	free(control);
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

static int put_machine_config(struct control *control, const struct machine_config *machine,
			      struct error *err)
{
	int result = machine_config_check(machine, err);

	if (result == 0)
		control->config.machine = *machine;
	return result;
}

static int put_boot_source(struct control *control, struct boot_source *boot, struct error *err)
{
	if (control->config.application.path)
		return error_set(err, EINVAL, "boot-source: an application is set already");
	boot_source_move(&control->config.boot, boot);
	return 0;
}

static int put_application(struct control *control, struct application *application,
			   struct error *err)
{
	int result;

	if (control->config.boot.kernel_image_path)
		return error_set(err, EINVAL, "application: a boot source is set already");
	result = initrd_check_application(application, err);
	if (result == 0)
		application_move(&control->config.application, application);
	return result;
}

static int instance_start(struct control *control, struct error *err)
{
	const struct vm_owner owner = {.ended = control_ended, .context = control};
	int result;

	if (!control->config.boot.kernel_image_path && !control->config.application.path)
		return error_set(err, EINVAL, "Cannot start microvm without kernel configuration.");
	control->vm = vm_create(&control->config, control->loop, control->streams, &owner, err);
	if (!control->vm)
		return -err->code;
	result = vm_start(control->vm, err);
	if (result < 0) {
		vm_destroy(control->vm);
		control->vm = NULL;
		return result;
	}
	control->state = VM_RUNNING;
	return 0;
}

static int signal_application(struct control *control, int signal, struct error *err)
{
	if (signal < 1 || signal > 64)
		return error_set(err, EINVAL, "signal: %d is not in 1 … 64", signal);
	vm_signal(control->vm, signal);
	return 0;
}

static enum application_state application_state(const struct control *control)
{
	if (control->state == VM_ENDED)
		return control->outcome.kind == VM_EXITED ? APPLICATION_EXITED
							  : APPLICATION_CRASHED;
	if (control->state == VM_NOT_STARTED)
		return APPLICATION_NONE;
	if (control->config.application.path && !vm_booted(control->vm))
		return APPLICATION_STARTING;
	return control->state == VM_PAUSED ? APPLICATION_PAUSED : APPLICATION_RUNNING;
}

static void get_application(const struct control *control, struct application_status *status)
{
	*status = (struct application_status){
		.state = application_state(control),
		.exit_code = -1,
		.signal = -1,
	};
	if (control->state != VM_ENDED)
		return;
	if (control->outcome.kind == VM_EXITED)
		status->exit_code = control->outcome.code;
	if (control->outcome.kind == VM_SIGNALED)
		status->signal = control->outcome.signal;
	memcpy(status->reason, control->outcome.reason, sizeof(status->reason));
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
	case OP_PUT_MACHINE_CONFIG:
		return put_machine_config(control, &request->machine, err);
	case OP_PUT_BOOT_SOURCE:
		return put_boot_source(control, &request->boot, err);
	case OP_PUT_APPLICATION:
		return put_application(control, &request->application, err);
	case OP_GET_APPLICATION:
		get_application(control, &reply->application);
		return 0;
	case OP_SIGNAL_APPLICATION:
		return signal_application(control, request->signal, err);
	case OP_INSTANCE_START:
		return instance_start(control, err);
	case OP_PAUSE:
		vm_pause(control->vm);
		control->state = VM_PAUSED;
		return 0;
	case OP_RESUME:
		vm_resume(control->vm);
		control->state = VM_RUNNING;
		return 0;
	case OP_GET_VERSION:
	case OP_COUNT:
		break;
	}
	return 0;
}
