/* SPDX-License-Identifier: Apache-2.0 */
/* A POWER vCPU under a debugger where KVM takes a request to step and does not step: where the step
 * has its traps, a guest that steps itself, another vCPU, what is left afterwards. Seed S2: each
 * point of its review is a test here or in test_ppc64_step.c. */
#include "tests/unit/ppc64_debug.h"
#include "vmm/arch_debug.h"

/* ---- where the trap is ---- */

static void test_the_vector_is_where_the_mode_has_it(void **state)
{
	static const struct {
		uint64_t ail, msr;
		unsigned int trapped;
	} rows[] = {
		{0, 0, 1},          {0, MSR_MMU, 1},      {AIL3, 0, 1},
		{AIL3, MSR_MMU, 2}, {AIL3, 1ull << 5, 1}, {2ull << 23, MSR_MMU, 4},
	};

	(void)state;
	PROGRAM(ADDI(3, 1));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		fake_kvm_set(FD, KVM_REG_PPC_LPCR_64, PPC64_LPCR_ILE | rows[i].ail);
		cpus[0].regs.pc = TEXT;
		cpus[0].regs.msr = MSR_BASE | rows[i].msr;
		regs_reset(&regs[0]);
		plan(0, DEBUG_STEP);
		assert_int_equal(trapped(), rows[i].trapped);
		assert_int_equal(enter(0), 1);
		assert_int_equal(trapped(), 0);
		flush(0);
		assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	}
}

/* By H_SET_MODE of another vCPU, while this one has not executed its instruction. */
static void test_it_moves_with_the_mode(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), NOP);
	cpus[0].regs.msr |= MSR_MMU;
	plan(0, DEBUG_STEP);
	assert_int_equal(trapped(), 1);
	assert_true(debug[0].step.by_mode);
	flush(0);
	assert_ok(reg_set(&regs[0], PPC64_LPCR, PPC64_LPCR_ILE | AIL3, &err), err);
	assert_ok(debug_cpu_moved(&debug[0], &regs[0], &err), err);
	assert_int_equal(trapped(), 2);
	assert_int_equal(enter(0), 1);
	flush(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.msr, MSR_BASE | MSR_MMU);
	assert_int_equal(trapped(), 0);
}

static void test_it_moves_with_the_guests_own_msr(void **state)
{
	(void)state;
	PROGRAM(MTMSRD(3), ADDI(4, 1), RFID);
	high();
	cpus[0].regs.gpr[3] = MSR_BASE;
	cpus[0].regs.srr0 = TEXT + 4;
	cpus[0].regs.srr1 = MSR_BASE | MSR_MMU;
	step(0); /* real mode */
	plan(0, DEBUG_STEP);
	assert_int_equal(trapped(), 1);
	assert_int_equal(enter(0), 1);
	flush(0);
	step(0); /* and back */
	assert_int_equal(cpus[0].regs.msr, MSR_BASE | MSR_MMU);
	plan(0, DEBUG_STEP);
	assert_int_equal(trapped(), 2);
	assert_int_equal(enter(0), 1);
	flush(0);
	assert_int_equal(cpus[0].regs.gpr[4], 2);
}

static void test_big_endian(void **state)
{
	(void)state;
	PROGRAM(__builtin_bswap32(ADDI(3, 1)), __builtin_bswap32(MFMSR(5)), __builtin_bswap32(NOP));
	fake_kvm_set(FD, KVM_REG_PPC_LPCR_64, 0);
	cpus[0].regs.msr &= ~PPC64_MSR_LE;
	same_as_alone(3);
	assert_int_equal(cpus[0].regs.gpr[5], MSR_BASE & ~PPC64_MSR_LE);
}

/* ---- a guest that steps itself ---- */

