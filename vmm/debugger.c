/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/debugger.h"

/* The vCPU whose thread this is. */
static struct vcpu *vcpu_here(const struct debug *debug)
{
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		if (pthread_equal(debug->vcpus[i].thread, pthread_self()))
			return &debug->vcpus[i];
	return NULL;
}

bool debugger_guest_stop(void *context, int signal, bool fault)
{
	struct debugger *debugger = context;
	struct vcpu *vcpu = vcpu_here(&debugger->debug);
	bool wanted = signal ? debug_attached(&debugger->debug) : debugger->control->debugged;
	struct error err;

	if (!vcpu || !wanted || debugger->crash.passed)
		return false;
	debugger->crash = (struct debugger_crash){.signal = signal, .fault = fault};
	return debug_cpu_plan(&vcpu->debug, &vcpu->regs, DEBUG_TO_USER, 0, 0, &err) == 0;
}

bool debugger_stopped(void *context, struct vcpu *vcpu)
{
	struct debugger *debugger = context;

	(void)vcpu;
	debug_notify(&debugger->debug);
	return true;
}

void debugger_devices(struct debugger *debugger, bool *why, bool held)
{
	bool before = debugger->paused || debugger->standing, after;

	*why = held;
	after = debugger->paused || debugger->standing;
	if (before == after)
		return;
	if (after) {
		watchdog_hold(debugger->watchdog);
		streams_hold(debugger->streams);
	} else {
		streams_release(debugger->streams);
		watchdog_start(debugger->watchdog);
	}
}

static void still(void *context, bool still)
{
	struct debugger *debugger = context;

	if (!still)
		debugger->crash.signal = 0;
	debugger_devices(debugger, &debugger->standing, still);
}

/* A fault comes again by itself, and is not stopped for then. */
static void pass(void *context, int signal)
{
	struct debugger *debugger = context;
	struct debugger_crash *crash = &debugger->crash;

	if (!debugger->program || signal < 1 || signal > 64)
		return;
	crash->passed = crash->signal == signal;
	if (!crash->passed || !crash->fault)
		control_page_signal(debugger->control, signal);
}

static void kill_guest(void *context)
{
	struct debugger *debugger = context;

	debugger->kill(debugger->context);
}

static uint64_t bias(void *context)
{
	struct debugger *debugger = context;

	return debugger->program ? control_page_bias(debugger->control) : 0;
}

static int stop_signal(void *context)
{
	return ((struct debugger *)context)->crash.signal;
}

void debugger_init(struct debugger *debugger)
{
	debugger->debug.owner = (struct debug_owner){
		.still = still,
		.pass = pass,
		.kill = kill_guest,
		.bias = bias,
		.signal = stop_signal,
		.program = debugger->program,
		.context = debugger,
	};
	debugger->debug.shared.memory = debugger->debug.vcpus[0].machine->memory;
	debug_init(&debugger->debug);
}

int debugger_open(struct debugger *debugger, const char *path, struct error *err)
{
	return debug_open(&debugger->debug, debugger->debug.vcpus[0].machine->vm_fd, path, err);
}

int debugger_start(struct debugger *debugger, const char *path, struct error *err)
{
	int result = path ? debugger_open(debugger, path, err) : 0;

	for (unsigned int i = 0; path && !debugger->program && i < debugger->debug.vcpu_count; i++)
		vcpu_hold(&debugger->debug.vcpus[i], true);
	return result;
}
