/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/log.h"

static char contents[4096];

static const char *log_contents(void)
{
	FILE *file = fopen("log", "r");
	size_t length;

	assert_non_null(file);
	length = fread(contents, 1, sizeof(contents) - 1, file);
	contents[length] = '\0';
	fclose(file);
	return contents;
}

static void test_level_names_in_any_case(void **state)
{
	static const struct {
		const char *name;
		int level;
	} rows[] = {
		{"Off", LOG_OFF},   {"error", LOG_ERROR}, {"WARNING", LOG_WARNING},
		{"iNfO", LOG_INFO}, {"Debug", LOG_DEBUG}, {"", -1},
		{"Warn", -1},       {"Debug ", -1},       {"4", -1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(log_level_parse(rows[i].name), rows[i].level);
}

static void test_only_messages_up_to_the_level(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(log_open("log", LOG_WARNING, &err), err);
	log_error("one");
	log_warning("two");
	log_info("three");
	log_debug("four");
	assert_string_equal(log_contents(), "mote-vmm: Error: one\nmote-vmm: Warning: two\n");
}

static void test_off_is_silent(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(log_open("log", LOG_OFF, &err), err);
	log_error("one");
	assert_string_equal(log_contents(), "");
}

static void test_long_line_ends_with_one_newline(void **state)
{
	struct error err = {0};
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_ok(log_open("log", LOG_ERROR, &err), err);
	log_error("%s", text);
	log_contents();
	assert_true(strlen(contents) < 600);
	assert_ptr_equal(strchr(contents, '\n'), contents + strlen(contents) - 1);
}

static void test_second_open_closes_the_first(void **state)
{
	struct error err = {0};
	int before;

	(void)state;
	assert_ok(log_open("log", LOG_ERROR, &err), err);
	before = open_descriptors();
	assert_ok(log_open("log2", LOG_ERROR, &err), err);
	assert_int_equal(open_descriptors(), before);
	log_error("to the second");
	assert_string_equal(log_contents(), "");
}

static void test_unopenable_file_is_named(void **state)
{
	struct error err = {0};

	(void)state;
	assert_error(log_open("no/such/log", LOG_ERROR, &err), err, ENOENT, "no/such/log");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_level_names_in_any_case),
		TEST(test_only_messages_up_to_the_level),
		TEST(test_off_is_silent),
		TEST(test_long_line_ends_with_one_newline),
		TEST(test_second_open_closes_the_first),
		TEST(test_unopenable_file_is_named),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
