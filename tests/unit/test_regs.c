/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/arch.h"

enum { FD = 7 };

static struct regs regs;
static struct error err;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	memset(&err, 0, sizeof(err));
	regs_init(&regs, FD);
	return 0;
}

static uint64_t id(unsigned int row)
{
	return arch_reg_rows[row].id;
}

static uint64_t get(unsigned int row)
{
	uint64_t value = 0xdead;

	assert_ok(reg_get(&regs, row, &value, &err), err);
	return value;
}

static void set(unsigned int row, uint64_t value)
{
	assert_ok(reg_set(&regs, row, value, &err), err);
}

static void flush(void)
{
	assert_ok(regs_flush(&regs, &err), err);
}

static void assert_calls(unsigned int gets, unsigned int sets)
{
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), gets);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), sets);
	assert_int_equal(fake_kvm_calls(), gets + sets);
}

static void test_a_clean_copy_costs_nothing(void **state)
{
	(void)state;
	flush();
	assert_calls(0, 0);
}

static void test_a_read_gets_one_row_and_makes_nothing_dirty(void **state)
{
	(void)state;
	fake_kvm_set(FD, id(ARM64_PC), 0x1234);
	assert_int_equal(get(ARM64_PC), 0x1234);
	assert_int_equal(get(ARM64_PC), 0x1234);
	assert_int_equal(regs.dirty, 0);
	flush();
	assert_calls(1, 0);
}

static void test_a_write_fetches_nothing_and_is_written_once(void **state)
{
	(void)state;
	set(ARM64_PC, 1);
	set(ARM64_PC, 0x8899aabbccddeeff);
	assert_calls(0, 0);
	assert_int_equal(regs.dirty, REG_RUNTIME);
	flush();
	assert_calls(0, 1);
	assert_int_equal(fake_kvm_get(FD, id(ARM64_PC)), 0x8899aabbccddeeff);
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 0)->fd, FD);
	flush();
	assert_calls(0, 1);
}

static void test_a_read_after_a_write_sees_the_write(void **state)
{
	(void)state;
	fake_kvm_set(FD, id(ARM64_X0), 1);
	set(ARM64_X0, 2);
	assert_int_equal(get(ARM64_X0), 2);
	assert_calls(0, 0);
}

static void test_a_read_does_not_undo_a_write(void **state)
{
	(void)state;
	assert_int_equal(get(ARM64_X0), 0);
	set(ARM64_X0, 2);
	get(ARM64_PC);
	assert_int_equal(get(ARM64_X0), 2);
	flush();
	assert_int_equal(fake_kvm_get(FD, id(ARM64_X0)), 2);
}

static void test_only_changed_rows_are_written_in_table_order(void **state)
{
	static const unsigned int order[] = {ARM64_FAR_EL1, ARM64_X0, ARM64_ESR_EL1, ARM64_PC};

	(void)state;
	get(ARM64_X1);
	for (size_t i = 0; i < LENGTH(order); i++)
		set(order[i], 100 + i);
	assert_int_equal(regs.dirty, REG_RUNTIME | REG_RESET);
	fake_kvm_clear_log();
	flush();
	assert_calls(0, 4);
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 0)->id, id(ARM64_X0));
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 1)->id, id(ARM64_PC));
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 2)->id, id(ARM64_ESR_EL1));
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 3)->id, id(ARM64_FAR_EL1));
	assert_int_equal(regs.dirty, 0);
}

static void test_after_a_write_the_kernels_value_counts(void **state)
{
	(void)state;
	fake_kvm_reg(FD, id(ARM64_PSTATE))->fixed = 0xff00;
	get(ARM64_PSTATE);
	set(ARM64_PSTATE, 0xffff);
	flush();
	assert_int_equal(get(ARM64_PSTATE), 0x00ff);
	assert_calls(2, 1);
}

static void test_a_run_makes_every_copy_stale(void **state)
{
	(void)state;
	get(ARM64_PC);
	fake_kvm_set(FD, id(ARM64_PC), 0x2000);
	regs_invalidate(&regs);
	assert_int_equal(get(ARM64_PC), 0x2000);
	assert_calls(2, 0);
}

