/* SPDX-License-Identifier: Apache-2.0 */
/* The screen's side of the line discipline, for its keys' side: tty.c includes this, nobody else.
 */
#ifndef GUEST_TTY_SCREEN_H
#define GUEST_TTY_SCREEN_H

#include "tty.h"

#define TTY_TAB_STOP 8

static inline bool input_mode(const struct tty *tty, tcflag_t flag)
{
	return tty->settings.c_iflag & flag;
}

static inline bool output_mode(const struct tty *tty, tcflag_t flag)
{
	return tty->settings.c_oflag & flag;
}

static inline bool local_mode(const struct tty *tty, tcflag_t flag)
{
	return tty->settings.c_lflag & flag;
}

static inline bool is_control(uint8_t c)
{
	return c < ' ' || c == 0x7f;
}

/* Any byte of a character but its first. */
static inline bool is_continuation(const struct tty *tty, uint8_t c)
{
	return input_mode(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* Into tty->screen, as the modes of output say. */
void tty_put(struct tty *tty, uint8_t c);
/* In any mode, the cursor goes along. */
void tty_put_back_space(struct tty *tty);
/* A typed character as ECHOCTL shows it; whether there is echo at all the caller knows. */
void tty_echo(struct tty *tty, uint8_t c);
#endif
