/* SPDX-License-Identifier: Apache-2.0 */
/* Registers as bytes, vmm/reg_image.c: save, restore, differences. */
#include "tests/unit/regs_fixture.h"

static struct reg_image image, baseline;

static int image_setup(void **state)
{
	image = baseline = (struct reg_image){0};
	return setup(state);
}

static int image_teardown(void **state)
{
	reg_image_free(&image);
	reg_image_free(&baseline);
	return teardown(state);
}

static void save(struct reg_image *to)
{
	reg_image_free(to);
	assert_ok(regs_save(&regs, to, &err), err);
}

static int restore_all(const struct reg_image *base)
{
	int result = regs_restore(&regs, &image, base, REG_RESTORE_EARLY, &err);

	regs_finalized(&regs);
	if (result == 0)
		result = regs_restore(&regs, &image, base, REG_RESTORE_REST, &err);
	return result < 0 ? result : regs_restore(&regs, &image, base, REG_RESTORE_LATE, &err);
}

static void fill_host(uint64_t seed)
{
	for (unsigned int row = 0; row < ROWS; row++)
		if (!(fixture_rows[row].flags & (REG_BLOCK | REG_OR_BITS | REG_CLEAR_BITS)))
			host_set(row, seed + row);
	memset(host(V0)->value, (int)seed, 16);
	bytes_store_le(host_events, 8, seed);
}

static uint8_t *record_of(uint64_t id)
{
	size_t offset = 0;

	while (offset < image.size && bytes_load_le(image.data + offset, 8) != id)
		offset += 16 + ((bytes_load_le(image.data + offset + 8, 4) + 7) & ~7ull);
	assert_true(offset < image.size);
	return image.data + offset;
}

static uint64_t saved_value(unsigned int row)
{
	return bytes_load_le(record_of(fixture_rows[row].id) + 16, 4);
}

/* ---- save and restore ---- */

static void test_round_trip_reads_nothing_and_writes_what_it_may(void **state)
{
	struct reg_image again = {0};

	(void)state;
	fill_host(0x40);
	save(&image);
	assert_int_equal(image.size, 24 * (ROWS - 2) + 8);
	fill_host(0);
	host_set(TSR, 0xff);
	new_vcpu();
	assert_ok(restore_all(NULL), err);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	assert_int_equal(fake_kvm_count(KVM_GET_VCPU_EVENTS), 0);
	for (unsigned int row = 0; row < ROWS; row++)
		if (row == ID || row == COUNT) /* read-only; for whoever keeps the time */
			assert_int_equal(host_get(row), row);
		else if (fixture_rows[row].size == 8 && row != EVENTS)
			assert_int_equal(host_get(row), 0x40 + row);
	assert_int_equal(host_get(V0), 0x4040404040404040);
	assert_int_equal(host_get(TSR), 0x40 + TSR);
	assert_int_equal(bytes_load_le(host_events, 8), 0x40);
	host_set(ID, 0x40 + ID);
	save(&again);
	assert_int_equal(again.size, image.size);
	host_set(COUNT, 0x40 + COUNT);
	save(&again);
	assert_memory_equal(again.data, image.data, image.size);
	reg_image_free(&again);
}

static void test_s5_a_save_holds_changes_that_are_not_the_kernels_yet(void **state)
{
	(void)state;
	host_set(TSR, 0x11);
	set(X0, 5);
	set(CODE, 6);
	set(OR_TSR, 0x22);
	set(CLEAR_TSR, 0x01);
	save(&image);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	assert_int_equal(saved_value(X0), 5);
	assert_int_equal(saved_value(TSR), 0x32);
	assert_int_equal(bytes_load_le(record_of(fixture_rows[EVENTS].id) + 20, 4), 6);
	flush();
	assert_int_equal(host_get(X0), 5);
	assert_int_equal(host_get(TSR), 0x32);
}

static void test_of_a_new_vcpu_only_what_differs_is_written(void **state)
{
	(void)state;
	fill_host(0x40);
	host_set(CTL, 0);
	save(&baseline);
	host_set(FAR, 1);
	new_vcpu();
	save(&image);
	host_set(FAR, 0x40 + FAR);
	new_vcpu();
	assert_ok(restore_all(&baseline), err);
	assert_calls(0, 1);
	assert_int_equal(host_get(FAR), 1);
}

static void test_timers_go_off_first_and_on_last(void **state)
{
	(void)state;
	fill_host(0x40);
	host_set(CTL, 1);
	save(&image);
	fill_host(0);
	new_vcpu();
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_EARLY, &err), err);
	assert_written(0, VL);
	assert_null(fake_kvm_call(KVM_SET_ONE_REG, 1));
	regs_finalized(&regs);
	fake_kvm_clear_log();
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_REST, &err), err);
	assert_written(0, CTL);
	assert_int_equal(fake_kvm_call(KVM_SET_ONE_REG, 0)->value, 0);
	assert_int_equal(host_get(CTL), 0);
	assert_int_equal(host_get(CVAL), 0x40 + CVAL);
	assert_int_equal(fake_kvm_count(KVM_SET_VCPU_EVENTS), 0);
	fake_kvm_clear_log(); /* now the interrupt controller */
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_LATE, &err), err);
	assert_int_equal(fake_kvm_calls(), 2);
	assert_int_equal(fake_calls[0].request, KVM_SET_VCPU_EVENTS);
	assert_int_equal(fake_calls[1].id, fixture_rows[CTL].id);
	assert_int_equal(host_get(CTL), 1);
}

