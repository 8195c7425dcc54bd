/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/debug_cpu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "vmm/arch_debug.h"

/* ---- what KVM is told ---- */

/* Points as the hardware of this vCPU gets them: where its step may end comes first, and what the
 * hardware then has no room for waits until the step is over. */
static unsigned int points_of(const struct debug_cpu *cpu, struct debug_point *points)
{
	const struct debug_shared *shared = cpu->shared;
	const struct debug_step *step = &cpu->step;
	unsigned int count = 0, breakpoints = 0;

	for (unsigned int i = 0; step->active && i < step->place_count; i++, breakpoints++)
		points[count++] = (struct debug_point){DEBUG_EXECUTE, step->places[i], 0};
	for (unsigned int i = 0; i < shared->point_count; i++) {
		bool executes = shared->points[i].kind == DEBUG_EXECUTE;

		if (executes && breakpoints == shared->limits.breakpoints)
			continue;
		breakpoints += executes;
		points[count++] = shared->points[i];
	}
	return count;
}

static int control(const struct debug_cpu *cpu, const struct regs *regs, struct error *err)
{
	struct debug_point points[DEBUG_POINTS_MAX + DEBUG_PLACES_MAX];
	struct kvm_guest_debug request = {0};
	int result;

	if (cpu->plan != DEBUG_OFF)
		arch_debug_control(&request, points, points_of(cpu, points),
				   cpu->step.active && cpu->step.single);
	result = kvm_ioctl(regs->vcpu_fd, KVM_SET_GUEST_DEBUG, &request);
	return result < 0 ? error_set(err, -result, "KVM_SET_GUEST_DEBUG: %s", strerror(-result))
			  : 0;
}

/* Of what was before, the traps still stand: those of both don't come and go. */
static int take_step(struct debug_cpu *cpu, const struct debug_step *before, struct regs *regs,
		     struct error *err)
{
	int result = debug_traps_lay(cpu->shared, &cpu->step, err);

	debug_traps_lift(cpu->shared, before);
	if (result < 0)
		cpu->step.trap_count = 0;
	return result < 0 ? result : control(cpu, regs, err);
}

/* The instruction that the vCPU is at, and how to get over it. */
static int begin_step(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	struct debug_step *step = &cpu->step;
	int result = arch_pc(regs, &step->from, err);

	if (result == 0)
		result = arch_user_mode(regs, &step->user, err);
	step->active = true;
	step->by_kvm = cpu->shared->limits.step_by_kvm;
	return result < 0 ? result : arch_step_begin(step, regs, cpu->shared->memory, err);
}

static int begin(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	const struct debug_step before = cpu->step;
	int result = 0;

	cpu->step = (struct debug_step){0};
	if (cpu->plan == DEBUG_STEP || cpu->plan == DEBUG_TO_USER)
		result = begin_step(cpu, regs, err);
	if (result < 0)
		cpu->step.trap_count = 0;
	if (take_step(cpu, &before, regs, err) < 0)
		return -err->code;
	return result;
}

int debug_cpu_plan(struct debug_cpu *cpu, struct regs *regs, enum debug_plan plan, uint64_t start,
		   uint64_t end, struct error *err)
{
	int result = debug_cpu_rest(cpu, regs, err);

	cpu->plan = plan;
	cpu->start = start;
	cpu->end = end;
	cpu->stop = (struct debug_stop){0};
	return result < 0 ? result : begin(cpu, regs, err);
}

int debug_cpu_rest(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	int result = 0;

	if (!cpu->step.active)
		return 0;
	result = arch_step_cancel(&cpu->step, regs, cpu->shared->memory, err);
	debug_traps_lift(cpu->shared, &cpu->step);
	cpu->step = (struct debug_step){0};
	return result;
}

int debug_cpu_moved(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	int result = debug_cpu_rest(cpu, regs, err);

	return result < 0 ? result : begin(cpu, regs, err);
}

int debug_cpu_enter(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	struct debug_event event = {.cause = DEBUG_UNKNOWN};
	enum debug_progress progress = DEBUG_OTHER;
	int result;

	if (!cpu->step.by_mode || cpu->step.over)
		return cpu->step.over;
	result = arch_pc(regs, &event.pc, err);
	if (result == 0)
		result = arch_step_event(&cpu->step, regs, cpu->shared->memory, &event, &progress,
					 err);
	cpu->step.over = progress == DEBUG_DONE;
	return result < 0 ? result : cpu->step.over;
}

int debug_cpu_aside(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	cpu->aside = cpu->step.active;
	return debug_cpu_rest(cpu, regs, err);
}

int debug_cpu_back(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	bool again = cpu->aside;

	cpu->aside = false;
	return again ? begin(cpu, regs, err) : 0;
}

/* ---- exits ---- */

static int stop(struct debug_cpu *cpu, struct debug_stop why)
{
	if (cpu->step.active)
		debug_traps_lift(cpu->shared, &cpu->step);
	cpu->step = (struct debug_step){0};
	cpu->stop = why;
	return 1;
}

