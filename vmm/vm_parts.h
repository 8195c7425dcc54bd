/* SPDX-License-Identifier: Apache-2.0 */
/* What a VM consists of, for the files that put it together, save it and put it back: vm.c,
 * vm_load.c, vm_snapshot.c. Nobody else includes it. */
#ifndef MOTE_VM_PARTS_H
#define MOTE_VM_PARTS_H

#include <pthread.h>
#include <time.h>

#include "vmm/arch.h"
#include "vmm/debugger.h"
#include "vmm/dev/control_page.h"
#include "vmm/dev/uart16550.h"
#include "vmm/dev/virtio_console.h"
#include "vmm/dev/virtio_vsock.h"
#include "vmm/initrd.h"
#include "vmm/vcpu.h"
#include "vmm/vm.h"
#include "vmm/watchdog.h"

/* The end of RAM that is the monitor's and the runtime's alone: one page of the largest
 * size that a host uses, with the control page at its start. */
enum { CONTROL_AREA = CONTROL_AREA_SIZE };

/* A moment when the guest stood still. Nanoseconds; ticks of machine.timebase_hz. */
struct vm_moment {
	uint64_t ticks; /* that the guest's clock showed; only of a snapshot */
	uint64_t wall, monotonic; /* the host's clocks; monotonic only of a pause */
};

struct vm_undo;

struct vm {
	const struct vm_config *config; /* borrowed */
	struct loop *loop;
	struct streams *streams; /* borrowed */
	struct vm_owner owner;
	struct kvm kvm;
	struct memory memory;
	struct machine machine;
	struct bus bus;
	struct uart uart;
	struct virtio_console console;
	struct virtio_vsock *vsock; /* NULL: there is none */
	struct control_page_device control;
	struct watchdog watchdog;
	struct debugger debugger;
	int serial_fd; /* -1: the UART prints on standard output */
	struct image_place kernel;
	struct initrd initrd;
	uint64_t fdt; /* guest-physical */
	struct vm_moment paused; /* the last time */
	uint8_t snapshot[STATE_ID_SIZE]; /* taken or loaded last; zeros: none */
	bool restored; /* or reset, and has not run since: */
	bool same_kernel; /* of this host and the snapshot's */
	struct vm_moment origin; /* when its snapshot's guest stood still */
	bool clock_set; /* since it last ran; then: */
	uint64_t clock_rest; /* ticks that the guest has to add, modulo 2^64 */
	struct vm_undo *undo; /* what a reset needs, worked out by the first; NULL: none */
	struct loop_source ended_source; /* an eventfd: outcome is there */
	pthread_mutex_t lock;
	bool ended; /* guarded by lock: the first outcome counts */
	struct vm_outcome outcome; /* guarded by lock until ended */
	unsigned int vcpu_count;
	struct vcpu vcpus[];
};

/* vm_load.c: kernel, initrd behind it, device tree at the end; then memory is KVM's. */
int vm_load(struct vm *vm, struct error *err);

static inline uint64_t vm_control_area(const struct vm *vm)
{
	return vm->memory.base + vm->memory.size - CONTROL_AREA;
}

/* vm_clock.c: the host's clocks, as nearly at the same time as can be had; not the ticks. */
void vm_moment_take(struct vm_moment *moment);
/* STATE_CLOCK of a VM that is paused, or restored and not yet started; and into `origin`, from
 * where vCPUs that have not run get it. */
int vm_save_clock(struct vm *vm, struct state_writer *writer, struct error *err);
int vm_load_clock(struct vm *vm, const struct vm_image *image, struct error *err);
int vm_place_clock(struct vm *vm, struct error *err);

/* What the clock of the snapshot's guest is to show now. */
uint64_t vm_origin_ticks(const struct vm *vm, enum resume_clock clock);

/* The clock has been set, but for rest; when vCPUs are about to run the guest is told: once,
 * however often it was set in between, and nothing of it is in a snapshot that was taken before. */
void vm_note_clock(struct vm *vm, uint64_t rest);
void vm_tell_clock(struct vm *vm);

/* vm_snapshot.c: the devices' sections into devices that are new, or stand. */
int vm_load_devices(struct vm *vm, const struct vm_image *image, struct error *err);
/* vm_snapshot.c: what guests change of struct machine. */
int vm_load_mode(const struct vm_image *image, uint64_t *mode, uint64_t *page_tables,
		 struct error *err);
/* vm_reset.c */
void vm_undo_finish(struct vm_undo *undo); /* NULL is fine */

/* vm_snapshot.c: puts the sections of image->state into a VM whose parts are there and new. */
int vm_load_sections(struct vm *vm, const struct vm_image *image, struct error *err);
/* vm_snapshot.c: what the vCPUs of a snapshot's VM are to become; freed by the caller. NULL: see
 * err. */
struct vcpu_state *vm_vcpu_states(const struct vm *vm, const struct vm_image *image,
				  struct error *err);
/* vm_snapshot.c: narrows a new machine to what the snapshot's had, or refuses by name. */
int vm_load_machine(struct vm *vm, const struct vm_image *image, struct error *err);

#endif
