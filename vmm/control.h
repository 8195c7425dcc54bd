/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle of the one VM of this process, as a table state × operation,
 * and the one function through which requests reach it. The API server, the
 * configuration file and the tests all come in here. Loop thread only. */
#ifndef MOTE_CONTROL_H
#define MOTE_CONTROL_H

#include <stdint.h>

#include "vmm/config.h"
#include "vmm/dev/stream.h"
#include "vmm/error.h"
#include "vmm/loop.h"
#include "vmm/reg_image.h"
#include "vmm/snapshot.h"

/* One row per operation that the API knows; the state table has a column for each. */
enum operation {
	OP_GET_INSTANCE, /* GET / */
	OP_GET_VERSION, /* GET /version */
	OP_GET_VM_CONFIG, /* GET /vm/config */
	OP_GET_MACHINE_CONFIG, /* GET /machine-config */
	OP_PUT_MACHINE_CONFIG,
	OP_PATCH_MACHINE_CONFIG,
	OP_PUT_LOGGER,
	OP_PUT_METRICS,
	OP_PUT_SERIAL,
	OP_PUT_WATCHDOG,
	OP_PUT_VSOCK,
	OP_PUT_BOOT_SOURCE,
	OP_PUT_APPLICATION,
	OP_GET_APPLICATION,
	OP_SIGNAL_APPLICATION, /* PATCH /application {"signal": N} */
	OP_INSTANCE_START, /* PUT /actions */
	OP_FLUSH_METRICS,
	OP_SEND_CTRL_ALT_DEL,
	OP_GET_METRICS, /* GET /metrics */
	OP_GET_REGISTERS, /* GET /registers */
	OP_PUT_DEBUG, /* PUT /debug */
	OP_PUT_CORE, /* PUT /core */
	OP_PAUSE, /* PATCH /vm */
	OP_RESUME,
	OP_SNAPSHOT_CREATE, /* PUT /snapshot/create */
	OP_SNAPSHOT_LOAD, /* PUT /snapshot/load */
	OP_SNAPSHOT_RESET, /* PUT /snapshot/reset */
	OP_COUNT,
};

/* VM_SAVING: paused, and a snapshot is being written. VM_ENDED: nothing runs any more, for good;
 * the process goes on answering. */
enum vm_state { VM_NOT_STARTED, VM_RUNNING, VM_PAUSED, VM_SAVING, VM_ENDED, VM_STATE_COUNT };

enum application_state {
	APPLICATION_NONE, /* nothing was started */
	APPLICATION_STARTING, /* until the runtime marks the boot as complete */
	APPLICATION_RUNNING,
	APPLICATION_PAUSED,
	APPLICATION_EXITED,
	APPLICATION_CRASHED, /* killed by a signal, or the guest failed */
};

struct application_status {
	enum application_state state;
	int exit_code; /* 0 … 255, or -1: none */
	int signal; /* 1 … 64, or -1: none */
	char reason[256]; /* one line of printable UTF-8; "" while there is nothing to say */
};

/* What is asked. The union member is that of the operation; what it owns is
 * moved out when the request succeeds and stays the caller's when it fails. */
struct request {
	enum operation operation;
	union {
		struct machine_config machine;
		struct boot_source boot;
		struct application application;
		int signal;
		struct logger_config logger;
		char *path; /* OP_PUT_METRICS, OP_PUT_DEBUG, OP_PUT_CORE: required; OP_PUT_SERIAL:
			       or NULL */
		struct watchdog_config watchdog;
		struct vsock_config vsock;
		int clock; /* OP_RESUME: enum resume_clock; OP_PAUSE: CLOCK_UNSET */
		struct snapshot_create create;
		struct snapshot_load load;
	};
};

/* What is answered; the member is that of the operation, others answer nothing. */
struct reply {
	union {
		enum vm_state instance; /* OP_GET_INSTANCE */
		const struct vm_config
			*config; /* OP_GET_VM_CONFIG, OP_GET_MACHINE_CONFIG; borrowed */
		struct application_status application; /* OP_GET_APPLICATION */
		char *text; /* OP_GET_METRICS; the caller frees */
		struct memory_reverted reverted; /* OP_SNAPSHOT_RESET; dropped: it cost as much as
						    a load */
	};
};

struct control;

/* id, loop and streams are borrowed. NULL: see err. control_destroy() ends the VM; before it
 * does, the metrics are written for the last time. */
struct control *control_create(const char *id, struct loop *loop, struct streams *streams,
			       struct error *err);
void control_destroy(struct control *control); /* NULL is fine */

/* Carries one request out, or says why not (400 in HTTP). Never blocks on the guest. */
int control_request(struct control *control, struct request *request, struct reply *reply,
		    struct error *err);

/* OP_SNAPSHOT_CREATE only begins. How the snapshot that was begun last stands: 1: it is being
 * written; 0: it is there; or why it is not. The listener hears of a change. */
int control_snapshot_result(const struct control *control, struct error *err);

/* What OP_GET_REGISTERS has found, vCPU by vCPU; until the VM goes on. */
unsigned int control_vcpu_count(const struct control *control);
void control_registers(const struct control *control, unsigned int vcpu,
		       void (*visit)(void *context, const struct reg_view *view), void *context);

const char *control_id(const struct control *control); /* --id; "anonymous-instance" */

/* Calls changed(context) in the loop's thread whenever the application's state changes, and when a
 * snapshot is written or has failed.
 * One listener; NULL removes it. */
void control_listen(struct control *control, void (*changed)(void *context), void *context);

/* Names as the API prints them: "Not started" …, "none", "starting" … Firecracker's API has
 * no word for an instance that has ended: it stays "Running" and the application's state
 * says more. */
const char *vm_state_name(enum vm_state state);
const char *application_state_name(enum application_state state);

#endif
