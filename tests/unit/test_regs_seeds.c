/* SPDX-License-Identifier: Apache-2.0 */
/* The register engine, vmm/regs.c, by the mailing-list threads that its design comes from:
 * S1, what the kernel refuses or alters, and resets; S3, registers that there are not;
 * S5, changes that get lost and timers that are written back. */
#include "tests/unit/regs_fixture.h"

/* ---- S1: what the kernel refuses or alters ---- */

static void test_s1_a_refused_write_names_register_and_call(void **state)
{
	(void)state;
	host(ESR)->refuse_set = EINVAL;
	set(ESR, 1);
	assert_error(regs_flush(&regs, &err), err, EINVAL, "ESR");
	assert_contains(err.message, "KVM_SET_ONE_REG");
}

static void test_s1_a_refused_value_is_recorded_and_not_written_again(void **state)
{
	(void)state;
	host(ESR)->refuse_set = EINVAL;
	host_set(ESR, 7);
	set(ESR, 0xbad);
	set(FAR, 2);
	set(PC, 1);
	assert_error(regs_flush(&regs, &err), err, EINVAL, "ESR");
	assert_true(reg_bit(regs.refused, ESR));
	assert_int_equal(regs.refused_values[ESR], 0xbad);
	assert_int_equal(host_get(PC), 1);
	assert_int_equal(host_get(FAR), 2);
	assert_int_equal(get(ESR), 7); /* what the kernel kept */
	fake_kvm_clear_log();
	set(FAR, 3); /* of the same class */
	flush();
	assert_calls(0, 1);
	set(ESR, 0xbad);
	assert_false(reg_bit(regs.refused, ESR));
	host(ESR)->refuse_set = 0;
	flush();
	assert_int_equal(host_get(ESR), 0xbad);
	assert_false(reg_bit(regs.refused, ESR));
}

static void test_s1_the_first_of_several_refusals_is_reported(void **state)
{
	(void)state;
	host(ESR)->refuse_set = EINVAL;
	host(FAR)->refuse_set = EPERM;
	set(FAR, 1);
	set(ESR, 1);
	assert_error(regs_flush(&regs, &err), err, EINVAL, "ESR");
	assert_true(reg_bit(regs.refused, ESR) && reg_bit(regs.refused, FAR));
}

static void test_s1_after_a_flush_the_copy_is_what_the_kernel_kept(void **state)
{
	(void)state;
	host(PSTATE)->fixed = 0xff00;
	get(PSTATE);
	set(PSTATE, 0xffff);
	flush();
	assert_int_equal(get(PSTATE), 0x00ff);
	assert_calls(2, 1);
}

static void test_s1_a_refused_read_names_register_and_call(void **state)
{
	uint64_t value;

	(void)state;
	host(FAR)->refuse_get = EIO;
	assert_error(reg_get(&regs, FAR, &value, &err), err, EIO, "FAR");
	assert_contains(err.message, "KVM_GET_ONE_REG");
	host(FAR)->refuse_get = 0;
	assert_int_equal(get(FAR), 0);
}

static void test_s1_what_can_not_be_set_is_never_written(void **state)
{
	(void)state;
	host_set(ID, 0x80000003);
	assert_error(reg_set(&regs, ID, 1, &err), err, EPERM, "ID: read-only");
	assert_int_equal(get(ID), 0x80000003);
	flush();
	assert_calls(1, 0);
}

/* Guest firmware broke where the state from before a reset was written over the reset one. */
static void test_s1_a_reset_is_not_undone(void **state)
{
	(void)state;
	fetch(REG_ALL);
	set(X0, 1);
	set(ESR, 2);
	set(CODE, 3);
	set(OR_TSR, 4);
	for (unsigned int row = 0; row < ROWS; row++) /* KVM_ARM_VCPU_INIT */
		if (!(fixture_rows[row].flags & REG_BLOCK))
			host_set(row, 0x1000 + row);
	regs_reset(&regs);
	fake_kvm_clear_log();
	flush();
	assert_int_equal(fake_kvm_calls(), 0);
	assert_int_equal(get(X0), 0x1000 + X0);
	assert_int_equal(get(ESR), 0x1000 + ESR);
}

