/* SPDX-License-Identifier: Apache-2.0 */
/* A control without a VM for the tests of api/: remembers what it was asked and lets the
 * test decide what the application does. Included by one source file of a program. */
#ifndef MOTE_TEST_API_CONTROL_H
#define MOTE_TEST_API_CONTROL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/control.h"

struct control {
	struct vm_config config;
	enum vm_state state;
	struct application_status application;
	unsigned starts;
	int snapshot; /* what control_snapshot_result() says */
	int signal; /* the last one delivered */
	char log[256]; /* a letter per operation that changed something */
	void (*started)(struct control *control); /* what an application does; or NULL */
	void (*signaled)(struct control *control, int signal); /* or NULL: 15 kills */
	void (*changed)(void *context);
	void *context;
};

static inline void fake_control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	vm_config_init(&control->config);
	control->application = (struct application_status){APPLICATION_NONE, -1, -1, ""};
}

static inline void fake_control_finish(struct control *control)
{
	vm_config_finish(&control->config);
}

static inline void fake_control_set(struct control *control, enum application_state state,
				    int exit_code, int signal)
{
	control->application = (struct application_status){state, exit_code, signal, ""};
	if (control->changed)
		control->changed(control->context);
}

static inline int fake_machine(struct control *control, struct request *request, struct error *err)
{
	int result = machine_config_check(&request->machine, err);

	if (!result)
		control->config.machine = request->machine;
	return result;
}

static inline int fake_start(struct control *control, struct error *err)
{
	if (control->state != VM_NOT_STARTED)
		return error_set(err, EINVAL,
				 "The requested operation is not supported after "
				 "starting the microVM.");
	control->state = VM_RUNNING;
	control->starts++;
	fake_control_set(control, APPLICATION_RUNNING, -1, -1);
	if (control->started)
		control->started(control);
	return 0;
}

static inline int fake_signal(struct control *control, int signal, struct error *err)
{
	if (control->state != VM_RUNNING && control->state != VM_PAUSED)
		return error_set(err, EINVAL, "the application is not running");
	control->signal = signal;
	if (control->signaled)
		control->signaled(control, signal);
	else if (signal == 15)
		fake_control_set(control, APPLICATION_CRASHED, -1, 15);
	return 0;
}

static inline int fake_pause(struct control *control, enum vm_state state,
			     enum application_state application)
{
	control->state = state;
	control->application.state = application;
	return 0;
}

int control_request(struct control *control, struct request *request, struct reply *reply,
		    struct error *err)
{
	static const char letters[OP_COUNT] = {
		[OP_PUT_MACHINE_CONFIG] = 'm', [OP_PUT_BOOT_SOURCE] = 'b',
		[OP_PUT_APPLICATION] = 'a',    [OP_INSTANCE_START] = 's',
		[OP_SIGNAL_APPLICATION] = 'k',
	};
	size_t used = strlen(control->log);

	if (letters[request->operation] && used < sizeof(control->log) - 1)
		control->log[used] = letters[request->operation];
	switch (request->operation) {
	case OP_GET_INSTANCE:
		reply->instance = control->state;
		return 0;
	case OP_GET_VM_CONFIG:
	case OP_GET_MACHINE_CONFIG:
		reply->config = &control->config;
		return 0;
	case OP_GET_APPLICATION:
		reply->application = control->application;
		return 0;
	case OP_GET_METRICS:
		reply->text = strdup("metric 1\n");
		return reply->text ? 0 : error_set(err, ENOMEM, "out of memory");
	case OP_PUT_MACHINE_CONFIG:
		return fake_machine(control, request, err);
	case OP_PUT_BOOT_SOURCE:
		boot_source_move(&control->config.boot, &request->boot);
		return 0;
	case OP_PUT_APPLICATION:
		application_move(&control->config.application, &request->application);
		return 0;
	case OP_INSTANCE_START:
		return fake_start(control, err);
	case OP_SEND_CTRL_ALT_DEL:
		return fake_signal(control, 15, err);
	case OP_PAUSE:
		return fake_pause(control, VM_PAUSED, APPLICATION_PAUSED);
	case OP_RESUME:
		return fake_pause(control, VM_RUNNING, APPLICATION_RUNNING);
	case OP_SIGNAL_APPLICATION:
		return fake_signal(control, request->signal, err);
	default:
		return 0;
	}
}

int control_snapshot_result(const struct control *control, struct error *err)
{
	return control->snapshot < 0 ? error_set(err, -control->snapshot, "no room for it")
				     : control->snapshot;
}

unsigned int control_vcpu_count(const struct control *control)
{
	(void)control;
	return 1;
}

/* One of each kind: a plain register, one that was refused, a vector. */
void control_registers(const struct control *control, unsigned int vcpu,
		       void (*visit)(void *context, const struct reg_view *view), void *context)
{
	static const uint8_t value[16] = {0xef, 0xcd, [15] = 0x80};
	const struct reg_view views[] = {
		{.name = "PC", .class = REG_RUNTIME, .value = value, .size = 8, .valid = true},
		{"ESR_EL1", REG_RESET, value, 8, false, true, true, 0x1234},
		{.name = "V0", .class = REG_FPSIMD, .value = value, .size = 16},
	};

	(void)control, (void)vcpu;
	for (unsigned int i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		visit(context, &views[i]);
}

const char *control_id(const struct control *control)
{
	(void)control;
	return "anonymous-instance";
}

void control_listen(struct control *control, void (*changed)(void *context), void *context)
{
	control->changed = changed;
	control->context = context;
}

const char *vm_state_name(enum vm_state state)
{
	static const char *const names[] = {"Not started", "Running", "Paused", "Paused",
					    "Running"};

	return names[state];
}

const char *application_state_name(enum application_state state)
{
	static const char *const names[] = {"none",   "starting", "running",
					    "paused", "exited",   "crashed"};

	return names[state];
}

#endif