/* Each of its instructions ends in its own vector, those that we carry out, too. */
static void test_its_own_bit_is_kept(void **state)
{
	(void)state;
	PROGRAM(MTMSRD(3), MFMSR(5), NOP, MTMSRD(4), ADDI(6, 1));
	put(0xd00, ADDI(7, 1));
	put(0xd04, RFID);
	cpus[0].regs.gpr[3] = MSR_BASE | PPC64_MSR_SE;
	cpus[0].regs.gpr[4] = MSR_BASE;
	same_as_alone(11);
	assert_int_equal(cpus[0].regs.pc, TEXT + 20);
	assert_int_equal(cpus[0].regs.gpr[5], MSR_BASE | PPC64_MSR_SE);
	assert_int_equal(cpus[0].regs.gpr[7], 3);
	assert_int_equal(cpus[0].regs.msr, MSR_BASE);
}

/* We stop first; then it is in its own vector, as if it had been alone. */
static void test_both_step(void **state)
{
	struct kvm_regs begin, stepped;

	(void)state;
	PROGRAM(ADDI(3, 1), NOP);
	high();
	cpus[0].regs.msr |= PPC64_MSR_SE | PPC64_MSR_PR;
	begin = cpus[0].regs;
	step(0);
	assert_int_equal(debug[0].stop.kind, DEBUG_STOP_STEP);
	assert_int_equal(cpus[0].regs.pc, TRACE_HIGH);
	assert_int_equal(cpus[0].regs.srr0, TEXT + 4);
	stepped = cpus[0].regs;
	cpus[0].regs = begin;
	cpu_run(0, TRACE_HIGH);
	assert_memory_equal(&stepped, &cpus[0].regs, sizeof(stepped));
}

/* From there on it is stepped like anything else, the vector's own first instruction included. */
static void test_through_the_trace_vector(void **state)
{
	static const uint32_t first[] = {NOP, BRANCH(4), BLR};

	(void)state;
	high();
	for (size_t i = 0; i < LENGTH(first); i++) {
		put(0x4d00, first[i]);
		put(0x4d04, ADDI(4, 1));
		put(0x4d08, RFID);
		cpus[0].regs.pc = TRACE_HIGH;
		cpus[0].regs.lr = TRACE_HIGH + 4;
		cpus[0].regs.srr0 = TEXT;
		cpus[0].regs.srr1 = MSR_USER;
		regs_reset(&regs[0]);
		same_as_alone(2);
		assert_int_equal(cpus[0].regs.pc, TRACE_HIGH + 8);
		cpus[0].regs.gpr[4] = 0;
	}
}

/* ---- another vCPU ---- */

static void test_the_other_vcpu_is_not_disturbed(void **state)
{
	struct kvm_regs before;

	(void)state;
	PROGRAM(ADDI(3, 1), NOP);
	put(HANDLER, ADDI(4, 1));
	high();
	put(0x4d00, ADDI(7, 7));
	plan(0, DEBUG_STEP);
	plan(1, DEBUG_CONTINUE);
	flush(0);
	cpus[1].regs.pc = HANDLER;
	cpus[1].regs.msr |= PPC64_MSR_SE; /* of its own */
	assert_true(cpu_run(1, 0));
	before = cpus[1].regs;
	assert_int_equal(before.pc, TRACE_HIGH);
	/* It waits where it is; nothing is written for it. */
	regs_returned(&regs[1], false);
	assert_int_equal(exits(1), 0);
	flush(1);
	assert_memory_equal(&before, &cpus[1].regs, sizeof(before));
	assert_int_equal(enter(0), 1);
	/* The step is over: the other one goes on in its vector, whose instruction is back. */
	assert_false(cpu_run(1, TRACE_HIGH + 4));
	assert_int_equal(cpus[1].regs.gpr[7], 7);
	assert_int_equal(cpus[1].regs.srr0, HANDLER + 4);
}

/* It came out with the trap, which is gone by now: not an instruction that there is not. */
static void test_a_trap_that_is_gone(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), NOP);
	put(0xd00, NOP);
	plan(0, DEBUG_STEP);
	plan(1, DEBUG_CONTINUE);
	cpus[1].regs.msr |= PPC64_MSR_SE;
	assert_true(cpu_run(1, 0));
	assert_int_equal(enter(0), 1);
	regs_returned(&regs[1], false);
	assert_int_equal(exits(1), 0);
	flush(1);
	assert_int_equal(cpus[1].regs.pc, 0xd00);
	assert_int_equal(cpus[1].regs.srr0, TEXT + 4);
}

