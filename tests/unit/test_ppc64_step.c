/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping a POWER vCPU where KVM takes a request to step and does not step: what one instruction
 * is, and that it does under a step what it does alone. Seed S2; test_ppc64_debug.c is the rest. */
#include "tests/unit/ppc64_debug.h"

/* ---- the trace interrupt ---- */

static void test_a_step(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), ADDI(3, 2), BRANCH(8), ADDI(3, 4), ADDI(3, 8));
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.gpr[3], 1);
	assert_int_equal(debug[0].stop.kind, DEBUG_STOP_STEP);
	cpus[0].regs.pc = TEXT;
	cpus[0].regs.gpr[3] = 0;
	same_as_alone(4);
	assert_int_equal(cpus[0].regs.gpr[3], 11);
}

/* Of the trace interrupt's SRR1 only what is MSR's. */
static void test_state_is_that_of_srr0_and_srr1(void **state)
{
	(void)state;
	PROGRAM(TBEGIN, NOP);
	cpus[0].regs.msr |= PPC64_MSR_TM;
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.msr, MSR_BASE | PPC64_MSR_TM | 2ull << 33);
}

static void test_srr0_and_srr1_are_put_back(void **state)
{
	(void)state;
	PROGRAM(ADDI(3, 1), MFSRR1(5));
	cpus[0].regs.srr0 = 0x1111;
	cpus[0].regs.srr1 = 0x2222;
	step(0);
	assert_int_equal(cpus[0].regs.srr0, 0x1111);
	assert_int_equal(cpus[0].regs.srr1, 0x2222);
	step(0);
	assert_int_equal(cpus[0].regs.gpr[5], 0x2222);
}

static void test_unless_the_instruction_wrote_them(void **state)
{
	(void)state;
	PROGRAM(MTSRR0(3), MTSRR1(4), NOP);
	cpus[0].regs.gpr[3] = 0x3333;
	cpus[0].regs.gpr[4] = 0x4444;
	same_as_alone(3);
	assert_int_equal(cpus[0].regs.srr0, 0x3333);
	assert_int_equal(cpus[0].regs.srr1, 0x4444);
}

static void test_mfmsr_does_not_show_it(void **state)
{
	(void)state;
	PROGRAM(MFMSR(5), NOP);
	same_as_alone(1);
	assert_int_equal(cpus[0].regs.gpr[5], MSR_BASE);
}

/* ---- instructions of which one is more ---- */

static void test_returns_from_interrupts(void **state)
{
	(void)state;
	PROGRAM(RFID, NOP);
	put(HANDLER, ADDI(3, 1));
	high();
	cpus[0].regs.srr0 = HANDLER;
	cpus[0].regs.srr1 = MSR_USER | 0x40000000;
	step(0);
	assert_int_equal(cpus[0].regs.pc, HANDLER);
	assert_int_equal(cpus[0].regs.gpr[3], 0);
	assert_int_equal(cpus[0].regs.msr, MSR_USER);
	assert_int_equal(debug[0].stop.kind, DEBUG_STOP_STEP);
}

static void test_mtmsrd(void **state)
{
	(void)state;
	PROGRAM(MTMSRD(3), MTMSRD_EE(4), ADDI(5, 1));
	cpus[0].regs.gpr[3] = MSR_BASE | 0x2000 | PPC64_MSR_HV;
	cpus[0].regs.gpr[4] = PPC64_MSR_EE | 0x900;
	step(0);
	assert_int_equal(cpus[0].regs.msr, MSR_BASE | 0x2000);
	step(0);
	assert_int_equal(cpus[0].regs.msr, (MSR_BASE | 0x2000 | PPC64_MSR_EE) & ~PPC64_MSR_RI);
	assert_int_equal(cpus[0].regs.pc, TEXT + 8);
	step(0);
	assert_int_equal(cpus[0].regs.gpr[5], 1);
}

/* The guest's kernel never sees our bit. */
static void test_a_system_call_is_one_step(void **state)
{
	(void)state;
	PROGRAM(SC, NOP);
	put(0x4c00, MFSRR1(9));
	put(0x4c04, RFID);
	high();
	cpus[0].regs.msr = MSR_USER;
	same_as_alone(1);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.gpr[9], MSR_USER);
}

/* The one that ends a signal's handler goes on where the context on the stack says. */
static void test_back_from_a_signal(void **state)
{
	uint8_t nip[8];

	(void)state;
	PROGRAM(SC, NOP);
	put(0x4c00, MTSRR0(5));
	put(0x4c04, RFID);
	high();
	cpus[0].regs.msr = MSR_USER;
	cpus[0].regs.gpr[0] = 172;
	cpus[0].regs.gpr[1] = DATA;
	cpus[0].regs.gpr[5] = TEXT + 0x40;
	bytes_store_le(nip, 8, TEXT + 0x40);
	memory_write(&memory, DATA + 488, nip, 8);
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 0x40);
	assert_int_equal(cpus[0].regs.msr, MSR_USER);
}

/* No interrupt, and its return is not traced. */
static void test_a_vectored_system_call_is_one_step(void **state)
{
	(void)state;
	PROGRAM(SCV, NOP);
	put(0x3000, ADDI(9, 1));
	put(0x3004, RFSCV);
	high();
	cpus[0].regs.msr = MSR_USER;
	same_as_alone(1);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	cpus[0].regs.pc = 0xc000000000003004ull;
	cpus[0].regs.msr &= ~PPC64_MSR_PR;
	regs_reset(&regs[0]);
	same_as_alone(1);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.msr, MSR_USER);
}

