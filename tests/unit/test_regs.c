/* SPDX-License-Identifier: Apache-2.0 */
/* The register engine, vmm/regs.c: what it costs, blocks, exits that KVM has not finished.
 * tests/model/ proves the rules for every sequence of operations. */
#include "tests/unit/regs_fixture.h"

/* ---- what a copy costs ---- */

static void test_a_clean_copy_costs_nothing(void **state)
{
	(void)state;
	flush();
	assert_calls(0, 0);
}

static void test_a_read_gets_one_row_and_makes_nothing_dirty(void **state)
{
	(void)state;
	host_set(PC, 0x1234);
	assert_int_equal(get(PC), 0x1234);
	assert_int_equal(get(PC), 0x1234);
	assert_int_equal(regs.dirty, 0);
	flush();
	assert_calls(1, 0);
}

static void test_a_write_fetches_nothing_and_is_written_once(void **state)
{
	(void)state;
	set(PC, 1);
	set(PC, 0x8899aabbccddeeff);
	assert_calls(0, 0);
	assert_int_equal(regs.dirty, REG_RUNTIME);
	flush();
	assert_calls(0, 1);
	assert_int_equal(host_get(PC), 0x8899aabbccddeeff);
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 0)->fd, FD);
	flush();
	assert_calls(0, 1);
}

static void test_a_read_after_a_write_sees_the_write(void **state)
{
	(void)state;
	host_set(X0, 1);
	set(X0, 2);
	assert_int_equal(get(X0), 2);
	assert_calls(0, 0);
}

static void test_a_read_does_not_undo_a_write(void **state)
{
	(void)state;
	assert_int_equal(get(X0), 0);
	set(X0, 2);
	get(PC);
	assert_int_equal(get(X0), 2);
	flush();
	assert_int_equal(host_get(X0), 2);
}

static void test_only_changed_rows_are_written_in_table_order(void **state)
{
	static const unsigned int order[] = {FAR, X0, ESR, PC};

	(void)state;
	get(PSTATE);
	for (size_t i = 0; i < LENGTH(order); i++)
		set(order[i], 100 + i);
	assert_int_equal(regs.dirty, REG_RUNTIME | REG_RESET);
	fake_kvm_clear_log();
	flush();
	assert_calls(0, 4);
	assert_written(0, PC);
	assert_written(1, X0);
	assert_written(2, ESR);
	assert_written(3, FAR);
	assert_int_equal(regs.dirty, 0);
}

static void test_a_run_makes_every_copy_stale(void **state)
{
	(void)state;
	get(PC);
	host_set(PC, 0x2000);
	regs_returned(&regs, false);
	assert_int_equal(get(PC), 0x2000);
	assert_calls(2, 0);
}

static void test_a_run_does_not_lose_a_write(void **state)
{
	(void)state;
	set(PC, 5);
	regs_returned(&regs, false);
	assert_int_equal(get(PC), 5);
	flush();
	assert_int_equal(host_get(PC), 5);
}