/* One that gdb has put there is gdb's, for either. */
static void test_a_breakpoint_at_the_vector(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), ADDI(3, 1));
	put(0xd00, NOP);
	assert_ok(debug_trap_set(&shared, &regs[0], 0xd00, &err), err);
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(at(0xd00), TRAP_WORD);
	plan(1, DEBUG_CONTINUE);
	cpus[1].regs.msr |= PPC64_MSR_SE;
	assert_int_equal(enter(1), 1);
	assert_int_equal(debug[1].stop.kind, DEBUG_STOP_TRAP);
	debug_trap_clear(&shared, 0xd00);
	assert_int_equal(at(0xd00), NOP);
}

/* ---- what a step leaves ---- */

static void assert_nothing_left(const uint8_t *before)
{
	uint8_t *after = malloc(SIZE);

	memory_read(&memory, 0, after, SIZE);
	assert_memory_equal(before, after, SIZE);
	free(after);
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++)
		assert_int_equal(shared.traps[i].users + shared.traps[i].steps, 0);
}

/* Given up before its instruction, and in the vector: registers and memory are the guest's. */
static void test_a_step_that_is_given_up(void **state)
{
	uint8_t *before = malloc(SIZE);
	struct kvm_regs begin;

	(void)state;
	PROGRAM(ADDI(3, 1), NOP);
	cpus[0].regs.srr0 = 0x1111;
	cpus[0].regs.srr1 = 0x2222;
	begin = cpus[0].regs;
	memory_read(&memory, 0, before, SIZE);
	plan(0, DEBUG_STEP);
	flush(0);
	for (int i = 0; i < 2; i++) { /* as often as snapshots are written */
		assert_ok(debug_cpu_aside(&debug[0], &regs[0], &err), err);
		flush(0);
		assert_memory_equal(&begin, &cpus[0].regs, sizeof(begin));
		assert_nothing_left(before);
		assert_ok(debug_cpu_back(&debug[0], &regs[0], &err), err);
		flush(0);
		assert_memory_not_equal(&begin, &cpus[0].regs, sizeof(begin));
	}
	cpu_cycle(0); /* the trace interrupt; its vector's instruction is not yet executed */
	regs_returned(&regs[0], false);
	plan(0, DEBUG_OFF);
	flush(0);
	begin.pc += 4;
	begin.gpr[3] = 1;
	assert_memory_equal(&begin, &cpus[0].regs, sizeof(begin));
	assert_nothing_left(before);
	free(before);
}

/* What the debugger reads meanwhile is the guest's. */
static void test_the_traps_do_not_show(void **state)
{
	uint8_t bytes[4];

	(void)state;
	put(0xd00, NOP);
	PROGRAM(ADDI(3, 1), NOP);
	plan(0, DEBUG_STEP);
	assert_int_equal(at(0xd00), TRAP_WORD);
	assert_int_equal(debug_read(&shared, &regs[1], 0xd00, bytes, 4), 4);
	assert_int_equal(bytes_load_le(bytes, 4), NOP);
}

static void test_to_user_mode(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), ADDI(3, 1), RFID);
	high();
	cpus[0].regs.srr0 = HANDLER;
	cpus[0].regs.srr1 = MSR_USER;
	plan(0, DEBUG_TO_USER);
	for (unsigned int i = 0; !enter(0); i++)
		assert_true(i < 10);
	flush(0);
	assert_int_equal(debug[0].stop.kind, DEBUG_STOP_USER);
	assert_int_equal(cpus[0].regs.pc, HANDLER);
	assert_int_equal(cpus[0].regs.msr, MSR_USER);
	assert_int_equal(cpus[0].regs.gpr[3], 2);
}

