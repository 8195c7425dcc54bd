/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

static void test_set_records_code_and_message(void **state)
{
	struct error err = {0};

	(void)state;
	assert_error(error_set(&err, EINVAL, "field %s: %d", "x", 7), err, EINVAL, "field x: 7");
}

static void test_errno_is_named(void **state)
{
	struct error err = {0};

	(void)state;
	errno = ENOENT;
	assert_error(error_errno(&err, "/no/%s", "such"), err, ENOENT,
		     "/no/such: No such file or directory");
}

static void test_errno_survives_formatting(void **state)
{
	struct error err = {0};

	(void)state;
	errno = EACCES;
	error_errno(&err, "%f", 1e300);
	assert_int_equal(err.code, EACCES);
}

static void test_long_message_is_cut_not_overrun(void **state)
{
	struct {
		struct error err;
		char guard[16];
	} boxed = {.guard = "untouched"};
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&boxed.err, EIO, "%s", text);
	assert_int_equal(strlen(boxed.err.message), sizeof(boxed.err.message) - 1);
	errno = EIO;
	error_errno(&boxed.err, "%s", text);
	assert_int_equal(strlen(boxed.err.message), sizeof(boxed.err.message) - 1);
	assert_contains(boxed.err.message, "aaa: Input/output error"); /* the reason is kept */
	assert_string_equal(boxed.guard, "untouched");
}

/* What is quoted comes from files and clients. */
static void test_message_is_one_line(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, EINVAL, "unknown field `%s`", "a\nb\033[2J\177\303\251");
	assert_string_equal(err.message, "unknown field `a?b?[2J?\303\251`");
	errno = ENOENT;
	error_errno(&err, "%s", "a\nb");
	assert_string_equal(err.message, "a?b: No such file or directory");
}

static void test_words_in_front_keep_the_code(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ENOSPC, "the checksum is another");
	assert_error(error_about(&err, "%.5s", "a.state"), err, ENOSPC,
		     "a.sta: the checksum is another");
	assert_error(error_about(&err, "Load"), err, ENOSPC,
		     "Load: a.sta: the checksum is another");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_records_code_and_message),
		cmocka_unit_test(test_errno_is_named),
		cmocka_unit_test(test_errno_survives_formatting),
		cmocka_unit_test(test_long_message_is_cut_not_overrun),
		cmocka_unit_test(test_message_is_one_line),
		cmocka_unit_test(test_words_in_front_keep_the_code),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
