/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/debug.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch_debug.h"

/* ---- standing still and going on ---- */

static void rest(struct vcpu *vcpu, void *context)
{
	struct error err;

	(void)context;
	debug_cpu_rest(&vcpu->debug, &vcpu->regs, &err);
}

/* What is looked at then is the guest's: of a step halfway nothing is left. */
static void stand_still(struct debug *debug)
{
	if (debug->stopped)
		return;
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		vcpu_hold(&debug->vcpus[i], true);
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		vcpu_wait_parked(&debug->vcpus[i]);
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		if (debug->vcpus[i].debug.step.active)
			vcpu_call(&debug->vcpus[i], rest, NULL);
	debug->stopped = true;
	debug->owner.still(debug->owner.context, true);
}

static void tell_why(struct debug *debug, unsigned int index)
{
	static const enum gdb_reason watches[] = {
		[DEBUG_EXECUTE] = GDB_HWBREAK,
		[DEBUG_WRITE] = GDB_WATCH,
		[DEBUG_READ] = GDB_RWATCH,
		[DEBUG_ACCESS] = GDB_AWATCH,
	};
	const struct debug_stop *stop = &debug->vcpus[index].debug.stop;
	int signal = stop->kind == DEBUG_STOP_USER ? debug->owner.signal(debug->owner.context) : 0;
	uint64_t offset = stop->data - stop->point.address;

	debug->stop = (struct gdb_stop){.thread = index, .signal = signal ? signal : SIGTRAP};
	if (stop->kind == DEBUG_STOP_TRAP)
		debug->stop.reason = GDB_SWBREAK;
	if (stop->kind != DEBUG_STOP_POINT)
		return;
	debug->stop.reason = watches[stop->point.kind];
	/* gdb wants an address in the range that it asked for. */
	debug->stop.address = offset < stop->point.length ? stop->data : stop->point.address;
}

/* A thread with something to tell. The others' stops are forgotten: they come to them again. */
static bool find_stop(struct debug *debug)
{
	for (unsigned int i = 0; i < debug->vcpu_count; i++) {
		if (debug->vcpus[i].debug.stop.kind == DEBUG_STOP_NONE)
			continue;
		tell_why(debug, i);
		return true;
	}
	return false;
}

void debug_stopped(struct debug *debug)
{
	debug_let_in(debug);
	if (!debug->gdb || debug->stopped)
		return;
	stand_still(debug);
	if (find_stop(debug))
		gdb_tell_stop(debug->gdb);
}

static void interrupt(void *context)
{
	struct debug *debug = context;

	stand_still(debug);
	if (!find_stop(debug))
		debug->stop = (struct gdb_stop){.thread = debug->gdb->thread, .signal = SIGINT};
	gdb_tell_stop(debug->gdb);
}

static bool stopped(void *context, struct gdb_stop *stop)
{
	struct debug *debug = context;

	*stop = debug->stop;
	return debug->stopped;
}

struct plan {
	enum debug_plan plan;
	uint64_t start, end;
	int result;
	struct error *err;
};

static void plan(struct vcpu *vcpu, void *context)
{
	struct plan *plan = context;

	plan->result = debug_cpu_plan(&vcpu->debug, &vcpu->regs, plan->plan, plan->start, plan->end,
				      plan->err);
}

static void go_on(struct debug *debug, const struct gdb_resume *by_thread)
{
	debug->stopped = false;
	debug->owner.still(debug->owner.context, false);
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		if (!by_thread || by_thread[i].action != GDB_HOLD)
			vcpu_hold(&debug->vcpus[i], false);
}

static void resume(void *context, const struct gdb_resume *by_thread)
{
	struct debug *debug = context;
	struct error err;

	for (unsigned int i = 0; i < debug->vcpu_count; i++) {
		struct plan wanted = {
			.plan = by_thread[i].action == GDB_STEP ? DEBUG_STEP : DEBUG_CONTINUE,
			.start = by_thread[i].start,
			.end = by_thread[i].end,
			.err = &err,
		};

		vcpu_call(&debug->vcpus[i], plan, &wanted);
		if (by_thread[i].signal)
			debug->owner.pass(debug->owner.context, by_thread[i].signal);
		if (wanted.result == 0)
			continue;
		/* It stands where it stood, and gdb is told so. */
		debug->stop = (struct gdb_stop){.thread = i, .signal = SIGABRT};
		gdb_tell_stop(debug->gdb);
		return;
	}
	go_on(debug, by_thread);
}

