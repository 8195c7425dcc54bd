/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine makes of a kernel that refuses, alters, resets, and owes the guest the end of
 * an exit. */
#include <errno.h>
#include <string.h>

#include "arch/arm64/layout.h"
#include "arch/arm64/regs.h"
#include "tests/registers/machine.h"

static struct test_cpu cpu;
static struct regs *const regs = &cpu.regs;

static uint64_t get(struct regs *from, unsigned int number)
{
	return test_get(from, number);
}

static void set(unsigned int number, uint64_t value)
{
	test_set(regs, number, value);
}

static void flush(void)
{
	test_flush(regs);
}

static uint64_t kernels(unsigned int number)
{
	return test_kernels(&cpu, number);
}

/* ---- S1: writes that are refused or altered ---- */

static void test_refused(void)
{
	uint64_t kept = get(regs, ARM64_MIDR_EL1), tried = ~kept & 0xffffffff, sets;
	struct error err = {0};
	bool named;

	regs->table = test_bold_table();
	set(ARM64_MIDR_EL1, tried);
	set(ARM64_X2, 0x22);
	named = regs_flush(regs, &err) == -EINVAL && strstr(err.message, "MIDR_EL1");
	tap_point(named && reg_bit(regs->refused, ARM64_MIDR_EL1) &&
			  regs->refused_values[ARM64_MIDR_EL1] == tried,
		  "S1: a refused write is reported and remembered (%s)", err.message);
	tap_point(kernels(ARM64_X2) == 0x22, "S1: the write behind it is made all the same");
	sets = test_count(regs, REG_SET) + test_count(regs, REG_REFUSED);
	flush();
	tap_point(test_count(regs, REG_SET) + test_count(regs, REG_REFUSED) == sets &&
			  get(regs, ARM64_MIDR_EL1) == kept,
		  "S1: it is not tried again, and the register reads as KVM has it");
	set(ARM64_MIDR_EL1, tried);
	tap_point(regs_flush(regs, &err) == -EINVAL &&
			  test_count(regs, REG_SET) + test_count(regs, REG_REFUSED) == sets + 1,
		  "S1: it is tried once more when it is set once more");
	regs->table = &arch_regs;
}

static void test_altered(void)
{
	enum { IMASK = 2, ISTATUS = 4 };

	set(ARM64_CNTV_CVAL_EL0, UINT64_MAX); /* never due */
	set(ARM64_CNTV_CTL_EL0, IMASK | ISTATUS);
	flush();
	tap_point(get(regs, ARM64_CNTV_CTL_EL0) == IMASK &&
			  get(regs, ARM64_CNTV_CVAL_EL0) == UINT64_MAX,
		  "S1: what KVM made of a write is what is read");
}

static void test_reset(void)
{
	struct reg_image fresh, again;
	struct error err;
	uint64_t sets;

	tap_must(regs_save(regs, &fresh, &err), &err);
	set(ARM64_PC, 0x1000);
	set(ARM64_VBAR_EL1, 0x2000);
	flush();
	set(ARM64_PC, 0x3000);
	set(ARM64_SCTLR_EL1, 0);
	tap_must(regs_fetch(regs, REG_ALL, &err), &err);
	tap_must(arch_vcpu_init(&cpu.vm.machine, regs->vcpu_fd, 0, &err), &err);
	regs_reset(regs);
	sets = test_count(regs, REG_SET);
	flush();
	tap_point(test_count(regs, REG_SET) == sets && kernels(ARM64_PC) == 0 &&
			  get(regs, ARM64_PC) == 0 && get(regs, ARM64_VBAR_EL1) == 0,
		  "S1: after a reset nothing is written, and everything is read anew");
	tap_must(regs_save(regs, &again, &err), &err);
	tap_point(again.size == fresh.size, "S1: a reset vCPU has the registers that it had");
	reg_image_free(&fresh);
	reg_image_free(&again);
}

/* ---- S5: changes and fetches ---- */

static void test_changes(void)
{
	struct error err;
	uint64_t sets;

	set(ARM64_VBAR_EL1, 0x8800); /* never fetched before */
	tap_must(regs_fetch(regs, REG_RUNTIME, &err), &err);
	set(ARM64_PC, 0x12340);
	set(ARM64_X0, 0x5678);
	tap_must(regs_fetch(regs, REG_ALL, &err), &err);
	set(ARM64_TTBR0_EL1, 0x9000);
	tap_must(regs_fetch(regs, REG_RESET | REG_RUNTIME, &err), &err);
	set(ARM64_CNTV_CVAL_EL0, 0x7777);
	tap_must(regs_fetch(regs, REG_ALL, &err), &err);
	sets = test_count(regs, REG_SET);
	flush();
	tap_point(kernels(ARM64_PC) == 0x12340 && kernels(ARM64_X0) == 0x5678 &&
			  kernels(ARM64_TTBR0_EL1) == 0x9000 &&
			  kernels(ARM64_CNTV_CVAL_EL0) == 0x7777 &&
			  kernels(ARM64_VBAR_EL1) == 0x8800,
		  "S5: no fetch loses a change");
	tap_point(test_count(regs, REG_SET) == sets + 5, "S5: five changes are five SETs");
}

