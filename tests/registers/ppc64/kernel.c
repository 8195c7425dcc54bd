/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine makes of a kernel that refuses, alters, and owes the guest the end of an exit;
 * and the order that the time needs. */
#include <errno.h>
#include <string.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "arch/ppc64/regs.h"
#include "tests/registers/machine.h"

static struct test_cpu cpu;
static struct regs *const regs = &cpu.regs;

static uint64_t get(unsigned int number)
{
	return test_get(regs, number);
}

static void set(unsigned int number, uint64_t value)
{
	test_set(regs, number, value);
}

static uint64_t tries(void)
{
	return test_count(regs, REG_SET) + test_count(regs, REG_REFUSED);
}

/* ---- S1: writes that are refused or altered ---- */

static void test_refused(void)
{
	uint64_t kept = get(PPC64_PVR), tried = kept ^ 0x00010000, sets;
	struct error err = {0};
	bool named;

	test_flush(regs);
	set(PPC64_PVR, tried);
	set(PPC64_DSCR, 0x22);
	named = regs_flush(regs, &err) == -EINVAL && strstr(err.message, "SREGS");
	tap_point(named && reg_bit(regs->refused, PPC64_SREGS) &&
			  (uint32_t)regs->refused_values[PPC64_SREGS] == tried,
		  "S1: a refused write is reported and remembered (%s)", err.message);
	tap_point(test_kernels(&cpu, PPC64_DSCR) == 0x22,
		  "S1: the write behind it is made all the same");
	sets = tries();
	test_flush(regs);
	tap_point(tries() == sets && get(PPC64_PVR) == kept,
		  "S1: it is not tried again, and the register reads as KVM has it");
	set(PPC64_PVR, tried);
	tap_point(regs_flush(regs, &err) == -EINVAL && tries() == sets + 1,
		  "S1: it is tried once more when it is set once more");
}

static void test_altered(void)
{
	uint64_t was = get(PPC64_LPCR);

	set(PPC64_LPCR, ~was);
	test_flush(regs);
	tap_point(get(PPC64_LPCR) != ~was && get(PPC64_LPCR) == test_kernels(&cpu, PPC64_LPCR),
		  "S1: what KVM made of a write is what is read: LPCR 0x%llx, not 0x%llx",
		  (unsigned long long)get(PPC64_LPCR), (unsigned long long)~was);
	set(PPC64_LPCR, was);
	test_flush(regs);
	tap_point(get(PPC64_LPCR) == was, "LPCR as it was, by a write of the same");
}

static void test_mode(void)
{
	struct error err;

	cpu.vm.machine.mode = PPC64_LPCR_ILE | PPC64_LPCR_AIL;
	tap_must(arch_vcpu_update(&cpu.vm.machine, regs, &err), &err);
	test_flush(regs);
	tap_point((test_kernels(&cpu, PPC64_LPCR) & PPC64_LPCR_MODE) == cpu.vm.machine.mode,
		  "KVM takes ILE and AIL 3");
}

/* ---- the time ---- */

static void test_time(bool offset_first)
{
	const uint64_t offset = 1 << 24, expiry = 0x123456789;
	unsigned int first = offset_first ? PPC64_TB_OFFSET : PPC64_DEC_EXPIRY;

	set(PPC64_DEC_EXPIRY, 0);
	set(PPC64_TB_OFFSET, 0);
	test_flush(regs);
	set(first, offset_first ? offset : expiry);
	set(first ^ PPC64_TB_OFFSET ^ PPC64_DEC_EXPIRY, offset_first ? expiry : offset);
	test_flush(regs);
	tap_point(test_kernels(&cpu, PPC64_TB_OFFSET) == offset &&
			  test_kernels(&cpu, PPC64_DEC_EXPIRY) == expiry,
		  "TB_OFFSET and DEC_EXPIRY, set in %s order, are both as set",
		  offset_first ? "one" : "the other");
}

static void test_times(void)
{
	test_time(true);
	test_time(false);
	set(PPC64_DEC_EXPIRY, 0);
	set(PPC64_TB_OFFSET, 0);
	test_flush(regs);
	set(PPC64_TB_OFFSET, (1 << 24) + 1);
	test_flush(regs);
	tap_point(get(PPC64_TB_OFFSET) == 2 << 24 && get(PPC64_DEC_EXPIRY) != 0,
		  "TB_OFFSET is rounded up, and sets a DEC_EXPIRY that was 0 (0x%llx)",
		  (unsigned long long)get(PPC64_DEC_EXPIRY));
}

/* ---- S5: changes and fetches ---- */

static void test_changes(void)
{
	struct error err;
	uint64_t sets;

	test_flush(regs);
	set(PPC64_DAR, 0x8800); /* never fetched before */
	tap_must(regs_fetch(regs, REG_RUNTIME, &err), &err);
	set(PPC64_PC, 0x12340);
	set(PPC64_GPR31, 0x5678);
	tap_must(regs_fetch(regs, REG_ALL, &err), &err);
	set(PPC64_PIDR, 0x90);
	tap_must(regs_fetch(regs, REG_RESET | REG_RUNTIME, &err), &err);
	set(PPC64_DEC_EXPIRY, 0x7777);
	set(PPC64_FPR7, 7);
	tap_must(regs_fetch(regs, REG_ALL, &err), &err);
	sets = test_count(regs, REG_SET);
	test_flush(regs);
	tap_point(test_kernels(&cpu, PPC64_PC) == 0x12340 &&
			  test_kernels(&cpu, PPC64_GPR31) == 0x5678 &&
			  test_kernels(&cpu, PPC64_PIDR) == 0x90 &&
			  test_kernels(&cpu, PPC64_DEC_EXPIRY) == 0x7777 &&
			  test_kernels(&cpu, PPC64_FPR7) == 7 &&
			  test_kernels(&cpu, PPC64_DAR) == 0x8800,
		  "S5: no fetch loses a change");
	tap_point(test_count(regs, REG_SET) == sets + 5,
		  "S5: six changes, two of them in one block, are five SETs");
}

