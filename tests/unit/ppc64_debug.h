/* SPDX-License-Identifier: Apache-2.0 */
/* The two vCPUs of ppc64_cpu.h under a debugger. Included once by each program. */
#ifndef MOTE_TEST_PPC64_DEBUG_H
#define MOTE_TEST_PPC64_DEBUG_H

#include "tests/unit/ppc64_cpu.h"

#include "vmm/debug_cpu.h"

enum { TEXT = 0x20000, HANDLER = 0x30000, DATA = 0x40000 };
#define AIL3 PPC64_LPCR_AIL
#define TRACE_HIGH 0xc000000000004d00ull

static struct regs regs[CPUS];
static struct debug_shared shared;
static struct debug_cpu debug[CPUS];
static struct kvm_run run;
static struct error err;

static UNUSED int setup(void **state)
{
	(void)state;
	cpu_init();
	memset(&shared, 0, sizeof(shared));
	memset(debug, 0, sizeof(debug));
	assert_ok(memory_init(&memory, 0, SIZE, &err), err);
	shared.memory = &memory;
	shared.limits.step = true;
	for (int i = 0; i < CPUS; i++) {
		assert_ok(regs_init(&regs[i], &arch_regs, FD + i, NULL, &err), err);
		regs[i].page_tables = &page_tables;
		debug[i].shared = &shared;
		cpus[i].regs.pc = TEXT;
	}
	map_everything();
	for (unsigned int number = 0x100; number < 0x1000; number += 0x80)
		for (unsigned int base = 0; base < 0x20000; base += base ? 0x14000 : 0x4000)
			put(base + number, RFID);
	return 0;
}

static UNUSED int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < CPUS; i++)
		regs_finish(&regs[i]);
	memory_finish(&memory);
	return 0;
}

static UNUSED void program(const uint32_t *words, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		put(TEXT + 4 * i, words[i]);
}
#define PROGRAM(...)                                                                               \
	program((const uint32_t[]){__VA_ARGS__}, LENGTH(((const uint32_t[]){__VA_ARGS__})))

/* Interrupts where LPCR[AIL] says, translation on. */
static UNUSED void high(void)
{
	for (int i = 0; i < CPUS; i++) {
		fake_kvm_set(FD + i, KVM_REG_PPC_LPCR_64, PPC64_LPCR_ILE | AIL3);
		cpus[i].regs.msr |= MSR_MMU;
	}
}

static UNUSED void plan(int i, enum debug_plan what)
{
	assert_ok(debug_cpu_plan(&debug[i], &regs[i], what, 0, 0, &err), err);
}

static UNUSED void flush(int i)
{
	assert_ok(regs_flush(&regs[i], &err), err);
}

static UNUSED int exits(int i)
{
	int result = debug_cpu_exit(&debug[i], &run, &regs[i], &err);

	if (result < 0)
		fail_msg("%s", err.message);
	return result;
}

/* The vCPU goes on once, as in vmm/vcpu.c. 1: it stops. */
static UNUSED int enter(int i)
{
	int over = debug_cpu_enter(&debug[i], &regs[i], &err);

	assert_true(over >= 0);
	if (over)
		return exits(i);
	flush(i);
	cpu_run(i, 0);
	regs_returned(&regs[i], false);
	return exits(i);
}

static UNUSED void step(int i)
{
	unsigned int entries = 0;

	plan(i, DEBUG_STEP);
	while (!enter(i))
		assert_true(++entries < 100);
	flush(i);
	regs_returned(&regs[i], false);
}

/* What a program of `count` instructions leaves, stepped one by one, and alone. */
static UNUSED void same_as_alone(unsigned int count)
{
	struct kvm_regs begin = cpus[0].regs, stepped;

	for (unsigned int i = 0; i < count; i++)
		step(0);
	stepped = cpus[0].regs;
	regs_reset(&regs[0]);
	cpus[0].regs = begin;
	cpu_run(0, stepped.pc);
	assert_memory_equal(&stepped, &cpus[0].regs, sizeof(stepped));
}

/* The trace vectors that hold a trap. */
static UNUSED unsigned int trapped(void)
{
	return (at(0xd00) == TRAP_WORD) | (at(0x4d00) == TRAP_WORD) << 1 |
	       (at(0x18d00) == TRAP_WORD) << 2;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
