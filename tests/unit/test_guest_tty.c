/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's line discipline, key by key. */
#include "tests/unit/tty_fixture.h"

#include <signal.h>

/* One read of the program, into a string. */
static const char *read_some(size_t length)
{
	static char text[TTY_SIZE + 1];
	bool more;

	text[tty_read(&tty, (uint8_t *)text, length, &more)] = '\0';
	return text;
}

/* ---- keys in a line: what is shown, and what the program reads when it has ended ---- */

static void test_keys(void **state)
{
	static const struct {
		tcflag_t input, local;
		const char *keys, *shown, *read;
	} rows[] = {
		/* Enter, and what it may mean */
		{LOGIN, COOKED, "ab\r", "ab\r\n", "ab\n"},
		{LOGIN, COOKED, "ab\n", "ab\r\n", "ab\n"},
		{0, COOKED, "a\rb\n", "a^Mb\r\n", "a\rb\n"},
		{IGNCR, COOKED, "a\rb\n", "ab\r\n", "ab\n"},
		{INLCR, COOKED, "a\nb\4", "a^Mb", "a\rb"},
		/* erasing */
		{LOGIN, COOKED,
		 "abx\x7f"
		 "c\n",
		 "abx\b \bc\r\n", "abc\n"},
		{LOGIN, COOKED,
		 "\x7f\x7f"
		 "a\n",
		 "a\r\n", "a\n"},
		{LOGIN, COOKED, "a\1\x7f\n", "a^A\b \b\b \b\r\n", "a\n"},
		{LOGIN, COOKED,
		 "a\xc3\xa4\x7f"
		 "b\n",
		 "a\xc3\xa4\b \bb\r\n", "ab\n"},
		{LOGIN, COOKED, "\xe2\x82\xac\x7f\n", "\xe2\x82\xac\b \b\r\n", "\n"},
		{ICRNL, COOKED, "\xc3\xa4\x7f\n", "\xc3\xa4\b \b\r\n", "\xc3\n"},
		{LOGIN, COOKED, "\xa4\x7f\n", "\xa4\r\n", "\xa4\n"},
		{LOGIN, COOKED,
		 "ab\t\x7f"
		 "c\n",
		 "ab\t\b\b\b\b\b\bc\r\n", "abc\n"},
		{LOGIN, COOKED, "\tab\t\x7f\n", "\tab\t\b\b\b\b\b\b\r\n", "\tab\n"},
		{LOGIN, COOKED & ~ECHOE, "ab\x7f\n", "ab^?\r\n", "a\n"},
		{LOGIN, COOKED & ~ECHO, "ab\x7f\n", "", "a\n"},
		{LOGIN, COOKED, "one two-\27\n", "one two-\b \b\b \b\b \b\b \b\r\n", "one \n"},
		{LOGIN, COOKED & ~IEXTEN, "a\27\n", "a^W\r\n", "a\27\n"},
		{LOGIN, COOKED, "abc\25d\n", "abc\b \b\b \b\b \bd\r\n", "d\n"},
		{LOGIN, COOKED & ~ECHOKE, "abc\25d\n", "abc^U\r\nd\r\n", "d\n"},
		{LOGIN, COOKED & ~(ECHOKE | ECHOK), "abc\25d\n", "abc^Ud\r\n", "d\n"},
		/* as it is */
		{LOGIN, COOKED, "a\26\3b\n", "a^\b^Cb\r\n", "a\3b\n"},
		{LOGIN, COOKED, "\26\26\n", "^\b^V\r\n", "\26\n"},
		{LOGIN, COOKED, "a\26\nb\n", "a^\b^Jb\r\n", "a\nb\n"},
		{LOGIN, COOKED & ~ECHOCTL, "a\1\26\2\n", "a\1\2\r\n", "a\1\2\n"},
		{LOGIN, COOKED,
		 "ab\22"
		 "c\n",
		 "ab^R\r\nabc\r\n", "abc\n"},
		/* silence */
		{LOGIN, COOKED & ~ECHO, "secret\n", "", "secret\n"},
		{LOGIN, (COOKED & ~ECHO) | ECHONL, "secret\n", "\r\n", "secret\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		setup(NULL);
		set(rows[i].input, OPOST | ONLCR, rows[i].local);
		assert_int_equal(type(rows[i].keys), strlen(rows[i].keys));
		assert_string_equal(shown, rows[i].shown);
		assert_string_equal(read_some(TTY_SIZE), rows[i].read);
		assert_false(tty_has(&tty, 1));
		assert_int_equal(signal_count, 0);
	}
}

static void test_a_line_is_there_when_it_has_ended(void **state)
{
	(void)state;
	type("one");
	assert_false(tty_has(&tty, 1));
	assert_int_equal(tty_count(&tty), 0);
	type("\ntw");
	assert_true(tty_has(&tty, 1));
	assert_int_equal(tty_count(&tty), 4);
	assert_string_equal(read_some(2), "on");
	assert_string_equal(read_some(100), "e\n");
	assert_false(tty_has(&tty, 1));
	type("o\nthree\n");
	assert_int_equal(tty_count(&tty), 10);
	assert_string_equal(read_some(100), "two\n");
	assert_string_equal(read_some(100), "three\n");
}

static void test_other_ends_of_a_line(void **state)
{
	struct termios settings = tty.settings;

	(void)state;
	settings.c_cc[VEOL] = ';';
	settings.c_cc[VEOL2] = '!';
	tty_set(&tty, &settings);
	type("a;b!c\n");
	assert_string_equal(shown, "a;b!c\r\n");
	assert_string_equal(read_some(100), "a;");
	assert_string_equal(read_some(100), "b!");
	assert_string_equal(read_some(100), "c\n");
}

static void test_end_of_file(void **state)
{
	uint8_t byte;
	bool more;

	(void)state;
	type("\4");
	assert_true(tty_has(&tty, 1));
	assert_int_equal(tty_count(&tty), 0);
	assert_int_equal(tty_read(&tty, &byte, 1, &more), 0);
	assert_false(more);
	assert_false(tty_has(&tty, 1));
	type("ab\4c\n");
	assert_string_equal(shown, "abc\r\n");
	assert_int_equal(tty_count(&tty), 4);
	assert_string_equal(read_some(100), "ab");
	assert_string_equal(read_some(100), "c\n");
	type("ab\4"); /* a read that is just long enough takes the end along */
	assert_string_equal(read_some(2), "ab");
	assert_false(tty_has(&tty, 1));
}

static void test_a_read_in_pieces_says_whether_it_goes_on(void **state)
{
	uint8_t bytes[4];
	bool more;

	(void)state;
	type("abcdef\n");
	assert_int_equal(tty_read(&tty, bytes, 4, &more), 4);
	assert_true(more);
	assert_int_equal(tty_read(&tty, bytes, 4, &more), 3);
	assert_false(more);
}

/* ---- signals, stop and go ---- */

static void test_signals(void **state)
{
	(void)state;
	type("lost\n"
	     "ab\3");
	assert_int_equal(signal_count, 1);
	assert_int_equal(signals[0], SIGINT);
	assert_string_equal(shown, "lost\r\nab^C");
	assert_false(tty_has(&tty, 1));
	type("\34\32");
	assert_int_equal(signals[1], SIGQUIT);
	assert_int_equal(signals[2], SIGTSTP);
	type("c\n");
	assert_string_equal(read_some(100), "c\n");
	set(LOGIN, OPOST, COOKED | NOFLSH);
	type("kept\3\n");
	assert_int_equal(signals[3], SIGINT);
	assert_string_equal(read_some(100), "kept\n");
	set(LOGIN, OPOST, COOKED & ~ISIG);
	type("\3\n");
	assert_string_equal(read_some(100), "\3\n");
	assert_int_equal(signal_count, 4);
}

static void test_a_character_that_is_off_is_ordinary(void **state)
{
	struct termios settings = tty.settings;

	(void)state;
	settings.c_cc[VINTR] = 0;
	tty_set(&tty, &settings);
	assert_int_equal(tty_input(&tty, (const uint8_t *)"\3\0\n", 3), 3);
	assert_int_equal(signal_count, 0);
	assert_int_equal(tty_count(&tty), 3);
	assert_string_equal(shown, "^C^@\r\n");
}

static void test_stop_and_go(void **state)
{
	(void)state;
	type("\23");
	assert_true(tty.stopped);
	type("a");
	assert_true(tty.stopped);
	type("\21");
	assert_false(tty.stopped);
	type("\23\3");
	assert_false(tty.stopped);
	set(LOGIN | IXANY, OPOST, COOKED);
	type("\23");
	assert_true(tty.stopped);
	type("b");
	assert_false(tty.stopped);
	type("\23");
	set(LOGIN & ~IXON, OPOST, COOKED);
	assert_false(tty.stopped);
	type("\23\n");
	assert_string_equal(read_some(100), "b\23\n");
}

/* ---- without lines ---- */

static void test_raw_keys_are_bytes(void **state)
{
	(void)state;
	set(0, 0, 0);
	type("a\r\n\3\4\x7f\23");
	assert_string_equal(shown, "");
	assert_true(tty_has(&tty, 7));
	assert_false(tty_has(&tty, 8));
	assert_int_equal(tty_count(&tty), 7);
	assert_string_equal(read_some(3), "a\r\n");
	assert_string_equal(read_some(100), "\3\4\x7f\23");
	assert_int_equal(signal_count, 0);
}

static void test_raw_echo(void **state)
{
	(void)state;
	set(ICRNL, OPOST | ONLCR, ECHO | ECHOCTL);
	type("a\r\4\x7f");
	assert_string_equal(shown, "a\r\n^D^?");
	assert_string_equal(read_some(100), "a\n\4\x7f");
}

static void test_lines_come_and_go(void **state)
{
	(void)state;
	type("one\nhalf");
	set(LOGIN, OPOST, COOKED & ~ICANON);
	assert_true(tty_has(&tty, 8));
	assert_string_equal(read_some(2), "on");
	set(LOGIN, OPOST, COOKED); /* what is there becomes a line */
	assert_string_equal(read_some(100), "e\nhalf");
	assert_false(tty_has(&tty, 1));
	set(LOGIN, OPOST, COOKED & ~ICANON);
	set(LOGIN, OPOST, COOKED);
	assert_false(tty_has(&tty, 1));
	type("\x7f"
	     "end\n");
	assert_string_equal(read_some(100), "end\n");
}

static void test_flush(void **state)
{
	(void)state;
	type("one\ntwo\nthr");
	tty_flush(&tty);
	assert_int_equal(tty_count(&tty), 0);
	type("\x7f"
	     "four\n");
	assert_string_equal(read_some(100), "four\n");
	assert_false(tty_has(&tty, 1));
}

/* ---- much ---- */

static uint8_t much[KEYS_MAX];

static void test_a_full_ring_takes_no_more(void **state)
{
	(void)state;
	memset(much, 'x', sizeof(much));
	set(0, 0, 0);
	assert_int_equal(tty_input(&tty, much, sizeof(much)), TTY_SIZE - 1);
	assert_int_equal(tty_input(&tty, much, 1), 0);
	read_some(10);
	assert_int_equal(tty_input(&tty, much, 100), 10);
}

static void test_a_line_that_is_too_long_can_be_ended(void **state)
{
	(void)state;
	set(LOGIN, OPOST, COOKED & ~ECHO);
	memset(much, 'x', sizeof(much));
	assert_int_equal(tty_input(&tty, much, sizeof(much)), sizeof(much));
	assert_false(tty_has(&tty, 1));
	type("\n");
	assert_int_equal(tty_count(&tty), TTY_SIZE);
	assert_int_equal(type("more"), 0);
	assert_int_equal(strlen(read_some(TTY_SIZE)), TTY_SIZE);
	assert_int_equal(tty_input(&tty, much, sizeof(much)), sizeof(much));
	type("\25\n");
	assert_string_equal(read_some(100), "\n");
}

static void test_lines_around_the_ring(void **state)
{
	char line[20];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		type(line);
		forget();
		assert_string_equal(read_some(100), line);
		assert_false(tty_has(&tty, 1));
	}
}

