/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "vmm/memory.h"

static struct memory memory;

#define END (TEST_RAM + (uint64_t)TEST_RAM_SIZE)

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_finish(&memory);
	return 0;
}

/* Ranges, and whether they lie inside. */
static const struct {
	uint64_t address, length;
	bool inside;
} ranges[] = {
	{TEST_RAM, 1, true},
	{TEST_RAM, TEST_RAM_SIZE, true},
	{TEST_RAM, TEST_RAM_SIZE + 1ull, false},
	{TEST_RAM - 1, 1, false},
	{TEST_RAM - 1, 2, false},
	{END - 1, 1, true},
	{END - 1, 2, false},
	{END, 1, false},
	{TEST_RAM, UINT64_MAX, false},
	{TEST_RAM + 1, UINT64_MAX, false},
	{TEST_RAM + 8, UINT64_MAX - TEST_RAM - 4, false}, /* its end wraps to a low address */
	{UINT64_MAX, 1, false},
	{UINT64_MAX, 2, false},
	{UINT64_MAX - TEST_RAM_SIZE, TEST_RAM_SIZE, false},
	{0, TEST_RAM, false},
	{0, UINT64_MAX, false},
	{1ull << 63, 1ull << 63, false},
};

static void test_ranges_are_judged_without_wrapping(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ranges); i++) {
		if (memory_contains(&memory, ranges[i].address, ranges[i].length) !=
		    ranges[i].inside)
			fail_msg("row %zu", i);
		if (!memory_read_span(&memory, ranges[i].address, ranges[i].length) ==
		    ranges[i].inside)
			fail_msg("span, row %zu", i);
	}
}

static void test_copies_outside_fail_and_copy_nothing(void **state)
{
	uint8_t buffer[16];

	(void)state;
	memset(buffer, 0x55, sizeof(buffer));
	assert_int_equal(memory_write(&memory, END - 8, buffer, 16), -EFAULT);
	assert_int_equal(memory_read(&memory, END - 8, buffer, 8), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(buffer[i], 0);
	assert_int_equal(memory_read(&memory, END - 8, buffer, 16), -EFAULT);
	assert_int_equal(buffer[8], 0x55);
}

static void test_zero_length(void **state)
{
	uint8_t byte = 1;

	(void)state;
	assert_int_equal(memory_write(&memory, TEST_RAM, &byte, 0), 0);
	assert_int_equal(memory_read(&memory, END, &byte, 0), 0);
	assert_int_equal(memory_read(&memory, END + 1, &byte, 0), -EFAULT);
	assert_int_equal(memory_read(&memory, 0, &byte, 0), -EFAULT);
	assert_null(memory_read_span(&memory, TEST_RAM, 0));
	assert_null(memory_write_span(&memory, TEST_RAM, 0));
}

static void test_words_must_be_aligned_and_inside(void **state)
{
	static const struct {
		uint64_t address;
		int result16, result64;
	} rows[] = {
		{TEST_RAM, 0, 0},
		{TEST_RAM + 1, -EFAULT, -EFAULT},
		{TEST_RAM + 2, 0, -EFAULT},
		{TEST_RAM + 4, 0, -EFAULT},
		{END - 8, 0, 0},
		{END - 2, 0, -EFAULT},
		{END, -EFAULT, -EFAULT},
		{TEST_RAM - 8, -EFAULT, -EFAULT},
		{UINT64_MAX, -EFAULT, -EFAULT},
		{UINT64_MAX - 7, -EFAULT, -EFAULT},
	};
	uint16_t value;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(memory_load16(&memory, rows[i].address, &value), rows[i].result16);
		assert_int_equal(memory_store16(&memory, rows[i].address, 1), rows[i].result16);
		assert_int_equal(memory_or64(&memory, rows[i].address, 1), rows[i].result64);
	}
}

static void test_words_keep_their_neighbours(void **state)
{
	uint16_t value;
	uint64_t word = 0xf0f0;

	(void)state;
	assert_int_equal(memory_store16(&memory, TEST_RAM + 2, 0xbeef), 0);
	assert_int_equal(memory_load16(&memory, TEST_RAM + 2, &value), 0);
	assert_int_equal(value, 0xbeef);
	assert_int_equal(memory_load16(&memory, TEST_RAM, &value), 0);
	assert_int_equal(value, 0);
	memory_write(&memory, TEST_RAM + 8, &word, 8);
	memory_or64(&memory, TEST_RAM + 8, 1ull << 63 | 1);
	memory_read(&memory, TEST_RAM + 8, &word, 8);
	assert_int_equal(word, 1ull << 63 | 0xf0f1);
}

static void test_memory_at_zero_does_not_take_a_wrapped_range(void **state)
{
	struct memory low;
	struct error err = {0};

	(void)state;
	assert_ok(memory_init(&low, 0, 0x10000, &err), err);
	assert_true(memory_contains(&low, 0, 0x10000));
	assert_false(memory_contains(&low, UINT64_MAX, 2));
	assert_false(memory_contains(&low, UINT64_MAX - 1, 4));
	assert_false(memory_contains(&low, 0, 0x10001));
	memory_finish(&low);
}

static void test_impossible_size_is_an_error(void **state)
{
	struct memory huge = {0};
	struct error err = {0};

	(void)state;
	assert_error(memory_init(&huge, 0, 1ull << 62, &err), err, ENOMEM, "guest memory");
	memory_finish(&huge);
}

static void test_attach_reports_what_kvm_said(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(memory_attach(&memory, 7, &err), err);
	assert_int_equal(fake_kvm_count(KVM_SET_USER_MEMORY_REGION), 1);
	fake_kvm_fail(1, EEXIST);
	assert_error(memory_attach(&memory, 7, &err), err, EEXIST, "KVM_SET_USER_MEMORY_REGION");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ranges_are_judged_without_wrapping),
		TEST(test_copies_outside_fail_and_copy_nothing),
		TEST(test_zero_length),
		TEST(test_words_must_be_aligned_and_inside),
		TEST(test_words_keep_their_neighbours),
		TEST(test_memory_at_zero_does_not_take_a_wrapped_range),
		TEST(test_impossible_size_is_an_error),
		TEST(test_attach_reports_what_kvm_said),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