static void test_a_run_does_not_lose_a_write(void **state)
{
	(void)state;
	set(ARM64_PC, 5);
	regs_invalidate(&regs);
	assert_int_equal(get(ARM64_PC), 5);
	flush();
	assert_int_equal(fake_kvm_get(FD, id(ARM64_PC)), 5);
}

static void test_a_ticking_register_is_not_written_back_for_being_read(void **state)
{
	(void)state;
	fake_kvm_reg(FD, id(ARM64_X1))->tick = 10;
	get(ARM64_X1);
	fake_kvm_tick();
	set(ARM64_X0, 1);
	flush();
	assert_int_equal(fake_kvm_get(FD, id(ARM64_X1)), 10);
}

static void test_a_refused_write_names_register_and_call(void **state)
{
	(void)state;
	fake_kvm_reg(FD, id(ARM64_ESR_EL1))->refuse_set = EINVAL;
	set(ARM64_ESR_EL1, 1);
	assert_error(regs_flush(&regs, &err), err, EINVAL, "ESR_EL1");
	assert_contains(err.message, "KVM_SET_ONE_REG");
}

static void test_a_refused_read_names_register_and_call(void **state)
{
	uint64_t value;

	(void)state;
	fake_kvm_reg(FD, id(ARM64_ELR_EL1))->refuse_get = ENOENT;
	assert_error(reg_get(&regs, ARM64_ELR_EL1, &value, &err), err, ENOENT, "ELR_EL1");
	assert_contains(err.message, "KVM_GET_ONE_REG");
	fake_kvm_reg(FD, id(ARM64_ELR_EL1))->refuse_get = 0;
	assert_int_equal(get(ARM64_ELR_EL1), 0);
}

static void test_read_only_registers(void **state)
{
	(void)state;
	fake_kvm_set(FD, id(ARM64_MPIDR_EL1), 0x80000003);
	assert_int_equal(get(ARM64_MPIDR_EL1), 0x80000003);
	assert_error(reg_set(&regs, ARM64_MPIDR_EL1, 1, &err), err, EPERM, "MPIDR_EL1");
	assert_int_equal(regs.dirty, 0);
	assert_int_equal(get(ARM64_MPIDR_EL1), 0x80000003);
	flush();
	assert_calls(1, 0);
}

static void test_init_forgets_everything(void **state)
{
	(void)state;
	get(ARM64_PC);
	set(ARM64_X0, 1);
	regs_init(&regs, FD);
	flush();
	assert_calls(1, 0);
	fake_kvm_set(FD, id(ARM64_PC), 9);
	assert_int_equal(get(ARM64_PC), 9);
}

static void test_table_is_sane(void **state)
{
	(void)state;
	assert_in_range(arch_reg_count, 1, REG_ROWS_MAX);
	for (unsigned int i = 0; i < arch_reg_count; i++) {
		const struct reg_row *row = &arch_reg_rows[i];

		assert_int_equal(row->id & KVM_REG_ARCH_MASK, KVM_REG_ARM64);
		assert_true(row->class && !(row->class & (row->class - 1)));
		for (unsigned int j = 0; j < i; j++) {
			assert_int_not_equal(arch_reg_rows[j].id, row->id);
			assert_string_not_equal(arch_reg_rows[j].name, row->name);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_clean_copy_costs_nothing),
		TEST(test_a_read_gets_one_row_and_makes_nothing_dirty),
		TEST(test_a_write_fetches_nothing_and_is_written_once),
		TEST(test_a_read_after_a_write_sees_the_write),
		TEST(test_a_read_does_not_undo_a_write),
		TEST(test_only_changed_rows_are_written_in_table_order),
		TEST(test_after_a_write_the_kernels_value_counts),
		TEST(test_a_run_makes_every_copy_stale),
		TEST(test_a_run_does_not_lose_a_write),
		TEST(test_a_ticking_register_is_not_written_back_for_being_read),
		TEST(test_a_refused_write_names_register_and_call),
		TEST(test_a_refused_read_names_register_and_call),
		TEST(test_read_only_registers),
		TEST(test_init_forgets_everything),
		TEST(test_table_is_sane),
	};

	return cmocka_run_group_tests_name("regs", tests, NULL, NULL);
}
