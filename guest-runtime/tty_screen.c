/* SPDX-License-Identifier: Apache-2.0 */
/* Output processing and echo. */
#include "tty_screen.h"

#define CONTROL_BIT 0x40 /* ^A is 'A' without it */

void tty_show(struct tty *tty)
{
	if (tty->filled)
		tty->show(tty->screen, tty->filled);
	tty->filled = 0;
}

static void put(struct tty *tty, char c)
{
	if (tty->filled == sizeof(tty->screen))
		tty_show(tty);
	tty->screen[tty->filled++] = c;
}

static void put_line_feed(struct tty *tty)
{
	if (output_mode(tty, ONLCR))
		put(tty, '\r');
	if (output_mode(tty, ONLCR | ONLRET))
		tty->column = 0;
	tty->start = tty->column;
	put(tty, '\n');
}

static void put_carriage_return(struct tty *tty)
{
	if (output_mode(tty, ONOCR) && !tty->column)
		return;
	if (!output_mode(tty, OCRNL) || output_mode(tty, ONLRET))
		tty->column = tty->start = 0;
	put(tty, output_mode(tty, OCRNL) ? '\n' : '\r');
}

static void put_tab(struct tty *tty)
{
	unsigned width = TTY_TAB_STOP - tty->column % TTY_TAB_STOP;

	tty->column += width;
	if ((tty->settings.c_oflag & TABDLY) != XTABS)
		put(tty, '\t');
	else
		while (width--)
			put(tty, ' ');
}

void tty_put_back_space(struct tty *tty)
{
	tty->column -= tty->column > 0;
	put(tty, '\b');
}

static void put_processed(struct tty *tty, uint8_t c)
{
	switch (c) {
	case '\n':
		put_line_feed(tty);
		return;
	case '\r':
		put_carriage_return(tty);
		return;
	case '\t':
		put_tab(tty);
		return;
	case '\b':
		tty_put_back_space(tty);
		return;
	default:
		tty->column += !is_control(c) && !is_continuation(tty, c);
		put(tty, (char)c);
	}
}

void tty_put(struct tty *tty, uint8_t c)
{
	if (output_mode(tty, OPOST))
		put_processed(tty, c);
	else
		put(tty, (char)c);
}

void tty_output(struct tty *tty, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		tty_put(tty, (uint8_t)bytes[i]);
}

void tty_echo(struct tty *tty, uint8_t c)
{
	if (!local_mode(tty, ECHOCTL) || !is_control(c) || c == '\t') {
		tty_put(tty, c);
		return;
	}
	put(tty, '^');
	put(tty, (char)(c ^ CONTROL_BIT));
	tty->column += 2;
}
