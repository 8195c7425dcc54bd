/* SPDX-License-Identifier: Apache-2.0 */
/* A debugger's place in a VM: what it means for the devices that the vCPUs stand, and what the
 * runtime and the debugger have to tell each other: that the application begins, that a signal is
 * about to kill it, what becomes of that signal. Loop thread, unless a function says otherwise. */
#ifndef MOTE_DEBUGGER_H
#define MOTE_DEBUGGER_H

#include "vmm/config.h"
#include "vmm/crash.h"
#include "vmm/debug.h"
#include "vmm/dev/control_page.h"
#include "vmm/dev/stream.h"
#include "vmm/dev/virtio_vsock.h"
#include "vmm/watchdog.h"

struct debugger {
	struct debug debug; /* .loop, .vcpus and .vcpu_count are set before debugger_init(), and so
			       are the next seven */
	struct control_page_device *control;
	const struct vm_config *config; /* borrowed */
	struct streams *streams;
	struct virtio_vsock *vsock; /* NULL: there is none */
	struct watchdog *watchdog;
	void (*kill)(void *context);
	void *context;
	bool paused, standing; /* why devices are held: the API, the debugger */
	struct control_stop crash; /* what the application is stopped for; signal 0: none */
	bool passed; /* the next time it takes its course */
	/* The last two: vCPU thread, or the loop's while that stands. */
};

void debugger_init(struct debugger *debugger);

/* Listens at path; see debug_open(). */
int debugger_open(struct debugger *debugger, const char *path, struct error *err);

/* Before vCPUs start: with config->debug_socket they wait for gdb, an application where it begins,
 * any other guest at its first instruction. */
int debugger_start(struct debugger *debugger, struct error *err);

/* Sets one of the two reasons why devices stand, or takes it back. */
void debugger_devices(struct debugger *debugger, bool *why, bool held);

/* Of struct control_page_device and struct vcpu_owner: a vCPU's thread. */
bool debugger_guest_stop(void *debugger, const struct control_stop *stop);
bool debugger_stopped(void *debugger, struct vcpu *vcpu);

#endif
