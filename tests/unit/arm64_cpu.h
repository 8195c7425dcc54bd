/* SPDX-License-Identifier: Apache-2.0 */
/* An arm64 vCPU's registers on the scripted KVM, and the guest's memory. Included once by each
 * program. */
#ifndef MOTE_TEST_ARM64_CPU_H
#define MOTE_TEST_ARM64_CPU_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/arch.h"
#include "vmm/bytes.h"

enum { FD = 7, SIZE = 0x100000, USER_VA = 0x400000 };
#define BASE 0x40000000ull

static struct memory memory;
static struct regs regs;
static struct error err;

static int cpu_setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	assert_ok(memory_init(&memory, BASE, SIZE, &err), err);
	assert_ok(regs_init(&regs, &arch_regs, FD, NULL, &err), err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	memory_finish(&memory);
	return 0;
}

/* What KVM has in a register. */
static void place(unsigned int number, uint64_t value)
{
	fake_kvm_set(FD, arch_regs.rows[number].id, value);
}

static UNUSED uint64_t placed(unsigned int number)
{
	return fake_kvm_get(FD, arch_regs.rows[number].id);
}

static void put(uint64_t offset, uint64_t value, unsigned int size)
{
	uint8_t bytes[8];

	bytes_store_le(bytes, size, value);
	assert_int_equal(memory_write(&memory, BASE + offset, bytes, size), 0);
}

#endif
