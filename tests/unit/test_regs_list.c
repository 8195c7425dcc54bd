/* SPDX-License-Identifier: Apache-2.0 */
/* The table held against what the host's KVM lists: vmm/regs_list.c. */
#include "tests/unit/regs_fixture.h"

enum { MANY = 490 };

static uint64_t opaque(unsigned int n)
{
	return ID_64(0x10000 + n);
}

static unsigned int absent_rows(void)
{
	unsigned int count = 0;

	for (unsigned int row = 0; row < ROWS; row++)
		count += reg_bit(regs.absent, row);
	return count;
}

static void list(void)
{
	assert_ok(regs_list(&regs, &err), err);
}

/* Runs first: it is said once in a process. */
static void test_s3_a_register_without_a_name_is_reported_once(void **state)
{
	const char *first;

	(void)state;
	log_forget();
	fake_kvm_reg(FD, opaque(0));
	list();
	new_vcpu();
	list();
	first = strstr(logged(), "0x6030000000010000");
	assert_non_null(first);
	assert_null(strstr(first + 1, "0x6030000000010000"));
}

static void test_the_list_is_asked_for_once_and_only_when_needed(void **state)
{
	(void)state;
	get(PC);
	set(X0, 1);
	flush();
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 0);
	fetch(REG_RUNTIME);
	fetch(REG_ALL);
	list();
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 1);
	assert_int_equal(absent_rows(), 0);
	assert_int_equal(regs.extra_count, 0);
}

static void test_s3_a_register_without_a_name_is_transferred_as_it_is(void **state)
{
	const uint64_t wide = ID_128(0x20000);
	unsigned int row = ROWS;

	(void)state;
	fake_kvm_set(FD, opaque(0), 0x1122334455667788);
	memset(fake_kvm_reg(FD, wide)->value, 0xab, 16);
	fetch(REG_RESET);
	assert_int_equal(regs_rows(&regs), ROWS + 2);
	assert_int_equal(regs_row(&regs, row)->id, opaque(0));
	assert_int_equal(regs_row(&regs, row)->class, REG_RESET);
	assert_int_equal(bytes_load_le(regs_value(&regs, row), 8), 0x1122334455667788);
	assert_int_equal(regs_row(&regs, row + 1)->size, 16);
	assert_memory_equal(regs_value(&regs, row + 1), fake_kvm_reg(FD, wide)->value, 16);
	assert_int_equal(reg_size(&regs, row), 1); /* by number it is a field, not this */
}

static void test_s3_what_a_nameless_register_refuses_is_told_by_its_id(void **state)
{
	(void)state;
	fake_kvm_reg(FD, opaque(0))->refuse_get = EIO;
	assert_error(regs_fetch(&regs, REG_ALL, &err), err, EIO, "0x6030000000010000");
}

static void test_a_list_longer_than_500(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < MANY; n++)
		fake_kvm_set(FD, opaque(n), n);
	fetch(REG_RESET);
	assert_int_equal(regs.extra_count, MANY);
	assert_true(fake_kvm.reg_count > 500);
	for (unsigned int n = 0; n < MANY; n++) {
		assert_int_equal(regs_row(&regs, ROWS + n)->id, opaque(n));
		assert_int_equal(bytes_load_le(regs_value(&regs, ROWS + n), 8), n);
	}
	fake_kvm_clear_log();
	fetch(REG_RESET);
	assert_calls(0, 0);
}

static void test_s3_rows_that_the_host_lacks_are_skipped_and_counted(void **state)
{
	(void)state;
	host_without(ESR);
	fetch(REG_ALL);
	assert_int_equal(absent_rows(), 1);
	assert_true(reg_bit(regs.absent, ESR));
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 13);
	assert_int_equal(regs.ioctls[2][REG_REFUSED], 0);
}

static void test_s3_a_block_that_the_host_lacks_is_skipped_and_counted(void **state)
{
	static const int answers[] = {ENOTTY, EINVAL, ENOENT};

	for (size_t i = 0; i < LENGTH(answers); i++) {
		teardown(state);
		setup(state);
		host_events_code = answers[i];
		fetch(REG_ALL);
		assert_int_equal(absent_rows(), 1);
		assert_true(reg_bit(regs.absent, EVENTS));
	}
}

static void test_s3_where_nothing_is_listed_a_refusal_tells(void **state)
{
	static const int answers[] = {ENOTTY, EINVAL};

	for (size_t i = 0; i < LENGTH(answers); i++) {
		teardown(state);
		setup(state);
		fake_kvm_refuse(KVM_GET_REG_LIST, 0, answers[i]);
		host(ESR)->refuse_get = EINVAL;
		fetch(REG_ALL);
		assert_int_equal(absent_rows(), 1);
		assert_true(reg_bit(regs.absent, ESR));
		fetch(REG_ALL);
		assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 1);
	}
}

static void test_s3_what_is_listed_and_refused_is_not_left_out(void **state)
{
	(void)state;
	host(ESR)->refuse_get = EINVAL;
	assert_error(regs_fetch(&regs, REG_ALL, &err), err, EINVAL, "ESR");
	assert_int_equal(absent_rows(), 0);
}

static void test_a_list_that_fails_is_an_error_and_asked_for_again(void **state)
{
	(void)state;
	fake_kvm_refuse(KVM_GET_REG_LIST, 0, EFAULT);
	assert_error(regs_fetch(&regs, REG_ALL, &err), err, EFAULT, "KVM_GET_REG_LIST");
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	fake_kvm.refusal_count = 0;
	fetch(REG_ALL);
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_s3_a_register_without_a_name_is_reported_once),
		TEST(test_the_list_is_asked_for_once_and_only_when_needed),
		TEST(test_s3_a_register_without_a_name_is_transferred_as_it_is),
		TEST(test_s3_what_a_nameless_register_refuses_is_told_by_its_id),
		TEST(test_a_list_longer_than_500),
		TEST(test_s3_rows_that_the_host_lacks_are_skipped_and_counted),
		TEST(test_s3_a_block_that_the_host_lacks_is_skipped_and_counted),
		TEST(test_s3_where_nothing_is_listed_a_refusal_tells),
		TEST(test_s3_what_is_listed_and_refused_is_not_left_out),
		TEST(test_a_list_that_fails_is_an_error_and_asked_for_again),
	};

	return cmocka_run_group_tests_name("regs_list", tests, log_setup, scratch_teardown);
}