/* ---- exits that KVM finishes later ---- */

enum { CODE = 0x4000, ELSEWHERE = 0x4100, CALL = 0x4200 };

static void load_code(void)
{
	static const uint32_t read_write[] = {
		0x80a90000, /* lwz r5, 0(r9) */
		0x90c90000, /* stw r6, 0(r9) */
		0x48000000, /* b . */
	};
	static const uint32_t elsewhere[] = {
		0x90e90000, /* stw r7, 0(r9) */
		0x91090000, /* stw r8, 0(r9) */
	};
	static const uint32_t call[] = {
		0x44000022, /* sc 1 */
		0x90690000, /* stw r3, 0(r9) */
	};
	char *code = memory_write_span(&cpu.vm.memory, CODE, 0x300);

	memcpy(code, read_write, sizeof(read_write));
	memcpy(code + 0x100, elsewhere, sizeof(elsewhere));
	memcpy(code + 0x200, call, sizeof(call));
	__builtin___clear_cache(code, code + 0x300);
}

/* Into the guest, until it comes out for that reason. */
static bool enter(uint32_t reason)
{
	int result;

	test_flush(regs);
	result = kvm_ioctl_value(regs->vcpu_fd, KVM_RUN, 0);
	regs_returned(regs, result == 0 && arch_exits[cpu.run->exit_reason].owed);
	if (result != 0 || cpu.run->exit_reason != reason)
		tap_note("KVM_RUN: %d, exit %u", result, cpu.run->exit_reason);
	return result == 0 && cpu.run->exit_reason == reason;
}

static bool reads(void)
{
	return enter(KVM_EXIT_MMIO) && cpu.run->mmio.phys_addr == PPC64_UART &&
	       !cpu.run->mmio.is_write;
}

static bool writes(uint32_t value)
{
	uint32_t written;

	if (!enter(KVM_EXIT_MMIO) || cpu.run->mmio.phys_addr != PPC64_UART ||
	    !cpu.run->mmio.is_write)
		return false;
	memcpy(&written, cpu.run->mmio.data, sizeof(written));
	return written == value;
}

static void begin(uint64_t at)
{
	struct error err;

	load_code();
	tap_must(arch_vcpu_boot(regs, at, 0, &err), &err);
	set(PPC64_GPR6, 6);
	set(PPC64_GPR7, 7);
	set(PPC64_GPR8, 8);
	set(PPC64_GPR9, PPC64_UART);
}

static void test_settle(void)
{
	static const uint32_t answer = 0xcafe1234;
	bool exits;

	begin(CODE);
	exits = reads();
	memcpy(cpu.run->mmio.data, &answer, sizeof(answer));
	tap_point(exits && get(PPC64_PC) == CODE + 4 && get(PPC64_GPR5) == answer,
		  "after a read of a device PC is past it and r5 has the answer");
	exits = writes(6);
	tap_point(exits && get(PPC64_PC) == CODE + 8, "after a write to a device PC is past it");
	set(PPC64_PC, CODE + 4);
	exits = writes(6);
	set(PPC64_PC, ELSEWHERE);
	tap_point(exits && writes(7),
		  "a PC that is set while an exit is owed is where the guest goes on");
	set(PPC64_PC, ELSEWHERE);
	tap_point(writes(7) && writes(8), "and from there it goes on instruction by instruction");
	set(PPC64_PC, CODE);
	exits = reads();
	memcpy(cpu.run->mmio.data, &answer, sizeof(answer));
	set(PPC64_GPR5, 5);
	tap_point(exits && writes(6) && get(PPC64_GPR5) == 5,
		  "r5 that is set after the read of a device is not overwritten by its answer");
}

static bool calls(uint64_t result)
{
	bool exits = enter(KVM_EXIT_PAPR_HCALL) && cpu.run->papr_hcall.nr == 0x1234;

	cpu.run->papr_hcall.ret = result;
	cpu.run->papr_hcall.args[0] = 0x44;
	return exits;
}

static void test_settle_call(void)
{
	bool exits;

	begin(CALL);
	set(PPC64_GPR3, 0x1234);
	exits = calls(77);
	tap_point(exits && get(PPC64_PC) == CALL + 4 && get(PPC64_GPR3) == 77 &&
			  get(PPC64_GPR4) == 0x44 && writes(77),
		  "after a hypercall PC is past it, r3 and r4 have the answer");
	begin(CALL);
	set(PPC64_GPR3, 0x1234);
	exits = calls(77);
	set(PPC64_GPR3, 33);
	tap_point(exits && writes(33),
		  "r3 that is set after a hypercall is not overwritten by its answer");
	begin(CALL);
	set(PPC64_GPR3, 0x1234);
	exits = calls(77);
	begin(ELSEWHERE); /* switched off and on */
	tap_point(exits && writes(7) && get(PPC64_GPR3) == 0,
		  "a vCPU that begins anew has nothing of the hypercall that it left");
}

void test_kernel(void)
{
	void (*const tests[])(void) = {test_refused, test_altered, test_mode,       test_times,
				       test_changes, test_settle,  test_settle_call};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		test_cpu_init(&cpu, false);
		test_cpu_finalize(&cpu);
		tests[i]();
		test_cpu_finish(&cpu);
	}
}