static void test_a_hypercall_is_one_step(void **state)
{
	(void)state;
	PROGRAM(SC1, NOP);
	same_as_alone(1);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
}

/* Of the kernel's own it is a step into its vector. */
static void test_a_system_call_of_the_kernel(void **state)
{
	(void)state;
	PROGRAM(SC, NOP);
	step(0);
	assert_int_equal(cpus[0].regs.pc, 0xc00);
	assert_int_equal(cpus[0].regs.srr1, MSR_BASE);
}

/* ldarx, bne out, addi, stdcx., bne back: stepped over whole, with what it is to store. */
static void test_reservations_are_one_step(void **state)
{
	uint8_t value[8];

	(void)state;
	PROGRAM(LDARX(9, 10), BNE(20), ADDI(9, 5), STDCX(9, 10), BNE(-16), NOP);
	cpus[0].regs.cr = 0x20000000;
	cpus[0].regs.gpr[10] = DATA;
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 16);
	memory_read(&memory, DATA, value, 8);
	assert_int_equal(bytes_load_le(value, 8), 5);
	cpus[0].regs.pc = TEXT;
	cpus[0].regs.cr = 0;
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 24); /* the way out */
	assert_int_equal(at(TEXT + 16), BNE(-16));
	assert_int_equal(at(TEXT + 24), 0);
}

/* An access to a device: KVM carries it out, and there is no trace interrupt. */
static void test_what_kvm_carries_out(void **state)
{
	(void)state;
	PROGRAM(LOAD(3, 4), NOP);
	plan(0, DEBUG_STEP);
	flush(0);
	regs_returned(&regs[0], false); /* kicked out before it */
	assert_int_equal(debug_cpu_enter(&debug[0], &regs[0], &err), 0);
	flush(0);
	cpus[0].regs.pc += 4;
	regs_returned(&regs[0], false);
	assert_int_equal(enter(0), 1);
	flush(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.msr, MSR_BASE);
	assert_int_equal(trapped(), 0);
}

/* ---- interrupts meanwhile ---- */

/* Of user mode a fault, of either mode what comes from outside: the guest handles it, without our
 * bit in what it keeps, and the instruction is stepped then. */
static void test_an_interrupt_is_run_through(void **state)
{
	static const struct {
		uint64_t msr;
		bool fault;
		unsigned int vector;
	} rows[] = {
		{MSR_USER, true, 0x4300},
		{MSR_USER, false, 0x4500},
		{MSR_BASE | MSR_MMU | PPC64_MSR_EE, false, 0x4500},
	};

	(void)state;
	high();
	for (size_t i = 0; i < LENGTH(rows); i++) {
		PROGRAM(LOAD(3, 4), NOP);
		put(rows[i].vector, MFSRR1(9));
		put(rows[i].vector + 4, RFID);
		regs_reset(&regs[0]);
		cpus[0].regs.pc = TEXT;
		cpus[0].regs.msr = rows[i].msr;
		cpus[0].regs.gpr[4] = DATA;
		cpus[0].faults_at = rows[i].fault ? DATA : 0;
		cpus[0].external = !rows[i].fault;
		step(0);
		assert_int_equal(cpus[0].regs.pc, TEXT + 4);
		assert_int_equal(cpus[0].regs.msr, rows[i].msr);
		assert_int_equal(cpus[0].regs.gpr[9], rows[i].msr);
		assert_int_equal(at(TEXT), LOAD(3, 4));
	}
}

/* A fault of the kernel's own is what a kernel's debugger wants to see. */
static void test_a_fault_of_the_kernel_is_a_step(void **state)
{
	(void)state;
	PROGRAM(LOAD(3, 4), NOP);
	cpus[0].regs.gpr[4] = cpus[0].faults_at = DATA;
	step(0);
	assert_int_equal(cpus[0].regs.pc, 0x300);
	assert_int_equal(cpus[0].regs.srr1, MSR_BASE);
	assert_int_equal(cpus[0].regs.srr0, TEXT);
}

/* A handler that leaves the instruction out. */
static void test_a_trap_that_is_skipped(void **state)
{
	(void)state;
	PROGRAM(TW, NOP, NOP);
	put(0x4700, MTSRR0(8));
	put(0x4704, RFID);
	high();
	cpus[0].regs.msr = MSR_USER;
	cpus[0].regs.gpr[8] = TEXT + 4;
	step(0);
	assert_int_equal(cpus[0].regs.pc, TEXT + 4);
	assert_int_equal(cpus[0].regs.msr & PPC64_MSR_SE, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_step),
		TEST(test_state_is_that_of_srr0_and_srr1),
		TEST(test_srr0_and_srr1_are_put_back),
		TEST(test_unless_the_instruction_wrote_them),
		TEST(test_mfmsr_does_not_show_it),
		TEST(test_returns_from_interrupts),
		TEST(test_mtmsrd),
		TEST(test_a_system_call_is_one_step),
		TEST(test_back_from_a_signal),
		TEST(test_a_vectored_system_call_is_one_step),
		TEST(test_a_hypercall_is_one_step),
		TEST(test_a_system_call_of_the_kernel),
		TEST(test_reservations_are_one_step),
		TEST(test_what_kvm_carries_out),
		TEST(test_an_interrupt_is_run_through),
		TEST(test_a_fault_of_the_kernel_is_a_step),
		TEST(test_a_trap_that_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