static void test_s1_a_reset_vcpu_has_run_and_is_finalized(void **state)
{
	(void)state;
	regs_finalized(&regs);
	regs_returned(&regs, false);
	regs_reset(&regs);
	assert_error(reg_set(&regs, VL, 1, &err), err, EPERM, "VL");
	assert_error(reg_set(&regs, MODE, 1, &err), err, EPERM, "MODE");
}

static void test_what_is_set_too_late_is_refused_by_name(void **state)
{
	(void)state;
	set(VL, 1);
	set(MODE, 1);
	flush();
	regs_finalized(&regs);
	assert_error(reg_set(&regs, VL, 2, &err), err, EPERM, "VL: the vCPU is finalized");
	set(MODE, 2);
	flush();
	regs_returned(&regs, false);
	assert_error(reg_set(&regs, MODE, 3, &err), err, EPERM, "MODE: the vCPU has run");
	assert_int_equal(host_get(VL), 1);
	assert_int_equal(host_get(MODE), 2);
	assert_int_equal(regs.dirty, 0);
}

/* ---- S3: registers that there are not ---- */

static void test_s3_an_unknown_number_reads_as_zero_with_a_warning(void **state)
{
	(void)state;
	log_forget();
	assert_int_equal(get(REGISTERS), 0);
	assert_contains(logged(), "Warning: register 19");
	assert_contains(logged(), "reads as zero");
	set(UINT32_MAX, 1);
	assert_contains(logged(), "the write is ignored");
	assert_int_equal(reg_size(&regs, REGISTERS), 0);
	flush();
	assert_int_equal(fake_kvm_calls(), 0);
}

static void test_s3_a_missing_register_reads_as_zero_with_a_warning(void **state)
{
	(void)state;
	host_without(ESR);
	log_forget();
	assert_int_equal(get(ESR), 0);
	assert_contains(logged(), "ESR");
	assert_contains(logged(), "reads as zero");
	set(ESR, 1);
	assert_contains(logged(), "the write is ignored");
	assert_int_equal(get(ESR), 0);
	flush();
	assert_calls(1, 0);
}

static void test_s3_a_write_that_finds_no_register_is_ignored_with_a_warning(void **state)
{
	(void)state;
	host_without(ESR);
	log_forget();
	set(ESR, 1);
	set(FAR, 2);
	flush();
	assert_contains(logged(), "ESR");
	assert_contains(logged(), "the write is ignored");
	assert_int_equal(host_get(FAR), 2);
	assert_false(reg_bit(regs.refused, ESR));
	fake_kvm_clear_log();
	set(ESR, 1);
	flush();
	assert_calls(0, 0);
}

static void test_s3_a_missing_block_reads_as_zero(void **state)
{
	(void)state;
	host_events_code = ENOENT;
	log_forget();
	set(CODE, 1);
	assert_contains(logged(), "CODE");
	assert_int_equal(get(CODE), 0);
	flush();
	assert_int_equal(fake_kvm_count(KVM_SET_VCPU_EVENTS), 0);
}

/* ---- S5: no local change is lost, no timer written back ---- */

static void test_s5_fetch_change_fetch_all_flush(void **state)
{
	(void)state;
	host_set(X0, 1);
	fetch(REG_RUNTIME);
	set(X0, 2);
	fetch(REG_ALL);
	assert_int_equal(get(X0), 2);
	fake_kvm_clear_log();
	flush();
	assert_calls(0, 1);
	assert_int_equal(host_get(X0), 2);
}

static void test_s5_fetch_of_another_class_while_one_is_dirty(void **state)
{
	(void)state;
	set(PC, 5);
	host_set(ESR, 6);
	fetch(REG_RESET);
	assert_int_equal(get(ESR), 6);
	assert_int_equal(get(PC), 5);
	assert_int_equal(regs.dirty, REG_RUNTIME);
	fake_kvm_clear_log();
	flush();
	assert_calls(0, 1);
}

static void test_s5_a_class_is_fetched_alone_and_once(void **state)
{
	(void)state;
	fetch(REG_RESET);
	fake_kvm_clear_log();
	fetch(REG_RESET);
	assert_calls(0, 0);
	fetch(REG_RUNTIME);
	assert_calls(3, 0);
	fake_kvm_clear_log();
	fetch(REG_TIMER);
	assert_calls(5, 0); /* not what is only written */
	fetch(REG_TIMER);
	assert_calls(5 + 3, 0); /* again what the kernel changes */
}

