/* SPDX-License-Identifier: Apache-2.0 */
/* A VM's clock: what it showed at a pause, and what it is to show when the VM goes on. */
#include <errno.h>
#include <time.h>

#include "vmm/arch_state.h"
#include "vmm/vm_parts.h"

enum { NS = 1000000000 };

/* How long a look at two clocks may take, and how often it is tried. */
enum { LOOK_NS = 200000, LOOKS_MAX = 8 };

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

void vm_moment_take(struct vm_moment *moment)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < LOOKS_MAX && best > LOOK_NS; i++) {
		uint64_t monotonic = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
		uint64_t took = now_ns(CLOCK_MONOTONIC) - monotonic;

		if (took >= best)
			continue;
		best = took;
		moment->monotonic = monotonic;
		moment->wall = wall;
	}
}

static uint64_t ticks_of(const struct vm *vm, uint64_t ns)
{
	uint64_t hz = vm->machine.timebase_hz;

	return ns / NS * hz + ns % NS * hz / NS;
}

struct clock_work {
	uint64_t ticks;
	struct arch_clock_plan plan;
	struct error *err;
	int result;
};

static void clock_get(struct vcpu *vcpu, void *context)
{
	struct clock_work *work = context;

	work->result = arch_clock_get(&vcpu->regs, &work->ticks, work->err);
}

static void clock_set(struct vcpu *vcpu, void *context)
{
	struct clock_work *work = context;

	work->result = arch_clock_set(&vcpu->regs, &work->plan, work->err);
}

/* What the guest's clock showed when the last vCPU had stopped, or a little more: the host's time
 * is taken before the clock is, and both once more when there was long between them. */
static int ticks_at_pause(struct vm *vm, uint64_t *ticks, struct error *err)
{
	struct clock_work work = {.err = err};
	uint64_t best = UINT64_MAX;

	for (int i = 0; work.result == 0 && i < LOOKS_MAX && best > LOOK_NS; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), took;

		vcpu_call(&vm->vcpus[0], clock_get, &work);
		took = now_ns(CLOCK_MONOTONIC) - before;
		if (took >= best)
			continue;
		best = took;
		*ticks = work.ticks - ticks_of(vm, before - vm->paused.monotonic);
	}
	return work.result;
}

void vm_note_clock(struct vm *vm, uint64_t rest)
{
	vm->clock_set = true;
	vm->clock_rest = rest;
}

void vm_tell_clock(struct vm *vm)
{
	if (vm->clock_set && vm->config->application.path)
		control_page_clock(&vm->control, vm->clock_rest);
	vm->clock_set = false;
}

static int set_ticks(struct vm *vm, uint64_t ticks, struct error *err)
{
	struct clock_work work = {.plan = arch_clock_plan(ticks), .err = err};

	for (unsigned int i = 0; work.result == 0 && i < vm->vcpu_count; i++)
		vcpu_call(&vm->vcpus[i], clock_set, &work);
	vm_note_clock(vm, work.plan.rest);
	return work.result;
}

/* A host whose clock was set back has seen no time pass. */
static uint64_t ticks_since(const struct vm *vm, uint64_t wall)
{
	uint64_t now = now_ns(CLOCK_REALTIME);

	return now > wall ? ticks_of(vm, now - wall) : 0;
}

uint64_t vm_origin_ticks(const struct vm *vm, enum resume_clock clock)
{
	return vm->origin.ticks + (clock == CLOCK_WALL ? ticks_since(vm, vm->origin.wall) : 0);
}

/* The clock that the time has passed for goes on while it is set: so it is done once more when that
 * took long. */
static int set_by_wall(struct vm *vm, struct error *err)
{
	uint64_t took = UINT64_MAX;
	int result = 0;

	for (int i = 0; result == 0 && i < LOOKS_MAX && took > LOOK_NS; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC);

		result = set_ticks(vm, vm_origin_ticks(vm, CLOCK_WALL), err);
		took = now_ns(CLOCK_MONOTONIC) - before;
	}
	return result;
}

int vm_set_clock(struct vm *vm, enum resume_clock clock, struct error *err)
{
	uint64_t ticks = vm->origin.ticks;
	int result;

	if (vm->restored)
		return clock == CLOCK_WALL ? set_by_wall(vm, err) : set_ticks(vm, ticks, err);
	if (clock != CLOCK_GUEST)
		return 0;
	result = ticks_at_pause(vm, &ticks, err);
	return result < 0 ? result : set_ticks(vm, ticks, err);
}

int vm_save_clock(struct vm *vm, struct state_writer *writer, struct error *err)
{
	struct vm_moment moment = vm->restored ? vm->origin : vm->paused;
	int result = vm->restored ? 0 : ticks_at_pause(vm, &moment.ticks, err);

	state_begin(writer, STATE_CLOCK);
	state_put(writer, vm->machine.timebase_hz, 8);
	state_put(writer, moment.ticks, 8);
	state_put(writer, moment.wall, 8);
	state_end(writer);
	return result;
}

int vm_load_clock(struct vm *vm, const struct vm_image *image, struct error *err)
{
	struct state_reader reader;
	uint64_t hz;
	int result = state_section(image->state, STATE_CLOCK, 0, &reader, err);

	if (result < 0)
		return result;
	hz = state_take(&reader, 8);
	vm->origin.ticks = state_take(&reader, 8);
	vm->origin.wall = state_take(&reader, 8);
	result = state_close(&reader, err);
	if (result == 0 && hz != vm->machine.timebase_hz)
		return error_set(err, ENOTSUP,
				 "the snapshot's clock has %llu ticks a second, this host's %llu",
				 (unsigned long long)hz,
				 (unsigned long long)vm->machine.timebase_hz);
	return result;
}

int vm_place_clock(struct vm *vm, struct error *err)
{
	struct clock_work work = {.plan = arch_clock_plan(vm->origin.ticks), .err = err};

	for (unsigned int i = 0; work.result == 0 && i < vm->vcpu_count; i++)
		clock_set(&vm->vcpus[i], &work);
	return work.result;
}
