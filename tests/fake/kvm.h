/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted KVM in place of vmm/kvm.c. It logs what it is asked and answers from tables;
 * nothing in it happens by itself. One KVM a process; vCPU threads may call it at once. Of the
 * functions below, those of the log are for any thread, all others for the tests' thread while
 * no vCPU runs or for `enter`. */
#ifndef MOTE_FAKE_KVM_H
#define MOTE_FAKE_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/kvm.h"

enum {
	FAKE_CALLS_MAX = 8192,
	FAKE_REGS_MAX = 512,
	FAKE_RUNS_MAX = 32,
	FAKE_REFUSALS_MAX = 8,
	FAKE_CAPABILITIES_MAX = 16,
	FAKE_REG_BYTES = 16,
	FAKE_TIMEBASE_HZ = 123456789,
};

/* One call, arguments decoded:
 * KVM_GET/SET_ONE_REG     id: register          value: its low 64 bits
 * KVM_IRQ_LINE            id: line              value: level
 * KVM_SET_DEVICE_ATTR     id: attribute         value: what it points to, group: group
 * KVM_CREATE_DEVICE       id: type              value: descriptor
 * KVM_SET_USER_MEMORY_…   id: guest-physical    value: the monitor's address
 * KVM_RUN                 id: vCPU              value: answer to the exit before it
 * FAKE_OPEN, FAKE_MAP_RUN: kvm_init(), kvm_map_run()
 * all others              id: argument if it is a number */
struct fake_call {
	unsigned long request;
	int fd, result;
	uint64_t id, value;
	uint32_t group;
};
enum { FAKE_OPEN = 1, FAKE_MAP_RUN = 2 };

/* A register of one vCPU. All exist and are zero until somebody says otherwise. */
struct fake_reg {
	int fd;
	uint64_t id;
	uint8_t value[FAKE_REG_BYTES]; /* little-endian */
	int refuse_get, refuse_set; /* errno, 0: taken */
	uint64_t fixed; /* bits of the low 64 that a SET leaves alone */
	uint64_t tick; /* what fake_kvm_tick() adds to the low 64 */
};

/* What one KVM_RUN does. After the last one KVM_RUN waits for a kick. */
struct fake_run {
	int result; /* 0 or -errno */
	uint32_t reason; /* KVM_EXIT_… */
	uint64_t address; /* MMIO; NISV: fault_ipa */
	uint64_t data; /* MMIO write; first word of what a debug exit says; type of system event;
			  suberror; esr_iss; hypercall's number */
	uint64_t args[4]; /* of a hypercall */
	uint32_t size;
	bool write;
	void (*enter)(int vcpu_fd); /* the guest's effect on registers and memory, or NULL */
};

/* Everything but the log: plain data, so that a test can copy it and put it back. */
struct fake_kvm {
	unsigned int reg_count, capability_count, refusal_count;
	long fail_at; /* number of the call that fails, -1: none */
	int fail_code;
	uint32_t wide_groups; /* bit n: values of device attribute group n have 8 bytes, not 4 */
	struct {
		unsigned int capability;
		int value;
	} capabilities[FAKE_CAPABILITIES_MAX];
	struct {
		unsigned long request;
		uint64_t id;
		int code;
	} refusals[FAKE_REFUSALS_MAX];
	const uint64_t *list; /* what KVM_GET_REG_LIST says, up to a 0; NULL: what is in regs */
	unsigned long hwcap; /* what kvm_hwcap() says */
	int stats; /* a file that KVM_GET_STATS_FD gives; 0: this host has no such thing */
	/* For requests that the fake does not know: they succeed without effect unless set. */
	int (*other)(int fd, unsigned long request, void *argument);
	/* A SET_ONE_REG with more to it than a value that is stored: true: it is done, or refused
	 * with call->result; false: it is stored. May use fake_kvm_reg(), _get() and _set(). */
	bool (*set_one)(struct fake_call *call, const void *value);
	struct fake_reg regs[FAKE_REGS_MAX];
};
extern struct fake_kvm fake_kvm;

/* Forgets everything. */
void fake_kvm_reset(void);

/* The log since the reset or the last fake_kvm_clear_log(). */
extern const struct fake_call *const fake_calls;
unsigned int fake_kvm_calls(void);
void fake_kvm_clear_log(void);
unsigned int fake_kvm_count(unsigned long request);
const struct fake_call *fake_kvm_call(unsigned long request, unsigned int nth); /* or NULL */

/* Call number `call` of the log (0: the first) fails with -code. */
void fake_kvm_fail(unsigned int call, int code);

/* Every such request with that id fails with -code. */
#define FAKE_ANY UINT64_MAX
void fake_kvm_refuse(unsigned long request, uint64_t id, int code);

void fake_kvm_set_capability(unsigned int capability, int value);

/* The register of that vCPU; it is made if it isn't there. */
struct fake_reg *fake_kvm_reg(int vcpu_fd, uint64_t id);
uint64_t fake_kvm_get(int vcpu_fd, uint64_t id);
void fake_kvm_set(int vcpu_fd, uint64_t id, uint64_t value);

/* The kernel's timers go on: every register by its own tick. */
void fake_kvm_tick(void);

/* Appends to what vCPU `index` will do. */
void fake_kvm_run(unsigned int index, const struct fake_run *run);

#endif
