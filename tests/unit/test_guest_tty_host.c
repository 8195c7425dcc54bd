/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's line discipline beside this machine's own: long made-up sessions at both, and
 * the same must be shown and read. */
#include "tests/unit/tty_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

static struct {
	int master, slave;
	char shown[sizeof(shown)];
	size_t length;
} own;

static bool own_open(void)
{
	own.master = posix_openpt(O_RDWR | O_NOCTTY);
	if (own.master < 0 || grantpt(own.master) || unlockpt(own.master))
		return false;
	own.slave = open(ptsname(own.master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	own.length = 0;
	return own.slave >= 0;
}

static void own_close(void)
{
	close(own.slave);
	close(own.master);
}

/* What it shows comes in its own time: all that is expected, or all there is for long. */
static void own_compare_shown(void)
{
	struct pollfd ready = {.fd = own.master, .events = POLLIN};

	while (own.length < shown_length && poll(&ready, 1, 2000) > 0) {
		ssize_t got = read(own.master, own.shown + own.length,
				   sizeof(own.shown) - own.length - 1);

		assert_true(got > 0);
		own.length += (size_t)got;
	}
	own.shown[own.length] = '\0';
	assert_string_equal(own.shown, shown);
}

static void own_compare_read(size_t length)
{
	struct pollfd ready = {.fd = own.slave, .events = POLLIN};
	uint8_t expected[128], bytes[128];

	while (tty_has(&tty, 1)) {
		bool more;
		size_t count = tty_read(&tty, expected, length, &more);

		assert_int_equal(poll(&ready, 1, 2000), 1);
		assert_int_equal(read(own.slave, bytes, length), count);
		assert_memory_equal(bytes, expected, count);
	}
	assert_int_equal(read(own.slave, bytes, length), -1);
	assert_int_equal(errno, EAGAIN);
}

static uint32_t random_state;

static uint32_t choose(uint32_t count)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % count;
}

/* Without the keys of signals, which drop what is on its way to the screen, too. */
static const char *const keys[] = {
	"a",     "b",  "_",    "7",        "x y", " ",   "-",   "\xc3\xa4", "\xe2\x82\xac",
	"\xa4",  "\t", "\x7f", "\x7f\x7f", "\27", "\25", "\26", "\22",      "\1",
	"\33[A", "\r", "\n",   "\4",
};

static const char *const outputs[] = {"$ ", "out\n", "\r", "\b", "\t", "\xc3\xa4", "\1", "a\tb\n"};

/* Each ends with a line, so that both have something to be waited for. */
static void session(size_t steps)
{
	for (size_t i = 0; i < steps; i++) {
		const char *key = keys[choose(LENGTH(keys))];

		if (choose(8)) {
			type(key);
			assert_int_equal(write(own.master, key, strlen(key)), strlen(key));
		} else {
			key = outputs[choose(LENGTH(outputs))];
			tty_output(&tty, key, strlen(key));
			tty_show(&tty);
			assert_int_equal(write(own.slave, key, strlen(key)), strlen(key));
		}
		own_compare_shown();
	}
	type("Z\n");
	assert_int_equal(write(own.master, "Z\n", 2), 2);
	own_compare_shown();
	own_compare_read(1 + choose(100));
}

static void test_does_as_this_machine(void **state)
{
	static const struct {
		tcflag_t input, output, local;
	} modes[] = {
		{LOGIN, OPOST | ONLCR, COOKED},
		{ICRNL, OPOST | ONLCR, COOKED},
		{0, OPOST | ONLCR | XTABS, COOKED},
		{IGNCR | IUTF8, OPOST, COOKED},
		{INLCR | ICRNL, OPOST | OCRNL, COOKED},
		{LOGIN, OPOST | ONOCR | ONLRET, COOKED},
		{LOGIN, 0, COOKED},
		{LOGIN, OPOST | ONLCR, COOKED & ~ECHOE},
		{LOGIN, OPOST | ONLCR, COOKED & ~ECHOKE},
		{LOGIN, OPOST | ONLCR, COOKED & ~(ECHOKE | ECHOK)},
		{LOGIN, OPOST | ONLCR, COOKED & ~ECHOCTL},
		{LOGIN, OPOST | ONLCR, COOKED & ~IEXTEN},
		{LOGIN, OPOST | ONLCR, (COOKED & ~ECHO) | ECHONL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(modes) * 8; i++) {
		size_t mode = i % LENGTH(modes);

		setup(NULL);
		if (!own_open())
			skip();
		random_state = (uint32_t)i;
		set(modes[mode].input, modes[mode].output, modes[mode].local);
		assert_int_equal(ioctl(own.slave, TCSETS, &tty.settings), 0);
		for (int lines = 0; lines < 4; lines++)
			session(40);
		own_close();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_does_as_this_machine)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
