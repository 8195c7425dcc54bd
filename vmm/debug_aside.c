/* SPDX-License-Identifier: Apache-2.0 */
/* A debugger that gets out of the way: between debug_aside() and debug_back() the VM is as if
 * nobody had ever been here. */
#include "vmm/debug.h"
#include "vmm/log.h"

struct aside {
	bool aside;
	int result;
	struct error *err;
};

static void move(struct vcpu *vcpu, void *context)
{
	struct aside *how = context;

	how->result = how->aside ? debug_cpu_aside(&vcpu->debug, &vcpu->regs, how->err)
				 : debug_cpu_back(&vcpu->debug, &vcpu->regs, how->err);
}

static int move_all(struct debug *debug, struct aside *how)
{
	for (unsigned int i = 0; how->result == 0 && i < debug->vcpu_count; i++) {
		const struct debug_cpu *cpu = &debug->vcpus[i].debug;

		if (cpu->step.active || cpu->aside)
			vcpu_call(&debug->vcpus[i], move, how);
	}
	return how->result;
}

int debug_aside(struct debug *debug, struct error *err)
{
	struct aside how = {.aside = true, .err = err};

	debug_listen(debug, false);
	if (move_all(debug, &how) < 0) {
		debug_back(debug);
		return how.result;
	}
	debug_traps_aside(&debug->shared, true);
	return 0;
}

void debug_back(struct debug *debug)
{
	struct error err;
	struct aside how = {.err = &err};

	debug_traps_aside(&debug->shared, false);
	if (move_all(debug, &how) < 0)
		log_error("%s", err.message);
	debug_listen(debug, true);
}