/* Once around the ring in long lines: an end that was left behind would cut one. */
static void assert_no_ends_are_left(void)
{
	char line[101];

	memset(line, 'x', sizeof(line));
	line[99] = '\n';
	line[100] = '\0';
	for (int i = 0; i < TTY_SIZE / 100 + 2; i++) {
		type(line);
		forget();
		assert_string_equal(read_some(TTY_SIZE), line);
	}
}

static void test_no_ends_are_left(void **state)
{
	(void)state;
	type("one\ntwo\nthree");
	tty_flush(&tty);
	assert_no_ends_are_left();
	type("one\ntwo\nthree");
	set(LOGIN, OPOST, COOKED & ~ICANON);
	read_some(100);
	assert_no_ends_are_left();
	set(LOGIN, OPOST, COOKED); /* with nothing that could be a line */
	assert_no_ends_are_left();
}

/* ---- output ---- */

static void test_output(void **state)
{
	static const struct {
		tcflag_t mode;
		const char *written, *shown;
	} rows[] = {
		{OPOST | ONLCR, "a\nb\r\n", "a\r\nb\r\r\n"},
		{OPOST, "a\n", "a\n"},
		{ONLCR, "a\n", "a\n"},
		{OPOST | OCRNL, "a\rb", "a\nb"},
		{OPOST | ONOCR, "\ra\r\rb", "a\rb"},
		{OPOST | XTABS, "\tab\tc", "        ab      c"},
		{OPOST | XTABS | ONLCR, "abc\n\t", "abc\r\n        "},
		{OPOST | XTABS, "abc\b\t", "abc\b      "},
		{OPOST | XTABS, "\xc3\xa4\t", "\xc3\xa4       "},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		setup(NULL);
		set(LOGIN, rows[i].mode, COOKED);
		tty_output(&tty, rows[i].written, strlen(rows[i].written));
		tty_show(&tty);
		assert_string_equal(shown, rows[i].shown);
	}
}

