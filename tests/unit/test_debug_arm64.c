/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU under a debugger, on the scripted KVM: whose stop it is, what one instruction is, and what
 * is written for it. Seed S1: a stop that is nobody's is given to the guest by its system
 * registers. */
#include "tests/unit/arm64_cpu.h"

#include "vmm/arch_debug.h"
#include "vmm/debug_cpu.h"

enum { TEXT = 0x1000, EL0 = 0, EL1H = 5, VBAR = 0x8000 };
#define ESR(class) ((uint32_t)(class) << 26 | 1u << 25)

static struct kvm_run run;
static struct debug_shared shared;
static struct debug_cpu cpu;
static struct kvm_guest_debug told; /* by the last KVM_SET_GUEST_DEBUG */

static int listen_to(int fd, unsigned long request, void *argument)
{
	(void)fd;
	if (request == KVM_SET_GUEST_DEBUG)
		memcpy(&told, argument, sizeof(told));
	return 0;
}

static void instruction(uint64_t address, uint32_t word)
{
	put(address, word, 4);
}

static int setup(void **state)
{
	cpu_setup(state);
	fake_kvm.other = listen_to;
	fake_kvm_refuse(KVM_GET_REG_LIST, FAKE_ANY, EINVAL);
	memset(&shared, 0, sizeof(shared));
	memset(&cpu, 0, sizeof(cpu));
	shared.memory = &memory;
	shared.limits = (struct debug_limits){6, 4, true, true};
	cpu.shared = &shared;
	place(ARM64_PC, BASE + TEXT);
	place(ARM64_PSTATE, EL0);
	place(ARM64_VBAR_EL1, BASE + VBAR);
	return 0;
}

static void plan(enum debug_plan what)
{
	assert_ok(debug_cpu_plan(&cpu, &regs, what, 0, 0, &err), err);
}

/* The guest goes on, and comes to a debug exception. */
static int stops(uint32_t esr, uint64_t far, uint64_t pc, uint64_t pstate)
{
	assert_ok(regs_flush(&regs, &err), err);
	regs_returned(&regs, false);
	place(ARM64_PC, pc);
	place(ARM64_PSTATE, pstate);
	run.debug.arch.hsr = esr;
	run.debug.arch.far = far;
	return debug_cpu_exit(&cpu, &run, &regs, &err);
}

static unsigned int written(void)
{
	assert_ok(regs_flush(&regs, &err), err);
	return fake_kvm_count(KVM_SET_ONE_REG);
}

/* ---- S1 ---- */

static void test_a_trap_of_the_guests_is_its_own(void **state)
{
	(void)state;
	plan(DEBUG_CONTINUE);
	assert_int_equal(told.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	assert_int_equal(stops(ESR(0x3c) | 7, 0, BASE + TEXT, EL0 | 1u << 31), 0);
	written();
	assert_int_equal(placed(ARM64_ESR_EL1), ESR(0x3c) | 7);
	assert_int_equal(placed(ARM64_ELR_EL1), BASE + TEXT);
	assert_int_equal(placed(ARM64_SPSR_EL1), 1u << 31);
	assert_int_equal(placed(ARM64_PC), BASE + VBAR + 0x400);
	assert_int_equal(placed(ARM64_PSTATE), 1u << 31 | 0x3c0 | EL1H);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 5);
}

static void test_it_comes_from_where_it_was(void **state)
{
	static const struct {
		uint64_t pstate, vector;
	} rows[] = {{0, 0x400}, {4, 0}, {5, 0x200}};

	(void)state;
	plan(DEBUG_CONTINUE);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(stops(ESR(0x3c), 0, BASE + TEXT, rows[i].pstate), 0);
		written();
		assert_int_equal(placed(ARM64_PC), BASE + VBAR + rows[i].vector);
	}
}

