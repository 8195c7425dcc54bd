/* SPDX-License-Identifier: Apache-2.0 */
/* A VM under gdb: its vCPUs as threads, their registers through the accessors, the guest's memory
 * by virtual address, breakpoints; and the socket where gdb connects, one at a time. While nobody
 * is connected nothing of it touches the VM. Whatever gdb's end does, going away included, the
 * guest goes on with no breakpoint left. Loop thread, unless a function says otherwise. */
#ifndef MOTE_DEBUG_H
#define MOTE_DEBUG_H

#include <stdbool.h>

#include "vmm/debug_regs.h"
#include "vmm/gdb.h"
#include "vmm/listen.h"
#include "vmm/loop.h"
#include "vmm/vcpu.h"

struct debug_owner {
	void (*still)(void *context, bool still); /* the vCPUs stand, or go on: devices too */
	void (*pass)(void *context, int signal); /* the application shall have it */
	void (*kill)(void *context);
	uint64_t (*bias)(void *context); /* by which the program is not where its ELF says */
	/* What stopped a vCPU with DEBUG_STOP_USER: a signal that will end the application, 0: it
	 * is about to begin. */
	int (*signal)(void *context);
	const char *program; /* its file on the host, or NULL */
	void *context;
};

struct debug {
	struct loop *loop; /* these five are set before debug_init() */
	struct vcpu *vcpus;
	unsigned int vcpu_count;
	struct debug_owner owner;
	struct debug_shared shared; /* .memory */
	struct debug_regs regs;
	struct gdb *gdb; /* heap; there is one while somebody is connected */
	bool attached; /* atomic: the same for others */
	bool early; /* nobody is let in before the first stop */
	bool stopped; /* all vCPUs are held */
	struct gdb_stop stop; /* why */
	struct loop_source stops; /* an eventfd: a vCPU came to a stop */
	struct listener listener;
	struct loop_source accepting, connection; /* fd -1: closed */
	char *unsent; /* what the connection had no room for */
	size_t unsent_length;
};

/* Before threads start. */
void debug_init(struct debug *debug);
void debug_finish(struct debug *debug); /* vCPU threads are gone; a zeroed one is fine */

/* Listens at path; again for the same path is fine. -EBUSY: somebody is connected elsewhere. */
int debug_open(struct debug *debug, int vm_fd, const char *path, struct error *err);

/* A vCPU came to a stop and is held. Any vCPU's thread. */
void debug_notify(struct debug *debug);
bool debug_attached(const struct debug *debug); /* any thread */

/* The guest has ended. */
void debug_ended(struct debug *debug, bool by_signal, int number);

/* Of debug_text.c, as struct gdb_target has it. */
char *debug_document(void *context, const char *object, const char *annex);

/* debug_aside.c: while others look at the whole VM, whose vCPUs are parked, registers and memory
 * hold nothing of a debugger's, and neither gdb nor a stop is listened to. */
int debug_aside(struct debug *debug, struct error *err);
void debug_back(struct debug *debug);

/* Of debug_server.c, for debug_aside.c. */
void debug_listen(struct debug *debug, bool listen);

/* Of debug.c, for debug_server.c: somebody connects, or is no longer there. */
extern const struct gdb_target debug_target;
int debug_attach(struct debug *debug, struct error *err);
void debug_detach(struct debug *debug);
void debug_stopped(struct debug *debug);
void debug_let_in(struct debug *debug);
void debug_send(struct debug *debug, const void *bytes, size_t length);

#endif