/* ---- registers ---- */

struct transfer {
	struct debug *debug;
	unsigned int reg, count;
	uint8_t *values;
	bool write;
	int result;
};

static void transfer(struct vcpu *vcpu, void *context)
{
	struct transfer *transfer = context;
	const struct debug_regs *all = &transfer->debug->regs;
	uint8_t *value = transfer->values;
	struct error err;

	transfer->result = 0;
	for (unsigned int i = 0; transfer->result == 0 && i < transfer->count; i++) {
		unsigned int reg = transfer->reg + i;

		transfer->result = transfer->write
					   ? debug_regs_write(all, &vcpu->regs, reg, value, &err)
					   : debug_regs_read(all, &vcpu->regs, reg, value, &err);
		value += debug_regs_size(all, reg);
	}
}

static int reg_transfer(struct debug *debug, unsigned int thread, struct transfer *how)
{
	vcpu_call(&debug->vcpus[thread], transfer, how);
	return how->result;
}

static int read_regs(void *context, unsigned int thread, unsigned int reg, unsigned int count,
		     void *values)
{
	struct transfer how = {.debug = context, .reg = reg, .count = count, .values = values};

	return reg_transfer(context, thread, &how);
}

static int write_reg(void *context, unsigned int thread, unsigned int reg, const void *value)
{
	struct transfer how = {
		.debug = context, .reg = reg, .count = 1, .values = (void *)value, .write = true};

	return reg_transfer(context, thread, &how);
}

static unsigned int size_of_reg(void *context, unsigned int reg)
{
	return debug_regs_size(&((struct debug *)context)->regs, reg);
}

static bool is_eager(void *context, unsigned int reg)
{
	return ((struct debug *)context)->regs.list[reg].eager;
}

static unsigned int general(void *context)
{
	return ((struct debug *)context)->regs.general;
}

struct description {
	struct debug_regs *all;
	struct error *err;
	int result;
};

static void describe(struct vcpu *vcpu, void *context)
{
	struct description *description = context;

	description->result = debug_regs_init(description->all, &vcpu->regs, description->err);
}

/* ---- memory and breakpoints ---- */

struct access {
	struct debug *debug;
	uint64_t address;
	void *bytes;
	const void *from; /* NULL: it is read */
	size_t length;
	long result;
};

static void access_memory(struct vcpu *vcpu, void *context)
{
	struct access *access = context;
	struct debug_shared *shared = &access->debug->shared;

	if (access->from)
		access->result = debug_write(shared, &vcpu->regs, access->address, access->from,
					     access->length);
	else
		access->result = debug_read(shared, &vcpu->regs, access->address, access->bytes,
					    access->length);
}

static long read_memory(void *context, unsigned int thread, uint64_t address, void *to,
			size_t length)
{
	struct debug *debug = context;
	struct access access = {.debug = debug, .address = address, .bytes = to, .length = length};

	vcpu_call(&debug->vcpus[thread], access_memory, &access);
	return access.result;
}

static long write_memory(void *context, unsigned int thread, uint64_t address, const void *from,
			 size_t length)
{
	struct debug *debug = context;
	struct access access = {.debug = debug, .address = address, .from = from, .length = length};

	vcpu_call(&debug->vcpus[thread], access_memory, &access);
	return access.result;
}

static unsigned int points_in_use(const struct debug_shared *shared, bool executing)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < shared->point_count; i++)
		count += (shared->points[i].kind == DEBUG_EXECUTE) == executing;
	return count;
}

static int point_add(struct debug_shared *shared, const struct debug_point *point)
{
	bool executing = point->kind == DEBUG_EXECUTE;
	unsigned int limit = executing ? shared->limits.breakpoints : shared->limits.watchpoints;

	if (!limit || !arch_debug_fits(point))
		return -ENOTSUP;
	if (points_in_use(shared, executing) == limit || shared->point_count == DEBUG_POINTS_MAX)
		return -ENOSPC;
	shared->points[shared->point_count++] = *point;
	return 0;
}

/* Of an instruction only the address counts. */
static bool same_point(const struct debug_point *a, const struct debug_point *b)
{
	return a->kind == b->kind && a->address == b->address &&
	       (a->kind == DEBUG_EXECUTE || a->length == b->length);
}

static void point_remove(struct debug_shared *shared, const struct debug_point *point)
{
	for (unsigned int i = 0; i < shared->point_count; i++) {
		if (!same_point(&shared->points[i], point))
			continue;
		shared->points[i] = shared->points[--shared->point_count];
		return;
	}
}