/* ---- KVM ---- */

/* It is asked of the VM; a KVM that steps is let do it, and no register is written then. */
static void test_a_kvm_that_steps(void **state)
{
	const struct fake_call *call;

	(void)state;
	arch_debug_limits(5, &shared.limits);
	assert_true(shared.limits.step);
	assert_false(shared.limits.step_by_kvm);
	call = fake_kvm_call(KVM_CHECK_EXTENSION, 0);
	assert_int_equal(call->fd, 5);
	assert_int_equal(call->id, KVM_CAP_PPC_GUEST_DEBUG_SSTEP);
	plan(0, DEBUG_STEP);
	assert_int_equal(cpus[0].told.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	plan(0, DEBUG_OFF);
	fake_kvm_set_capability(KVM_CAP_PPC_GUEST_DEBUG_SSTEP, 1);
	arch_debug_limits(5, &shared.limits);
	assert_true(shared.limits.step_by_kvm);
	flush(0);
	fake_kvm_clear_log();
	PROGRAM(ADDI(3, 1), NOP);
	plan(0, DEBUG_STEP);
	assert_true(cpus[0].told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_int_equal(trapped(), 0);
	flush(0);
	cpu_cycle(0);
	regs_returned(&regs[0], false);
	assert_int_equal(exits(0), 1);
	flush(0);
	assert_int_equal(fake_kvm_count(KVM_SET_REGS), 0);
}

static void test_no_points_of_the_hardware(void **state)
{
	(void)state;
	arch_debug_limits(5, &shared.limits);
	assert_int_equal(shared.limits.breakpoints + shared.limits.watchpoints, 0);
	assert_false(arch_debug_fits(&(struct debug_point){DEBUG_EXECUTE, TEXT, 4}));
}

/* The guest's own is what it would be without a debugger. */
static void test_an_instruction_that_there_is_not(void **state)
{
	(void)state;
	PROGRAM(TRAP_WORD);
	cpus[0].regs.msr = MSR_USER;
	high();
	plan(0, DEBUG_CONTINUE);
	assert_int_equal(enter(0), 0);
	flush(0);
	assert_int_equal(cpus[0].regs.pc, 0xc000000000004700ull);
	assert_int_equal(cpus[0].regs.srr0, TEXT);
	assert_int_equal(cpus[0].regs.srr1, MSR_USER | 0x80000);
	assert_int_equal(cpus[0].regs.msr, PPC64_MSR_SF | PPC64_MSR_ME | PPC64_MSR_LE | MSR_MMU);
}

static void test_a_breakpoint_in_memory(void **state)
{
	(void)state;
	PROGRAM(NOP, NOP);
	assert_ok(debug_trap_set(&shared, &regs[0], TEXT + 4, &err), err);
	plan(0, DEBUG_CONTINUE);
	assert_int_equal(enter(0), 1);
	assert_int_equal(debug[0].stop.kind, DEBUG_STOP_TRAP);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	debug_trap_clear(&shared, TEXT + 4);
	assert_int_equal(at(TEXT + 4), NOP);
	assert_int_equal(fake_kvm_count(KVM_SET_REGS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_vector_is_where_the_mode_has_it),
		TEST(test_it_moves_with_the_mode),
		TEST(test_it_moves_with_the_guests_own_msr),
		TEST(test_big_endian),
		TEST(test_its_own_bit_is_kept),
		TEST(test_both_step),
		TEST(test_through_the_trace_vector),
		TEST(test_the_other_vcpu_is_not_disturbed),
		TEST(test_a_trap_that_is_gone),
		TEST(test_a_breakpoint_at_the_vector),
		TEST(test_a_step_that_is_given_up),
		TEST(test_the_traps_do_not_show),
		TEST(test_to_user_mode),
		TEST(test_a_kvm_that_steps),
		TEST(test_no_points_of_the_hardware),
		TEST(test_an_instruction_that_there_is_not),
		TEST(test_a_breakpoint_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