/* The instruction is over: whether more are wanted. */
static int stepped(struct debug_cpu *cpu, struct regs *regs, struct error *err)
{
	uint64_t pc;
	bool user;
	int result = arch_pc(regs, &pc, err);

	if (result == 0)
		result = arch_user_mode(regs, &user, err);
	if (result < 0)
		return result;
	if (cpu->plan == DEBUG_TO_USER && user)
		return stop(cpu, (struct debug_stop){.kind = DEBUG_STOP_USER});
	if (cpu->plan == DEBUG_STEP && pc - cpu->start >= cpu->end - cpu->start)
		return stop(cpu, (struct debug_stop){.kind = DEBUG_STOP_STEP});
	return begin(cpu, regs, err);
}

/* A range of the debugger's in which, or nearest to which, the access was: the processor may tell
 * of any address that the access touched. */
static const struct debug_point *watched(const struct debug_shared *shared, uint64_t address)
{
	const struct debug_point *best = NULL;
	uint64_t distance = UINT64_MAX;

	for (unsigned int i = 0; i < shared->point_count; i++) {
		const struct debug_point *point = &shared->points[i];
		uint64_t from;

		if (point->kind == DEBUG_EXECUTE)
			continue;
		from = address < point->address ? point->address - address
		       : address - point->address < point->length
			       ? 0
			       : address - point->address - point->length + 1;
		if (from < distance) {
			distance = from;
			best = point;
		}
	}
	return distance <= 64 ? best : NULL;
}

static const struct debug_point *breakpoint_at(const struct debug_shared *shared, uint64_t pc)
{
	for (unsigned int i = 0; i < shared->point_count; i++)
		if (shared->points[i].kind == DEBUG_EXECUTE && shared->points[i].address == pc)
			return &shared->points[i];
	return NULL;
}

/* NULL: what traps there is the guest's. */
static const struct debug_trap *trap_at(struct debug_shared *shared, struct regs *regs, uint64_t pc)
{
	struct error err;
	uint64_t physical;

	if (arch_translate(regs, shared->memory, pc, &physical, &err) < 0)
		return NULL;
	return debug_trap_find(shared, physical);
}

/* A debug exit, and whose the trap is, if it is one. */
struct met {
	struct debug_event event;
	enum { TRAP_GUESTS, TRAP_OURS, TRAP_OF_STEPS } trap;
};

/* Traps of steps come and go while other vCPUs run: both answers are of one moment. */
static int look(struct debug_shared *shared, const struct kvm_run *run, struct regs *regs,
		struct met *met, struct error *err)
{
	const struct debug_trap *trap = NULL;
	int result;

	met->trap = TRAP_GUESTS;
	if (!shared)
		return arch_debug_event(run, regs, NULL, &met->event, err);
	pthread_mutex_lock(&shared->lock);
	result = arch_debug_event(run, regs, shared->memory, &met->event, err);
	if (result == 0 && met->event.cause == DEBUG_TRAP)
		trap = trap_at(shared, regs, met->event.pc);
	if (trap)
		met->trap = trap->users ? TRAP_OURS : TRAP_OF_STEPS;
	pthread_mutex_unlock(&shared->lock);
	return result;
}

/* Whether the debugger set what was met. */
static bool is_ours(struct debug_cpu *cpu, const struct met *met, struct debug_stop *why)
{
	const struct debug_event *event = &met->event;
	const struct debug_point *point = NULL;

	*why = (struct debug_stop){.data = event->data};
	switch (event->cause) {
	case DEBUG_TRAP:
		why->kind = DEBUG_STOP_TRAP;
		return met->trap == TRAP_OURS;
	case DEBUG_BREAKPOINT:
		point = breakpoint_at(cpu->shared, event->pc);
		break;
	case DEBUG_WATCHPOINT:
		point = watched(cpu->shared, event->data);
		break;
	default:
		break;
	}
	if (!point)
		return false;
	why->kind = DEBUG_STOP_POINT;
	why->point = *point;
	return true;
}

static int met_while_stepping(struct debug_cpu *cpu, struct regs *regs, const struct met *met,
			      enum debug_progress *progress, struct error *err)
{
	const struct debug_step before = cpu->step;
	int result;

	*progress = DEBUG_OTHER;
	if (!cpu->step.active)
		return 0;
	result = arch_step_event(&cpu->step, regs, cpu->shared->memory, &met->event, progress, err);
	if (result == 0 && *progress == DEBUG_ON)
		return take_step(cpu, &before, regs, err);
	return result;
}

int debug_cpu_exit(struct debug_cpu *cpu, const struct kvm_run *run, struct regs *regs,
		   struct error *err)
{
	enum debug_progress progress;
	struct debug_stop why;
	struct met met;
	int result;

	if (cpu->step.over)
		return stepped(cpu, regs, err);
	result = look(cpu->shared, run, regs, &met, err);
	if (result == 0)
		result = met_while_stepping(cpu, regs, &met, &progress, err);
	if (result < 0)
		return result;
	if (progress == DEBUG_DONE)
		return stepped(cpu, regs, err);
	if (progress == DEBUG_ON)
		return 0;
	if (cpu->shared && is_ours(cpu, &met, &why)) {
		result = debug_cpu_rest(cpu, regs, err);
		return result < 0 ? result : stop(cpu, why);
	}
	if (met.event.cause == DEBUG_STEPPED) /* left over from a step that was given up */
		return 0;
	if (met.trap == TRAP_OF_STEPS) { /* of another vCPU: until it is over */
		sched_yield();
		return 0;
	}
	return arch_debug_inject(run, regs, err);
}
