/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/bytes.h"
#include "vmm/working_set.h"

enum { PAGE = 4096, PAGES = 1 << 15, MEMORY = PAGES * PAGE };
enum { COUNT = 12, SUM = 32, RUNS = WORKING_SET_HEADER_SIZE }; /* docs/snapshot-format.md */

static const uint8_t id[STATE_ID_SIZE] = {1, 2, 3, 4};
static uint64_t touched[PAGES / 64];
static uint8_t data[WORKING_SET_FILE_MAX];
static size_t size;
static unsigned int count;
static struct error err;

static int setup(void **state)
{
	(void)state;
	memset(touched, 0, sizeof(touched));
	return 0;
}

static void touch(size_t first, size_t pages)
{
	for (size_t i = first; i < first + pages; i++)
		touched[i / 64] |= 1ull << (i % 64);
}

static void make(void)
{
	size = working_set_make(data, id, touched, PAGES, PAGE);
}

static int judge(void)
{
	memset(&err, 0, sizeof(err));
	return working_set_judge(data, size, id, MEMORY, &count, &err);
}

/* As if its maker had meant it. */
static void seal(void)
{
	bytes_store_le(data + SUM, 8, state_sum(state_sum(0, data, SUM), data + RUNS, size - RUNS));
}

static void set_run(unsigned int index, uint64_t offset, uint64_t length)
{
	bytes_store_le(data + RUNS + 16 * index, 8, offset);
	bytes_store_le(data + RUNS + 16 * index + 8, 8, length);
	seal();
}

static void expect_run(unsigned int index, uint64_t first, uint64_t pages)
{
	struct working_set_run run = working_set_run(data, index);

	assert_int_equal(run.offset, first * PAGE);
	assert_int_equal(run.length, pages * PAGE);
}

static void test_runs_are_what_was_touched(void **state)
{
	(void)state;
	make();
	assert_ok(judge(), err);
	assert_int_equal(count, 0);
	touch(0, 1);
	touch(63, 3);
	touch(PAGES - 2, 2);
	make();
	assert_ok(judge(), err);
	assert_int_equal(count, 3);
	expect_run(0, 0, 1);
	expect_run(1, 63, 3);
	expect_run(2, PAGES - 2, 2);
}

static void test_a_small_gap_is_no_gap(void **state)
{
	enum { GAP = WORKING_SET_GAP / PAGE };

	(void)state;
	touch(10, 2);
	touch(12 + GAP, 1);
	touch(13 + GAP + GAP + 1, 1);
	make();
	assert_ok(judge(), err);
	assert_int_equal(count, 2);
	expect_run(0, 10, 3 + GAP);
	expect_run(1, 14 + 2 * GAP, 1);
}

static void test_there_is_a_most(void **state)
{
	enum { MOST = WORKING_SET_BYTES_MAX / PAGE };

	(void)state;
	touch(5, 10);
	touch(100, PAGES - 100);
	make();
	assert_ok(judge(), err);
	assert_int_equal(count, 2);
	expect_run(0, 5, 10);
	expect_run(1, 100, MOST - 10);
	set_run(1, 100 * PAGE, (MOST - 9) * PAGE);
	assert_error(judge(), err, EINVAL, "more memory than a working set may have");
}

static void test_the_file_is_never_larger_than_its_room(void **state)
{
	enum { APART = WORKING_SET_GAP / PAGE + 2, MANY = (WORKING_SET_RUNS_MAX + 9) * APART };
	uint64_t *set = calloc(MANY / 64 + 1, sizeof(*set));

	(void)state;
	for (size_t i = 0; i < MANY; i += APART)
		set[i / 64] |= 1ull << (i % 64);
	size = working_set_make(data, id, set, MANY, PAGE);
	free(set);
	assert_int_equal(size, WORKING_SET_FILE_MAX);
	assert_ok(working_set_judge(data, size, id, (uint64_t)MANY * PAGE, &count, &err), err);
	assert_int_equal(count, WORKING_SET_RUNS_MAX);
}

static void test_every_byte_counts(void **state)
{
	(void)state;
	touch(1, 2);
	touch(1000, 5);
	make();
	for (size_t i = 0; i < size; i++) {
		data[i] ^= (uint8_t)(1 + i % 255);
		if (judge() != -EINVAL)
			fail_msg("byte %zu can be another", i);
		data[i] ^= (uint8_t)(1 + i % 255);
	}
	for (size_t whole = size; size-- > 0;)
		if (judge() != -EINVAL)
			fail_msg("%zu bytes of %zu are taken", size, whole);
}

static void test_runs_that_can_not_be_are_refused(void **state)
{
	static const uint64_t bad[][2] = {
		{0, PAGE}, /* not behind the one before */
		{4 * PAGE + 1, PAGE},
		{4 * PAGE, PAGE - 1},
		{4 * PAGE, 0},
		{MEMORY, PAGE},
		{MEMORY - PAGE, 2 * PAGE},
		{4 * PAGE, -(uint64_t)PAGE},
		{-(uint64_t)PAGE, 2 * PAGE},
	};

	(void)state;
	touch(1, 1);
	touch(1000, 1);
	make();
	for (size_t i = 0; i < LENGTH(bad); i++) {
		set_run(1, bad[i][0], bad[i][1]);
		assert_error(judge(), err, EINVAL, "run 1 is impossible");
	}
	set_run(1, 2 * PAGE, PAGE);
	assert_ok(judge(), err);
	bytes_store_le(data + COUNT, 4, UINT32_MAX);
	seal();
	assert_error(judge(), err, EINVAL, "cut off");
}

static void test_another_snapshots_is_refused(void **state)
{
	(void)state;
	touch(1, 1);
	make();
	data[16]++;
	seal();
	assert_error(judge(), err, EINVAL, "of another snapshot");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runs_are_what_was_touched),
		TEST(test_a_small_gap_is_no_gap),
		TEST(test_there_is_a_most),
		TEST(test_the_file_is_never_larger_than_its_room),
		TEST(test_every_byte_counts),
		TEST(test_runs_that_can_not_be_are_refused),
		TEST(test_another_snapshots_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