/* The breakpoint of the guest's own hardware, from each level; a watchpoint with its address. */
static void test_its_own_hardware_too(void **state)
{
	(void)state;
	plan(DEBUG_CONTINUE);
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT, EL0), 0);
	written();
	assert_int_equal(placed(ARM64_ESR_EL1), ESR(0x30));
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT, EL1H), 0);
	written();
	assert_int_equal(placed(ARM64_ESR_EL1), ESR(0x31));
	assert_int_equal(stops(ESR(0x34), 0x1234, BASE + TEXT, EL1H), 0);
	written();
	assert_int_equal(placed(ARM64_ESR_EL1), ESR(0x35));
	assert_int_equal(placed(ARM64_FAR_EL1), 0x1234);
}

/* What the kernel refuses is not written again. */
static void test_a_refused_register_is_not_pushed(void **state)
{
	(void)state;
	plan(DEBUG_CONTINUE);
	fake_kvm_reg(FD, arch_regs.rows[ARM64_ESR_EL1].id)->refuse_set = EINVAL;
	assert_int_equal(stops(ESR(0x3c), 0, BASE + TEXT, EL0), 0);
	assert_int_equal(regs_flush(&regs, &err), -EINVAL);
	fake_kvm_clear_log();
	assert_int_equal(written(), 0);
}

/* ---- whose stop ---- */

static void test_a_breakpoint_in_memory(void **state)
{
	uint8_t bytes[4];

	(void)state;
	instruction(TEXT, 0x11223344);
	assert_ok(debug_trap_set(&shared, &regs, BASE + TEXT, &err), err);
	memory_read(&memory, BASE + TEXT, bytes, 4);
	assert_int_equal(bytes_load_le(bytes, 4), 0xd4200000);
	assert_int_equal(debug_read(&shared, &regs, BASE + TEXT, bytes, 4), 4);
	assert_int_equal(bytes_load_le(bytes, 4), 0x11223344);
	plan(DEBUG_CONTINUE);
	assert_int_equal(stops(ESR(0x3c), 0, BASE + TEXT, EL0), 1);
	assert_int_equal(cpu.stop.kind, DEBUG_STOP_TRAP);
	assert_int_equal(stops(ESR(0x3c), 0, BASE + TEXT + 4, EL0), 0); /* the guest's */
	regs_reset(&regs);
	debug_trap_clear(&shared, BASE + TEXT);
	memory_read(&memory, BASE + TEXT, bytes, 4);
	assert_int_equal(bytes_load_le(bytes, 4), 0x11223344);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
}

/* What is written under it appears when it goes; what the guest has put over it stays. */
static void test_memory_under_a_breakpoint(void **state)
{
	static const uint8_t news[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t bytes[8];

	(void)state;
	assert_ok(debug_trap_set(&shared, &regs, BASE + TEXT, &err), err);
	assert_int_equal(debug_write(&shared, &regs, BASE + TEXT, news, 8), 8);
	memory_read(&memory, BASE + TEXT, bytes, 8);
	assert_int_equal(bytes_load_le(bytes, 4), 0xd4200000);
	assert_memory_equal(bytes + 4, news + 4, 4);
	debug_trap_clear(&shared, BASE + TEXT);
	memory_read(&memory, BASE + TEXT, bytes, 8);
	assert_memory_equal(bytes, news, 8);
	assert_ok(debug_trap_set(&shared, &regs, BASE + TEXT, &err), err);
	instruction(TEXT, 0x55667788);
	debug_trap_clear(&shared, BASE + TEXT);
	memory_read(&memory, BASE + TEXT, bytes, 4);
	assert_int_equal(bytes_load_le(bytes, 4), 0x55667788);
}

static void test_points_of_the_hardware(void **state)
{
	(void)state;
	shared.points[0] = (struct debug_point){DEBUG_EXECUTE, BASE + TEXT, 4};
	shared.points[1] = (struct debug_point){DEBUG_WRITE, 0x1003, 2};
	shared.points[2] = (struct debug_point){DEBUG_ACCESS, 0x2000, 32};
	shared.point_count = 3;
	plan(DEBUG_CONTINUE);
	assert_true(told.control & KVM_GUESTDBG_USE_HW);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT);
	assert_int_equal(told.arch.dbg_bcr[0], 0x1e7);
	assert_int_equal(told.arch.dbg_wvr[0], 0x1000);
	assert_int_equal(told.arch.dbg_wcr[0], 0x7 | 2 << 3 | 0x18 << 5);
	assert_int_equal(told.arch.dbg_wvr[1], 0x2000);
	assert_int_equal(told.arch.dbg_wcr[1], 0x7 | 3 << 3 | 0xff << 5 | 5 << 24);
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT, EL0), 1);
	assert_int_equal(cpu.stop.point.kind, DEBUG_EXECUTE);
	assert_int_equal(stops(ESR(0x34), 0x1004, BASE + TEXT, EL0), 1);
	assert_int_equal(cpu.stop.point.kind, DEBUG_WRITE);
	assert_int_equal(cpu.stop.data, 0x1004);
	assert_int_equal(written(), 0);
}

