/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's side of a VM on the scripted KVM: its memory, found by what the monitor told
 * KVM, and its steps. For the tests' thread. */
#ifndef MOTE_TEST_GUEST_H
#define MOTE_TEST_GUEST_H

#include "arch/arm64/layout.h"
#include "tests/fake/kvm.h"
#include "tests/unit/unit.h"
#include "vmm/dev/control_abi.h"

/* The monitor's address of a guest-physical one. */
static inline void *guest_memory(uint64_t address)
{
	const struct fake_call *call = fake_kvm_call(KVM_SET_USER_MEMORY_REGION, 0);

	assert_non_null(call);
	return (uint8_t *)(uintptr_t)call->value + (address - call->id);
}

/* The control page: the start of the last 64 KiB. */
static inline struct control_page *guest_page(uint32_t mib)
{
	return guest_memory(ARM64_RAM + ((uint64_t)mib << 20) - 0x10000);
}

static inline struct fake_run guest_store(uint64_t address, uint64_t value)
{
	return (struct fake_run){.reason = KVM_EXIT_MMIO,
				 .address = address,
				 .size = 8,
				 .write = true,
				 .data = value};
}

static inline struct fake_run guest_exits(unsigned int kind, unsigned int signal, unsigned int code)
{
	return guest_store(ARM64_CONTROL + CONTROL_EXIT, CONTROL_EXIT_STATUS(kind, signal, code));
}

#endif