static void test_long_output(void **state)
{
	(void)state;
	memset(much, '\n', sizeof(much));
	tty_output(&tty, (const char *)much, sizeof(much));
	tty_show(&tty);
	assert_int_equal(shown_length, 2 * sizeof(much));
	for (size_t i = 0; i < shown_length; i++)
		assert_int_equal(shown[i], i % 2 ? '\n' : '\r');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_a_line_is_there_when_it_has_ended, setup),
		cmocka_unit_test_setup(test_other_ends_of_a_line, setup),
		cmocka_unit_test_setup(test_end_of_file, setup),
		cmocka_unit_test_setup(test_a_read_in_pieces_says_whether_it_goes_on, setup),
		cmocka_unit_test_setup(test_signals, setup),
		cmocka_unit_test_setup(test_a_character_that_is_off_is_ordinary, setup),
		cmocka_unit_test_setup(test_stop_and_go, setup),
		cmocka_unit_test_setup(test_raw_keys_are_bytes, setup),
		cmocka_unit_test_setup(test_raw_echo, setup),
		cmocka_unit_test_setup(test_lines_come_and_go, setup),
		cmocka_unit_test_setup(test_flush, setup),
		cmocka_unit_test_setup(test_a_full_ring_takes_no_more, setup),
		cmocka_unit_test_setup(test_a_line_that_is_too_long_can_be_ended, setup),
		cmocka_unit_test_setup(test_lines_around_the_ring, setup),
		cmocka_unit_test_setup(test_no_ends_are_left, setup),
		cmocka_unit_test_setup(test_output, setup),
		cmocka_unit_test_setup(test_long_output, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
