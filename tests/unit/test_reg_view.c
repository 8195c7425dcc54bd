/* SPDX-License-Identifier: Apache-2.0 */
/* A look at all registers: regs_inspect() and regs_view() in vmm/reg_image.c. */
#include "tests/unit/regs_fixture.h"

struct seen {
	unsigned int count;
	struct reg_view views[REGISTERS + 1];
	char names[REGISTERS + 1][32];
};

static void see(void *context, const struct reg_view *view)
{
	struct seen *seen = context;

	assert_true(seen->count < LENGTH(seen->views));
	snprintf(seen->names[seen->count], sizeof(seen->names[0]), "%s", view->name);
	seen->views[seen->count++] = *view;
}

static struct seen look(void)
{
	struct seen seen = {0};
	struct reg_marks marks;

	assert_ok(regs_inspect(&regs, &marks, &err), err);
	regs_view(&regs, &marks, see, &seen);
	return seen;
}

static const struct reg_view *view_of(const struct seen *seen, const char *name)
{
	for (unsigned int i = 0; i < seen->count; i++)
		if (!strcmp(seen->names[i], name))
			return &seen->views[i];
	fail_msg("no %s", name);
	return NULL;
}

static void test_a_look_shows_everything_and_writes_nothing(void **state)
{
	struct seen seen;

	(void)state;
	for (unsigned int row = PC; row <= TCR; row++)
		host_set(row, 0x40 + row);
	host_events[0] = 1;
	fake_kvm_set(FD, ID_64(0x10000), 0x99);
	seen = look();
	assert_int_equal(seen.count, ROWS - 2 - 1 + 2 + 1); /* bits; a block by its fields */
	assert_int_equal(bytes_load_le(view_of(&seen, "FAR")->value, 8), 0x40 + FAR);
	assert_int_equal(view_of(&seen, "FAR")->class, REG_RESET);
	assert_int_equal(view_of(&seen, "V0")->size, 16);
	assert_int_equal(view_of(&seen, "PENDING")->value[0], 1);
	assert_int_equal(view_of(&seen, "CODE")->size, 4);
	assert_int_equal(view_of(&seen, "0x6030000000010000")->value[0], 0x99);
	flush();
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	assert_int_equal(regs.dirty, 0);
}

static void test_a_look_marks_what_was_before_it(void **state)
{
	struct seen seen;

	(void)state;
	host(ESR)->refuse_set = EINVAL;
	set(ESR, 0xbad);
	assert_int_equal(regs_flush(&regs, &err), -EINVAL);
	get(PC);
	set(X0, 2);
	set(CODE, 3);
	seen = look();
	assert_true(view_of(&seen, "PC")->valid && !view_of(&seen, "PC")->changed);
	assert_true(view_of(&seen, "X0")->changed);
	assert_int_equal(view_of(&seen, "X0")->value[0], 2);
	assert_true(view_of(&seen, "CODE")->changed);
	assert_false(view_of(&seen, "FAR")->valid || view_of(&seen, "FAR")->changed);
	assert_true(view_of(&seen, "ESR")->refused && !view_of(&seen, "FAR")->refused);
	assert_int_equal(view_of(&seen, "ESR")->refused_value, 0xbad);
	assert_int_equal(view_of(&seen, "ESR")->value[0], 0);
	assert_true(look().views[FAR].valid);
}

static void test_s3_a_look_leaves_out_what_the_host_lacks(void **state)
{
	struct seen seen;

	(void)state;
	host_without(ESR);
	seen = look();
	assert_int_equal(seen.count, ROWS - 2 - 1 + 2 - 1);
	for (unsigned int i = 0; i < seen.count; i++)
		assert_string_not_equal(seen.names[i], "ESR");
}

static void test_a_look_that_fails_names_the_register(void **state)
{
	struct reg_marks marks;

	(void)state;
	host(FAR)->refuse_get = EIO;
	assert_error(regs_inspect(&regs, &marks, &err), err, EIO, "FAR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_look_shows_everything_and_writes_nothing),
		TEST(test_a_look_marks_what_was_before_it),
		TEST(test_s3_a_look_leaves_out_what_the_host_lacks),
		TEST(test_a_look_that_fails_names_the_register),
	};

	return cmocka_run_group_tests_name("reg_view", tests, log_setup, scratch_teardown);
}