static void test_what_the_hardware_can_watch(void **state)
{
	static const struct {
		uint64_t address, length;
		bool fits;
	} rows[] = {{0x1000, 1, true},  {0x1007, 1, true},     {0x1004, 8, false},
		    {0x1000, 16, true}, {0x1008, 16, false},   {0x1000, 24, false},
		    {0x1000, 0, false}, {0, 1ull << 31, true}, {0, 1ull << 32, false}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(arch_debug_fits(&(struct debug_point){DEBUG_WRITE, rows[i].address,
								       rows[i].length}),
				 rows[i].fits);
}

/* ---- one instruction ---- */

static void test_a_step_writes_nothing(void **state)
{
	(void)state;
	instruction(TEXT, 0xd503201f); /* nop */
	plan(DEBUG_STEP);
	assert_true(told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 4, EL0), 1);
	assert_int_equal(cpu.stop.kind, DEBUG_STOP_STEP);
	assert_int_equal(written(), 0);
}

static void test_a_range_is_stepped_to_its_end(void **state)
{
	(void)state;
	assert_ok(debug_cpu_plan(&cpu, &regs, DEBUG_STEP, BASE + TEXT, BASE + TEXT + 8, &err), err);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 4, EL0), 0);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT, EL0), 0);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 8, EL0), 1);
}

/* ldxr, cbnz out, stxr, cbnz back: run through, to behind the store or to where the branch goes. */
static void test_exclusives_are_one_step(void **state)
{
	(void)state;
	instruction(TEXT, 0xc85f7c02);
	instruction(TEXT + 4, 0xb5000082); /* cbnz x2, + 16 */
	instruction(TEXT + 8, 0xc8017c02);
	instruction(TEXT + 12, 0x35ffffa1);
	plan(DEBUG_STEP);
	assert_false(told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT + 12);
	assert_int_equal(told.arch.dbg_bvr[1], BASE + TEXT + 20);
	assert_int_equal(told.arch.dbg_bcr[2], 0);
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT + 12, EL0), 1);
	assert_int_equal(written(), 0);
}

/* A sequence without an end is stepped as it is. */
static void test_a_load_exclusive_alone(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 64; i++)
		instruction(TEXT + 4 * i, 0xd503201f);
	instruction(TEXT, 0xc85f7c02);
	plan(DEBUG_STEP);
	assert_true(told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_false(told.control & KVM_GUESTDBG_USE_HW);
}

static void test_a_system_call_is_one_step(void **state)
{
	(void)state;
	instruction(TEXT, 0xd4000001);
	plan(DEBUG_STEP);
	assert_false(told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT + 4);
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT + 4, EL0), 1);
}

/* The one that ends a signal's handler goes on where the frame on the stack says. */
static void test_back_from_a_signal(void **state)
{
	(void)state;
	instruction(TEXT, 0xd4000001);
	place(ARM64_X8, 139);
	place(ARM64_SP_EL0, BASE + 0x2000);
	put(0x2000 + 568, BASE + TEXT + 0x100, 8);
	plan(DEBUG_STEP);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT + 0x100);
	assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT + 0x100, EL0), 1);
	place(ARM64_SP_EL0, 0);
	place(ARM64_PC, BASE + TEXT);
	regs_reset(&regs);
	plan(DEBUG_STEP);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT + 4); /* there is no frame */
}

/* An exception before the instruction: the guest handles it, and the instruction is stepped then.
 */