static unsigned int ctl_writes(uint64_t new_value, uint64_t value)
{
	unsigned int count = 0;
	const struct fake_call *call;

	host_set(CTL, value);
	new_vcpu();
	save(&image);
	host_set(CTL, new_value);
	new_vcpu();
	save(&baseline);
	new_vcpu();
	assert_ok(restore_all(&baseline), err);
	for (unsigned int n = 0; (call = fake_kvm_call(KVM_SET_ONE_REG, n)); n++)
		count += call->id == fixture_rows[CTL].id;
	assert_int_equal(host_get(CTL) & ~4ull, value & ~4ull);
	return count;
}

static void test_a_timer_is_what_it_was_whatever_a_new_one_is(void **state)
{
	(void)state;
	assert_int_equal(ctl_writes(0, 0), 0);
	assert_int_equal(ctl_writes(0, 4), 0); /* only its status differs */
	assert_int_equal(ctl_writes(0, 1), 1);
	assert_int_equal(ctl_writes(1, 0), 1);
	assert_int_equal(ctl_writes(1, 1), 2); /* off while the others are set, and on */
	assert_int_equal(ctl_writes(3, 5), 2);
}

static void test_s3_registers_without_a_name_are_restored(void **state)
{
	const uint64_t id = ID_64(0x10000);

	(void)state;
	fake_kvm_set(FD, id, 0x1234);
	save(&image);
	fake_kvm_set(FD, id, 0);
	new_vcpu();
	assert_ok(restore_all(NULL), err);
	assert_int_equal(fake_kvm_get(FD, id), 0x1234);
}

static void test_a_save_that_fails_names_the_register(void **state)
{
	(void)state;
	host(FAR)->refuse_get = EIO;
	assert_error(regs_save(&regs, &image, &err), err, EIO, "FAR");
	assert_null(image.data);
}

/* ---- images that can't be restored ---- */

static void test_s3_a_register_that_the_host_lacks_is_refused_by_name(void **state)
{
	(void)state;
	fake_kvm_set(FD, ID_64(0x10000), 1);
	save(&image);
	host_without(ESR);
	fake_kvm_set(FD, ID_64(0x10000), 0);
	new_vcpu();
	assert_error(restore_all(NULL), err, ENOENT, "ESR");
	host_without(ROWS);
	new_vcpu();
	assert_error(restore_all(NULL), err, ENOENT, "0x6030000000010000");
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 1); /* VL, early */
}

/* The kernel says so when it is written: the earliest step, and the last. */
static void test_s3_where_nothing_is_listed_too(void **state)
{
	static const unsigned int rows[] = {VL, FAR, CTL, TCR};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		image_teardown(state);
		image_setup(state);
		fill_host(0x40);
		save(&image);
		host_without(rows[i]);
		fake_kvm_refuse(KVM_GET_REG_LIST, 0, ENOTTY);
		new_vcpu();
		assert_error(restore_all(NULL), err, ENOENT, fixture_rows[rows[i]].name);
	}
	image_teardown(state);
	image_setup(state);
	save(&baseline);
	host_set(CTL, 1);
	host_set(VL, 1);
	new_vcpu();
	save(&image);
	host_without(VL);
	new_vcpu();
	assert_error(regs_restore(&regs, &image, NULL, REG_RESTORE_EARLY, &err), err, ENOENT, "VL");
	host_without(CTL);
	fake_kvm_refuse(KVM_GET_REG_LIST, 0, ENOTTY);
	new_vcpu();
	assert_error(restore_all(&baseline), err, ENOENT, "CTL");
}

static void test_s1_a_value_that_the_host_refuses_is_named(void **state)
{
	static const unsigned int rows[] = {VL, MODE, CTL, FAR};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		image_teardown(state);
		image_setup(state);
		fill_host(0x40);
		save(&image);
		host(rows[i])->refuse_set = EINVAL;
		new_vcpu();
		assert_error(restore_all(NULL), err, EINVAL, fixture_rows[rows[i]].name);
	}
}

static void test_an_image_cut_off_is_refused(void **state)
{
	size_t whole;

	(void)state;
	save(&image);
	whole = image.size;
	for (image.size = whole - 1; image.size > whole - 24; image.size--) {
		new_vcpu();
		assert_error(restore_all(NULL), err, EINVAL, "damaged");
		assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	}
	image.size = whole;
}

