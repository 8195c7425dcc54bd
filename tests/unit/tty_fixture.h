/* SPDX-License-Identifier: Apache-2.0 */
/* A line discipline whose screen and signals are kept. Included once by each test program. */
#ifndef MOTE_TEST_TTY_FIXTURE_H
#define MOTE_TEST_TTY_FIXTURE_H

#include "guest-runtime/tty.h"
#include "tests/unit/unit.h"

enum {
	COOKED = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	LOGIN = ICRNL | IXON | IUTF8,
};

enum { KEYS_MAX = 5000 };

static struct tty tty;
static char shown[4 * KEYS_MAX];
static size_t shown_length;
static int signals[8], signal_count;

static void show(const char *bytes, size_t length)
{
	assert_true(shown_length + length < sizeof(shown));
	memcpy(shown + shown_length, bytes, length);
	shown_length += length;
	shown[shown_length] = '\0';
}

static void take_signal(int number)
{
	assert_true(signal_count < (int)LENGTH(signals));
	signals[signal_count++] = number;
}

static inline void forget(void)
{
	shown_length = 0;
	shown[0] = '\0';
	signal_count = 0;
}

static inline int setup(void **state)
{
	(void)state;
	tty_init(&tty, show, take_signal);
	forget();
	return 0;
}

static inline void set(tcflag_t input, tcflag_t output, tcflag_t local)
{
	struct termios settings = tty.settings;

	settings.c_iflag = input;
	settings.c_oflag = output;
	settings.c_lflag = local;
	tty_set(&tty, &settings);
}

static inline size_t type(const char *keys)
{
	return tty_input(&tty, (const uint8_t *)keys, strlen(keys));
}

#endif