static void test_an_interrupt_is_run_through(void **state)
{
	static const struct {
		uint64_t from, vector;
	} rows[] = {{EL0, 0x480}, {EL0, 0x400}, {EL1H, 0x280}, {4, 0x80}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		regs_reset(&regs);
		place(ARM64_PC, BASE + TEXT);
		place(ARM64_PSTATE, rows[i].from);
		place(ARM64_ELR_EL1, BASE + TEXT);
		instruction(TEXT, 0xd503201f);
		plan(DEBUG_STEP);
		assert_int_equal(stops(ESR(0x32), 0, BASE + VBAR + rows[i].vector, EL1H), 0);
		assert_false(told.control & KVM_GUESTDBG_SINGLESTEP);
		assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT);
		assert_int_equal(stops(ESR(0x30), 0, BASE + TEXT, rows[i].from), 0);
		assert_true(told.control & KVM_GUESTDBG_SINGLESTEP);
		assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 4, rows[i].from), 1);
	}
	assert_int_equal(written(), 0);
}

/* A fault of the kernel's own is what a kernel's debugger wants to see. */
static void test_a_fault_of_el1_is_a_step(void **state)
{
	(void)state;
	place(ARM64_PSTATE, EL1H);
	plan(DEBUG_STEP);
	assert_int_equal(stops(ESR(0x32), 0, BASE + VBAR + 0x200, EL1H), 1);
}

static void test_to_user_mode(void **state)
{
	(void)state;
	place(ARM64_PSTATE, EL1H);
	plan(DEBUG_TO_USER);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 4, EL1H), 0);
	assert_int_equal(stops(ESR(0x32), 0, BASE + TEXT + 8, EL0), 1);
	assert_int_equal(cpu.stop.kind, DEBUG_STOP_USER);
}

/* Another stop during a step that is run through: told, and the step is over. */
static void test_a_breakpoint_within_a_step(void **state)
{
	(void)state;
	instruction(TEXT, 0xd4000001);
	assert_ok(debug_trap_set(&shared, &regs, BASE + VBAR, &err), err);
	plan(DEBUG_STEP);
	assert_int_equal(stops(ESR(0x3c), 0, BASE + VBAR, EL1H), 1);
	assert_int_equal(cpu.stop.kind, DEBUG_STOP_TRAP);
	assert_false(cpu.step.active);
}

/* The step's breakpoint takes the place of the last of gdb's for a while. */
static void test_more_than_the_hardware_has(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		shared.points[i] = (struct debug_point){DEBUG_EXECUTE, BASE + 0x100 * i, 4};
	shared.point_count = 6;
	instruction(TEXT, 0xd4000001);
	plan(DEBUG_STEP);
	assert_int_equal(told.arch.dbg_bvr[0], BASE + TEXT + 4);
	assert_int_equal(told.arch.dbg_bvr[5], BASE + 0x400);
	assert_int_equal(told.arch.dbg_bcr[6], 0);
	plan(DEBUG_CONTINUE);
	assert_int_equal(told.arch.dbg_bvr[5], BASE + 0x500);
	plan(DEBUG_OFF);
	assert_int_equal(told.control, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_trap_of_the_guests_is_its_own),
		TEST(test_it_comes_from_where_it_was),
		TEST(test_its_own_hardware_too),
		TEST(test_a_refused_register_is_not_pushed),
		TEST(test_a_breakpoint_in_memory),
		TEST(test_memory_under_a_breakpoint),
		TEST(test_points_of_the_hardware),
		TEST(test_what_the_hardware_can_watch),
		TEST(test_a_step_writes_nothing),
		TEST(test_a_range_is_stepped_to_its_end),
		TEST(test_exclusives_are_one_step),
		TEST(test_a_load_exclusive_alone),
		TEST(test_a_system_call_is_one_step),
		TEST(test_back_from_a_signal),
		TEST(test_an_interrupt_is_run_through),
		TEST(test_a_fault_of_el1_is_a_step),
		TEST(test_to_user_mode),
		TEST(test_a_breakpoint_within_a_step),
		TEST(test_more_than_the_hardware_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