static void test_an_image_with_other_sizes_is_refused(void **state)
{
	static const uint32_t sizes[] = {0, 4, 7, 9, 16, 0x7fffffff, 0xfffffff8, UINT32_MAX};
	uint8_t *record;

	(void)state;
	save(&image);
	record = record_of(fixture_rows[FAR].id);
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		bytes_store_le(record + 8, 4, sizes[i]);
		new_vcpu();
		assert_true(restore_all(NULL) < 0);
		assert_int_equal(err.code == ENOENT ? EINVAL : err.code, EINVAL);
	}
}

static void test_a_baseline_may_be_anything(void **state)
{
	(void)state;
	fill_host(0x40);
	save(&image);
	baseline.data = malloc(40);
	memset(baseline.data, 0xff, 40);
	for (baseline.size = 0; baseline.size <= 40; baseline.size++) {
		fill_host(0);
		new_vcpu();
		assert_ok(restore_all(&baseline), err);
		assert_int_equal(host_get(FAR), 0x40 + FAR);
	}
	free(baseline.data);
	baseline.size = 24;
	baseline.data = calloc(1, baseline.size); /* what it says of FAR has another size */
	bytes_store_le(baseline.data, 8, fixture_rows[FAR].id);
	bytes_store_le(baseline.data + 8, 4, 1);
	baseline.data[16] = 0x40 + FAR;
	fill_host(0);
	new_vcpu();
	assert_ok(restore_all(&baseline), err);
	assert_int_equal(host_get(FAR), 0x40 + FAR);
}

/* ---- differences ---- */

struct differences {
	unsigned int count;
	uint64_t ids[8];
	const struct reg_row *row;
	bool first, second;
};

static void differs(void *context, uint64_t id, const struct reg_row *row, const void *a,
		    const void *b)
{
	struct differences *found = context;

	assert_true(found->count < LENGTH(found->ids));
	found->ids[found->count++] = id;
	found->row = row;
	found->first = a;
	found->second = b;
}

static struct differences diff(void)
{
	struct differences found = {0};
	unsigned int count = reg_image_diff(&fixture_table, &baseline, &image, differs, &found);

	assert_int_equal(count, found.count);
	return found;
}

static void test_differences_are_told_by_register(void **state)
{
	struct differences found;

	(void)state;
	host(COUNT)->tick = 1;
	host(CTL)->tick = 4; /* its status */
	save(&baseline);
	fake_kvm_tick();
	new_vcpu();
	save(&image);
	assert_int_equal(diff().count, 0);
	host_set(FAR, 1);
	host_events[1] = 1;
	new_vcpu();
	save(&image);
	found = diff();
	assert_int_equal(found.count, 2);
	assert_int_equal(found.ids[0], fixture_rows[FAR].id);
	assert_ptr_equal(found.row, &fixture_rows[EVENTS]);
}

static void test_what_is_in_one_image_alone_is_told(void **state)
{
	struct differences found;

	(void)state;
	save(&baseline);
	fake_kvm_set(FD, ID_64(0x10000), 1);
	new_vcpu();
	save(&image);
	found = diff();
	assert_int_equal(found.count, 1);
	assert_null(found.row);
	assert_true(!found.first && found.second);
	bytes_store_le(record_of(ID_64(0x10000)), 8, fixture_rows[FAR].id); /* a second one */
	assert_int_equal(diff().count, 0);
	bytes_store_le(record_of(fixture_rows[ESR].id), 8, ID_64(0x20000));
	found = diff();
	assert_int_equal(found.count, 2);
	assert_int_equal(found.ids[0], fixture_rows[ESR].id);
	assert_int_equal(found.ids[1], ID_64(0x20000));
}

#define IMAGE_TEST(name) cmocka_unit_test_setup_teardown(name, image_setup, image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGE_TEST(test_round_trip_reads_nothing_and_writes_what_it_may),
		IMAGE_TEST(test_s5_a_save_holds_changes_that_are_not_the_kernels_yet),
		IMAGE_TEST(test_of_a_new_vcpu_only_what_differs_is_written),
		IMAGE_TEST(test_timers_go_off_first_and_on_last),
		IMAGE_TEST(test_a_timer_is_what_it_was_whatever_a_new_one_is),
		IMAGE_TEST(test_s3_registers_without_a_name_are_restored),
		IMAGE_TEST(test_a_save_that_fails_names_the_register),
		IMAGE_TEST(test_s3_a_register_that_the_host_lacks_is_refused_by_name),
		IMAGE_TEST(test_s3_where_nothing_is_listed_too),
		IMAGE_TEST(test_s1_a_value_that_the_host_refuses_is_named),
		IMAGE_TEST(test_an_image_cut_off_is_refused),
		IMAGE_TEST(test_an_image_with_other_sizes_is_refused),
		IMAGE_TEST(test_a_baseline_may_be_anything),
		IMAGE_TEST(test_differences_are_told_by_register),
		IMAGE_TEST(test_what_is_in_one_image_alone_is_told),
	};

	return cmocka_run_group_tests_name("reg_image", tests, log_setup, scratch_teardown);
}
