/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/debugger.h"

#include <errno.h>
#include <unistd.h>

#include "vmm/arch_debug.h"
#include "vmm/log.h"
#include "vmm/standard.h"

static bool is_application(const struct debugger *debugger)
{
	return debugger->config->application.path;
}

/* The vCPU whose thread this is. */
static struct vcpu *vcpu_here(const struct debug *debug)
{
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		if (pthread_equal(debug->vcpus[i].thread, pthread_self()))
			return &debug->vcpus[i];
	return NULL;
}

static bool is_wanted(const struct debugger *debugger, const struct control_stop *stop)
{
	if (!stop->signal)
		return debugger->control->debugged;
	return !debugger->passed && (debug_attached(&debugger->debug) || standard_keeps() ||
				     debugger->config->core_path);
}

bool debugger_guest_stop(void *context, const struct control_stop *stop)
{
	struct debugger *debugger = context;
	struct vcpu *vcpu = vcpu_here(&debugger->debug);
	struct error err;

	if (!vcpu || !is_wanted(debugger, stop))
		return false;
	debugger->crash = *stop;
	return debug_cpu_plan(&vcpu->debug, &vcpu->regs, DEBUG_TO_USER, 0, 0, &err) == 0;
}

/* A fault comes again by itself; other signals are sent again. */
static void take_its_course(struct debugger *debugger)
{
	debugger->passed = true;
	if (!debugger->crash.fault)
		control_page_signal(debugger->control, debugger->crash.signal);
}

static int report(struct debugger *debugger, struct vcpu *vcpu, struct error *err)
{
	const char *core = debugger->config->core_path;
	const struct crash crash = {
		.vcpu = vcpu,
		.memory = vcpu->machine->memory,
		.program = debugger->config->application.path,
		.bias = control_page_bias(debugger->control),
		.signal = debugger->crash.signal,
		.reason = debugger->crash.reason,
	};

	/* Whose output is kept is not there to see it. */
	if (standard_keeps())
		crash_print(&crash, STDERR_FILENO);
	return core ? crash_core(&crash, core, err) : 0;
}

bool debugger_stopped(void *context, struct vcpu *vcpu)
{
	struct debugger *debugger = context;
	struct error err;

	if (!debugger->crash.signal || debug_attached(&debugger->debug)) {
		debug_notify(&debugger->debug);
		return true;
	}
	if (report(debugger, vcpu, &err) < 0)
		log_error("%s", err.message);
	take_its_course(debugger);
	if (debug_cpu_plan(&vcpu->debug, &vcpu->regs, DEBUG_OFF, 0, 0, &err) < 0)
		log_error("%s", err.message);
	return false;
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
		virtio_vsock_hold(debugger->vsock);
	} else {
		streams_release(debugger->streams);
		virtio_vsock_release(debugger->vsock);
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

static void pass(void *context, int signal)
{
	struct debugger *debugger = context;

	if (!is_application(debugger) || signal < 1 || signal > 64)
		return;
	if (debugger->crash.signal == signal)
		take_its_course(debugger);
	else
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

	return is_application(debugger) ? control_page_bias(debugger->control) : 0;
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
		.program = debugger->config->application.path,
		.context = debugger,
	};
	debugger->debug.shared.memory = debugger->debug.vcpus[0].machine->memory;
	debug_init(&debugger->debug);
}

int debugger_open(struct debugger *debugger, const char *path, struct error *err)
{
	return debug_open(&debugger->debug, debugger->debug.vcpus[0].machine->vm_fd, path, err);
}

/* Without steps there is no way back to the instruction that crashed. */
static int check_core(const struct debugger *debugger, struct error *err)
{
	struct debug_limits limits;

	if (!debugger->config->core_path)
		return 0;
	arch_debug_limits(debugger->debug.vcpus[0].machine->vm_fd, &limits);
	return limits.step ? 0
			   : error_set(err, ENOTSUP,
				       "core: this host offers no single step to debug with");
}

int debugger_start(struct debugger *debugger, struct error *err)
{
	const char *path = debugger->config->debug_socket;
	int result = check_core(debugger, err);

	if (result < 0)
		return result;

	/* Whoever comes sees the application at its first instruction, not the runtime's boot. */
	debugger->debug.early = debugger->control->debugged;
	result = path ? debugger_open(debugger, path, err) : 0;

	for (unsigned int i = 0;
	     path && !is_application(debugger) && i < debugger->debug.vcpu_count; i++)
		vcpu_hold(&debugger->debug.vcpus[i], true);
	return result;
}