/* ---- S4: banked SPSRs ---- */

static void test_banks(void)
{
	static const unsigned int banks[] = {ARM64_SPSR_EL1, ARM64_SPSR_abt, ARM64_SPSR_und,
					     ARM64_SPSR_irq, ARM64_SPSR_fiq};
	bool equal = true;

	for (unsigned int i = 0; i < 5; i++)
		set(banks[i], 0x3c5 + i);
	flush();
	for (unsigned int i = 0; i < 5; i++)
		equal = equal && get(regs, banks[i]) == 0x3c5 + i;
	tap_point(equal, "S4: 0x3c5 to 0x3c9 read back bank by bank");
}

/* ---- exits that KVM finishes later ---- */

enum { DEVICE = 0x09000000, CODE = ARM64_RAM, ELSEWHERE = ARM64_RAM + 0x100 };

static void load_code(void)
{
	static const uint32_t read_write[] = {
		0xb9400041, /* ldr w1, [x2] */
		0xb9000043, /* str w3, [x2] */
		0x14000000, /* b . */
	};
	static const uint32_t elsewhere[] = {
		0xb9000044, /* str w4, [x2] */
		0xb9000045, /* str w5, [x2] */
	};
	char *code = memory_write_span(&cpu.vm.memory, CODE, 0x200);

	memcpy(code, read_write, sizeof(read_write));
	memcpy(code + 0x100, elsewhere, sizeof(elsewhere));
	__builtin___clear_cache(code, code + 0x200);
}

/* Into the guest, until it writes or reads the device. */
static bool enter(bool write)
{
	int result;

	flush();
	result = kvm_ioctl_value(regs->vcpu_fd, KVM_RUN, 0);
	regs_returned(regs, result == 0 && arch_exits[cpu.run->exit_reason].owed);
	return result == 0 && cpu.run->exit_reason == KVM_EXIT_MMIO &&
	       cpu.run->mmio.phys_addr == DEVICE && cpu.run->mmio.is_write == write;
}

static uint32_t written(void)
{
	uint32_t value;

	memcpy(&value, cpu.run->mmio.data, sizeof(value));
	return value;
}

static void test_settle(void)
{
	static const uint32_t answer = 0xcafe1234;
	bool exits;

	load_code();
	set(ARM64_PC, CODE);
	set(ARM64_X2, DEVICE);
	set(ARM64_X3, 3);
	set(ARM64_X4, 4);
	set(ARM64_X5, 5);
	exits = enter(false);
	memcpy(cpu.run->mmio.data, &answer, sizeof(answer));
	tap_point(exits && get(regs, ARM64_PC) == CODE + 4 && get(regs, ARM64_X1) == answer,
		  "after a read of a device PC is past it and X1 has the answer");
	exits = enter(true);
	tap_point(exits && written() == 3 && get(regs, ARM64_PC) == CODE + 8,
		  "after a write to a device PC is past it");
	set(ARM64_PC, CODE + 4);
	exits = enter(true);
	set(ARM64_PC, ELSEWHERE); /* nothing is read before */
	tap_point(exits && enter(true) && written() == 4,
		  "a PC that is set while an exit is owed is where the guest goes on");
	set(ARM64_PC, ELSEWHERE);
	tap_point(enter(true) && written() == 4 && enter(true) && written() == 5,
		  "and from there it goes on instruction by instruction");
	set(ARM64_PC, CODE);
	exits = enter(false);
	memcpy(cpu.run->mmio.data, &answer, sizeof(answer));
	set(ARM64_X1, 7);
	tap_point(exits && enter(true) && get(regs, ARM64_X1) == 7,
		  "X1 that is set after the read of a device is not overwritten by its answer");
}

void test_kernel(void)
{
	void (*const tests[])(void) = {test_refused, test_altered, test_reset,
				       test_changes, test_banks,   test_settle};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		test_cpu_init(&cpu, false);
		test_cpu_finalize(&cpu);
		tests[i]();
		test_cpu_finish(&cpu);
	}
}