static void set_trap(struct vcpu *vcpu, void *context)
{
	struct access *access = context;
	struct error err;

	access->result = debug_trap_set(&access->debug->shared, &vcpu->regs, access->address, &err);
}

/* Where nothing is mapped yet, the hardware waits for the instruction in the trap's place. */
static int change_trap(struct debug *debug, unsigned int thread, bool set,
		       const struct debug_point *point)
{
	struct access access = {.debug = debug, .address = point->address};

	if (!set) {
		point_remove(&debug->shared, point);
		return debug_trap_clear(&debug->shared, point->address);
	}
	vcpu_call(&debug->vcpus[thread], set_trap, &access);
	return access.result == -EFAULT ? point_add(&debug->shared, point) : (int)access.result;
}

static int change_point(void *context, unsigned int thread, bool set, enum gdb_point type,
			uint64_t address, uint64_t length)
{
	static const enum debug_kind kinds[] = {
		[GDB_POINT_SW] = DEBUG_EXECUTE,    [GDB_POINT_HW] = DEBUG_EXECUTE,
		[GDB_POINT_WRITE] = DEBUG_WRITE,   [GDB_POINT_READ] = DEBUG_READ,
		[GDB_POINT_ACCESS] = DEBUG_ACCESS,
	};
	struct debug *debug = context;
	const struct debug_point point = {kinds[type], address, length};

	if (type == GDB_POINT_SW)
		return change_trap(debug, thread, set, &point);
	if (set)
		return point_add(&debug->shared, &point);
	point_remove(&debug->shared, &point);
	return 0;
}

/* ---- what there is ---- */

static unsigned int threads(void *context)
{
	return ((struct debug *)context)->vcpu_count;
}

static const char *thread_name(void *context, unsigned int thread)
{
	(void)context, (void)thread;
	return "vCPU";
}

static uint64_t bias(void *context)
{
	struct debug *debug = context;

	return debug->owner.bias(debug->owner.context);
}

/* ---- coming and leaving ---- */

int debug_attach(struct debug *debug, struct error *err)
{
	struct description how = {.all = &debug->regs, .err = err};

	debug->gdb = malloc(sizeof(*debug->gdb));
	if (!debug->gdb)
		return error_set(err, ENOMEM, "gdb: out of memory");
	gdb_init(debug->gdb, &debug_target, debug);
	stand_still(debug);
	if (!debug->regs.list)
		vcpu_call(&debug->vcpus[0], describe, &how);
	if (how.result < 0) {
		debug_detach(debug);
		return how.result;
	}
	__atomic_store_n(&debug->attached, true, __ATOMIC_RELEASE);
	if (!find_stop(debug))
		debug->stop = (struct gdb_stop){.signal = SIGTRAP};
	return 0;
}

/* The guest is as if nobody had been here. */
void debug_detach(struct debug *debug)
{
	struct error err;

	if (!debug->gdb)
		return;
	stand_still(debug);
	__atomic_store_n(&debug->attached, false, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++)
		while (debug->shared.traps[i].users)
			debug_trap_clear(&debug->shared, debug->shared.traps[i].address);
	debug->shared.point_count = 0;
	for (unsigned int i = 0; i < debug->vcpu_count; i++) {
		struct plan wanted = {.plan = DEBUG_OFF, .err = &err};

		vcpu_call(&debug->vcpus[i], plan, &wanted);
	}
	free(debug->gdb);
	debug->gdb = NULL;
	go_on(debug, NULL);
}

/* The connection is closed behind it: see struct gdb, `gone`. */
static void leave(void *context)
{
	(void)context;
}

static void kill_guest(void *context)
{
	struct debug *debug = context;

	debug->owner.kill(debug->owner.context);
}

static void send(void *context, const void *bytes, size_t length)
{
	debug_send(context, bytes, length);
}

const struct gdb_target debug_target = {
	.threads = threads,
	.thread_name = thread_name,
	.general = general,
	.reg_size = size_of_reg,
	.reg_eager = is_eager,
	.reg_read = read_regs,
	.reg_write = write_reg,
	.read = read_memory,
	.write = write_memory,
	.point = change_point,
	.document = debug_document,
	.resume = resume,
	.interrupt = interrupt,
	.stopped = stopped,
	.bias = bias,
	.detach = leave,
	.kill = kill_guest,
	.send = send,
};