static void test_registers_of_other_sizes(void **state)
{
	uint8_t vector[16], back[16];
	uint64_t value = 1;

	(void)state;
	for (unsigned int i = 0; i < sizeof(vector); i++)
		vector[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(reg_size(&regs, V0), 16);
	assert_int_equal(reg_size(&regs, TCR), 4);
	assert_int_equal(reg_size(&regs, PENDING), 1);
	assert_ok(reg_write(&regs, V0, vector, &err), err);
	flush();
	memset(back, 0, sizeof(back));
	assert_ok(reg_read(&regs, V0, back, &err), err);
	assert_memory_equal(back, vector, sizeof(back));
	assert_error(reg_get(&regs, V0, &value, &err), err, EINVAL, "16 bytes");
	assert_int_equal(value, 0);
	assert_error(reg_set(&regs, V0, 1, &err), err, EINVAL, "16 bytes");
	set(TCR, 0x12345678);
	assert_int_equal(get(TCR), 0x12345678);
}

static void test_transfers_are_counted_by_class(void **state)
{
	(void)state;
	get(PC);
	set(CVAL, 1);
	set(CVAL, 2);
	set(ESR, 1);
	host(ESR)->refuse_set = EINVAL;
	assert_int_equal(regs_flush(&regs, &err), -EINVAL);
	assert_int_equal(regs.ioctls[0][REG_GET], 1);
	assert_int_equal(regs.ioctls[3][REG_SET], 1);
	assert_int_equal(regs.ioctls[2][REG_REFUSED], 1);
	assert_int_equal(regs.ioctls[2][REG_SET], 0);
	assert_string_equal(reg_class_names[3], "timer");
}

/* ---- blocks ---- */

static void test_a_register_inside_a_block_fetches_the_block_first(void **state)
{
	(void)state;
	bytes_store_le(host_events, 8, 0x0000007700000101);
	set(CODE, 0x55);
	assert_int_equal(fake_kvm_count(KVM_GET_VCPU_EVENTS), 1);
	set(PENDING, 0);
	assert_int_equal(get(CODE), 0x55);
	flush();
	assert_int_equal(bytes_load_le(host_events, 8), 0x0000005500000100);
	assert_int_equal(fake_kvm_count(KVM_GET_VCPU_EVENTS), 1);
	assert_int_equal(fake_kvm_count(KVM_SET_VCPU_EVENTS), 1);
	assert_int_equal(fake_kvm_calls(), 2);
}

static void test_a_refused_block_is_named_with_its_call(void **state)
{
	uint64_t value;

	(void)state;
	host_events_code = EBUSY;
	assert_error(reg_get(&regs, CODE, &value, &err), err, EBUSY, "KVM_GET_VCPU_EVENTS");
	assert_error(reg_set(&regs, CODE, 1, &err), err, EBUSY, "KVM_GET_VCPU_EVENTS");
	host_events_code = 0;
	set(CODE, 1);
	host_events_code = EBUSY;
	assert_error(regs_flush(&regs, &err), err, EBUSY, "KVM_SET_VCPU_EVENTS");
	host_events_code = 0;
	assert_int_equal(get(CODE), 0);
}

/* ---- exits that KVM has not finished ---- */

static struct kvm kvm;
static int run_fd;
static struct kvm_run *run;

static void guest_reads_a_device(void)
{
	assert_ok(kvm_init(&kvm, &err), err);
	run_fd = kvm_create_vcpu(kvm.fd, 0, &err);
	run = kvm_map_run(&kvm, run_fd, &err);
	for (unsigned int row = PC; row <= PSTATE; row++)
		fake_kvm_reg(run_fd, fixture_rows[row].id);
	regs_finish(&regs);
	assert_ok(regs_init(&regs, &fixture_table, run_fd, run, &err), err);
	regs_returned(&regs, true);
	fake_kvm_clear_log();
}

static void guest_ends(void)
{
	kvm_unmap_run(&kvm, run);
	close(run_fd);
	kvm_finish(&kvm);
}

static void test_an_exit_is_finished_once_before_the_first_transfer(void **state)
{
	(void)state;
	guest_reads_a_device();
	set(X0, 1);
	assert_int_equal(fake_kvm_calls(), 0);
	get(PC);
	get(PSTATE);
	flush();
	assert_int_equal(fake_kvm_count(KVM_RUN), 1);
	assert_int_equal(fake_calls[0].request, KVM_RUN);
	assert_int_equal(fake_calls[0].result, -EINTR);
	assert_int_equal(fake_calls[1].request, KVM_GET_ONE_REG);
	assert_int_equal(run->immediate_exit, 0);
	assert_false(regs.owed);
	guest_ends();
}

static void test_an_exit_is_finished_before_a_flush_and_not_for_a_clean_one(void **state)
{
	(void)state;
	guest_reads_a_device();
	flush();
	assert_int_equal(fake_kvm_calls(), 0);
	set(X0, 1);
	flush();
	assert_int_equal(fake_calls[0].request, KVM_RUN);
	assert_int_equal(fake_calls[1].request, KVM_SET_ONE_REG);
	assert_int_equal(fake_kvm_calls(), 2);
	guest_ends();
}

static void test_finishing_an_exit_leaves_a_kick_where_it_is(void **state)
{
	(void)state;
	guest_reads_a_device();
	run->immediate_exit = EXIT_TO_LISTEN;
	assert_ok(regs_settle(&regs, &err), err);
	assert_int_equal(run->immediate_exit, EXIT_TO_LISTEN);
	guest_ends();
}

static void test_an_exit_that_can_not_be_finished_is_an_error(void **state)
{
	uint64_t value;

	(void)state;
	guest_reads_a_device();
	set(X0, 1);
	fake_kvm_refuse(KVM_RUN, 0, EFAULT);
	assert_error(regs_flush(&regs, &err), err, EFAULT, "KVM_RUN");
	assert_error(reg_get(&regs, PC, &value, &err), err, EFAULT, "KVM_RUN");
	assert_error(reg_set(&regs, CODE, 1, &err), err, EFAULT, "KVM_RUN");
	assert_error(regs_fetch(&regs, REG_RUNTIME, &err), err, EFAULT, "KVM_RUN");
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	assert_int_equal(run->immediate_exit, 0);
	fake_kvm.refusal_count = 0;
	flush();
	assert_int_equal(fake_kvm_get(run_fd, fixture_rows[X0].id), 1);
	guest_ends();
}

static void test_a_reset_does_not_forget_what_is_owed(void **state)
{
	(void)state;
	guest_reads_a_device();
	regs_reset(&regs);
	get(PC);
	assert_int_equal(fake_kvm_count(KVM_RUN), 1);
	guest_ends();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_clean_copy_costs_nothing),
		TEST(test_a_read_gets_one_row_and_makes_nothing_dirty),
		TEST(test_a_write_fetches_nothing_and_is_written_once),
		TEST(test_a_read_after_a_write_sees_the_write),
		TEST(test_a_read_does_not_undo_a_write),
		TEST(test_only_changed_rows_are_written_in_table_order),
		TEST(test_a_run_makes_every_copy_stale),
		TEST(test_a_run_does_not_lose_a_write),
		TEST(test_registers_of_other_sizes),
		TEST(test_transfers_are_counted_by_class),
		TEST(test_a_register_inside_a_block_fetches_the_block_first),
		TEST(test_a_refused_block_is_named_with_its_call),
		TEST(test_an_exit_is_finished_once_before_the_first_transfer),
		TEST(test_an_exit_is_finished_before_a_flush_and_not_for_a_clean_one),
		TEST(test_finishing_an_exit_leaves_a_kick_where_it_is),
		TEST(test_an_exit_that_can_not_be_finished_is_an_error),
		TEST(test_a_reset_does_not_forget_what_is_owed),
	};

	return cmocka_run_group_tests_name("regs", tests, log_setup, scratch_teardown);
}
