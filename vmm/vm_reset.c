/* SPDX-License-Identifier: Apache-2.0 */
/* A VM back to the snapshot that it was loaded from, in place. The order is that of a load: memory,
 * what guests change of the machine, devices, registers around the clock and the interrupt
 * controller. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch_state.h"
#include "vmm/kvm_stat.h"
#include "vmm/reg_undo.h"
#include "vmm/vm_parts.h"

struct vcpu_undo {
	struct reg_undo registers;
	struct kvm_stat reaches; /* how often the guest reached for a device that is KVM's */
	uint64_t reached;
};

struct vm_undo {
	uint64_t mode, page_tables; /* of struct machine */
	struct vcpu_state *states;
	unsigned int count;
	struct vcpu_undo vcpus[];
};

struct work {
	struct vm *vm;
	const struct vm_image *image;
	struct arch_clock_plan clock;
	bool reached;
	bool last; /* all other vCPUs are as far: */
	struct error *err;
	int result;
};

/* ---- worked out once ---- */

/* A counter that is 0 when the vCPU is new. */
static void undo_init(struct vcpu *vcpu, void *context)
{
	struct work *work = context;
	struct vm_undo *undo = work->vm->undo;
	struct vcpu_undo *own = &undo->vcpus[vcpu->index];

	own->reaches = kvm_stat_open(vcpu->fd, "mmio_exit_kernel");
	work->result = reg_undo_init(&own->registers, &vcpu->regs,
				     &undo->states[vcpu->index].registers, work->err);
	undo->count++;
}

/* vm_undo_finish() also after a failure. */
static int vm_undo_init(struct vm *vm, struct work *work)
{
	vm->undo = calloc(1, sizeof(*vm->undo) + vm->vcpu_count * sizeof(vm->undo->vcpus[0]));
	if (!vm->undo)
		return error_set(work->err, ENOMEM, "reset: out of memory");
	vm->undo->states = vm_vcpu_states(vm, work->image, work->err);
	if (!vm->undo->states)
		return -work->err->code;
	work->result =
		vm_load_mode(work->image, &vm->undo->mode, &vm->undo->page_tables, work->err);
	for (unsigned int i = 0; work->result == 0 && i < vm->vcpu_count; i++)
		vcpu_call(&vm->vcpus[i], undo_init, work);
	return work->result;
}

void vm_undo_finish(struct vm_undo *undo)
{
	for (unsigned int i = 0; undo && i < undo->count; i++) {
		reg_undo_finish(&undo->vcpus[i].registers);
		kvm_stat_close(&undo->vcpus[i].reaches);
	}
	free(undo ? undo->states : NULL);
	free(undo);
}

/* ---- the interrupt controller ---- */

static int reset_irqchip(struct work *work)
{
	struct state_reader reader;
	int result = state_section(work->image->state, STATE_IRQCHIP, 0, &reader, work->err);

	if (result == 0)
		result = arch_irqchip_reset(&work->vm->machine, &reader, work->reached, work->err);
	return result < 0 ? result : state_close(&reader, work->err);
}

/* Whether its guest may have changed of the interrupt controller what only an access to its
 * registers in memory changes. */
static bool has_reached(struct vcpu_undo *undo)
{
	uint64_t before = undo->reached;

	return !kvm_stat_read(&undo->reaches, &undo->reached) || undo->reached != before;
}

/* ---- vCPUs, each on its own thread ---- */

static int undo_late(struct vcpu *vcpu, struct work *work)
{
	const struct reg_undo *undo = &work->vm->undo->vcpus[vcpu->index].registers;
	int result = regs_undo(&vcpu->regs, undo, REG_UNDO_LATE, work->err);

	return result < 0 ? result : regs_undo(&vcpu->regs, undo, REG_UNDO_ON, work->err);
}

static void undo_rest(struct vcpu *vcpu, void *context)
{
	struct work *work = context;
	struct vcpu_undo *undo = &work->vm->undo->vcpus[vcpu->index];
	struct regs *regs = &vcpu->regs;

	work->reached |= has_reached(undo);
	work->result = arch_irqchip_release(vcpu->machine, vcpu->fd, vcpu->index, work->err);
	if (work->result == 0)
		work->result = regs_undo(regs, &undo->registers, REG_UNDO_OFF, work->err);
	if (work->result == 0)
		work->result = arch_clock_set(regs, &work->clock, work->err);
	if (work->result == 0)
		work->result = regs_undo(regs, &undo->registers, REG_UNDO_REST, work->err);
	if (work->result == 0 && work->last)
		work->result = reset_irqchip(work);
	if (work->result == 0 && work->last)
		work->result = undo_late(vcpu, work);
}

static void undo_late_too(struct vcpu *vcpu, void *context)
{
	struct work *work = context;

	work->result = undo_late(vcpu, work);
}

/* A call to a thread costs as much as eight registers: one vCPU is called once, and of several the
 * last one. */
static int reset_vcpus(struct work *work)
{
	struct vm *vm = work->vm;

	for (unsigned int i = 0; work->result == 0 && i < vm->vcpu_count; i++) {
		work->last = i + 1 == vm->vcpu_count;
		vcpu_call(&vm->vcpus[i], undo_rest, work);
	}
	for (unsigned int i = 0; work->result == 0 && i + 1 < vm->vcpu_count; i++)
		vcpu_call(&vm->vcpus[i], undo_late_too, work);
	for (unsigned int i = 0; work->result == 0 && i < vm->vcpu_count; i++)
		vcpu_undo(&vm->vcpus[i], &vm->undo->states[i]);
	return work->result;
}

/* ---- all of it ---- */

static bool has_ended(struct vm *vm)
{
	bool ended;

	pthread_mutex_lock(&vm->lock);
	ended = vm->ended;
	pthread_mutex_unlock(&vm->lock);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		ended |= vcpu_has_ended(&vm->vcpus[i]);
	return ended;
}

static void forget_crash(struct debugger *debugger)
{
	debugger->crash = (struct control_stop){0};
	debugger->passed = false;
}

int vm_reset(struct vm *vm, const struct vm_image *image, enum resume_clock clock,
	     struct memory_reverted *what, struct error *err)
{
	struct work work = {.vm = vm, .image = image, .err = err};
	int result;

	if (has_ended(vm))
		return error_set(err, ESRCH, "reset: the guest has come to its end");
	result = vm->undo ? 0 : vm_undo_init(vm, &work);
	if (result < 0) {
		vm_undo_finish(vm->undo);
		vm->undo = NULL;
	}
	if (result == 0)
		result = memory_revert(&vm->memory, vm->machine.vm_fd, what, err);
	if (result == 0)
		result = arch_machine_reset(&vm->machine, vm->undo->mode, vm->undo->page_tables,
					    err);
	if (result == 0)
		result = vm_load_devices(vm, image, err);
	work.clock = arch_clock_plan(vm_origin_ticks(vm, clock));
	if (result == 0)
		result = reset_vcpus(&work);
	if (result < 0)
		return result;
	vm_note_clock(vm, work.clock.rest);
	memcpy(vm->snapshot, image->state->header.id, STATE_ID_SIZE);
	forget_crash(&vm->debugger);
	vm->restored = true;
	return 0;
}