static void test_s5_a_timer_is_not_written_back_for_being_read(void **state)
{
	(void)state;
	host(COUNT)->tick = 10;
	host(CTL)->tick = 4;
	fetch(REG_ALL);
	fake_kvm_tick();
	set(CVAL, 1); /* of the same class */
	assert_int_equal(get(COUNT), 10);
	fake_kvm_tick();
	assert_int_equal(get(COUNT), 20);
	flush();
	assert_int_equal(host_get(COUNT), 20);
	assert_int_equal(host_get(CTL), 8);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 1);
}

static void test_s5_a_timer_that_was_set_is_written(void **state)
{
	(void)state;
	host(COUNT)->tick = 10;
	get(COUNT);
	set(COUNT, 1000);
	fake_kvm_tick();
	assert_int_equal(get(COUNT), 1000);
	flush();
	assert_int_equal(host_get(COUNT), 1000);
}

static void tsr_and_tcr(bool tsr_first)
{
	host_set(TSR, 0x8);
	if (tsr_first)
		set(CLEAR_TSR, 0x8);
	set(TCR, 0x100);
	if (!tsr_first)
		set(CLEAR_TSR, 0x8);
	fake_kvm_clear_log();
	host_set(TSR, 0xc); /* the watchdog, meanwhile */
	flush();
	assert_calls(0, 2);
	assert_int_equal(host_get(TSR), 0x4);
	assert_int_equal(host_get(TCR), 0x100);
}

static void test_s5_tsr_and_tcr_in_either_order(void **state)
{
	tsr_and_tcr(true);
	teardown(state);
	setup(state);
	tsr_and_tcr(false);
}

static void test_s5_a_timer_that_fires_between_fetch_and_flush_keeps_its_bit(void **state)
{
	(void)state;
	fetch(REG_ALL);
	host_set(TSR, 0x1);
	set(OR_TSR, 0x10);
	set(OR_TSR, 0x20);
	assert_int_equal(get(TSR), 0x31);
	set(CLEAR_TSR, 0x10); /* the last word counts */
	assert_int_equal(get(TSR), 0x21);
	host_set(TSR, 0x43);
	flush();
	assert_int_equal(host_get(TSR), 0x63);
	assert_int_equal(get(TSR), 0x63);
}

static void test_s5_bits_can_be_written_only(void **state)
{
	uint64_t value;

	(void)state;
	assert_error(reg_get(&regs, OR_TSR, &value, &err), err, EPERM, "OR_TSR: write-only");
	assert_error(reg_set(&regs, TSR, 1, &err), err, EPERM, "TSR: read-only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_s1_a_refused_write_names_register_and_call),
		TEST(test_s1_a_refused_value_is_recorded_and_not_written_again),
		TEST(test_s1_the_first_of_several_refusals_is_reported),
		TEST(test_s1_after_a_flush_the_copy_is_what_the_kernel_kept),
		TEST(test_s1_a_refused_read_names_register_and_call),
		TEST(test_s1_what_can_not_be_set_is_never_written),
		TEST(test_s1_a_reset_is_not_undone),
		TEST(test_s1_a_reset_vcpu_has_run_and_is_finalized),
		TEST(test_what_is_set_too_late_is_refused_by_name),
		TEST(test_s3_an_unknown_number_reads_as_zero_with_a_warning),
		TEST(test_s3_a_missing_register_reads_as_zero_with_a_warning),
		TEST(test_s3_a_write_that_finds_no_register_is_ignored_with_a_warning),
		TEST(test_s3_a_missing_block_reads_as_zero),
		TEST(test_s5_fetch_change_fetch_all_flush),
		TEST(test_s5_fetch_of_another_class_while_one_is_dirty),
		TEST(test_s5_a_class_is_fetched_alone_and_once),
		TEST(test_s5_a_timer_is_not_written_back_for_being_read),
		TEST(test_s5_a_timer_that_was_set_is_written),
		TEST(test_s5_tsr_and_tcr_in_either_order),
		TEST(test_s5_a_timer_that_fires_between_fetch_and_flush_keeps_its_bit),
		TEST(test_s5_bits_can_be_written_only),
	};

	return cmocka_run_group_tests_name("regs_seeds", tests, log_setup, scratch_teardown);
}
