/* SPDX-License-Identifier: Apache-2.0 */
#include "tty.h"

#include <linux/signal.h>

#include "string.h"
#include "tty_screen.h"

#define END_OF_FILE 0 /* in the ring; with its end bit set it is no character */

static const struct termios after_login = {
	.c_iflag = ICRNL | IXON | IUTF8,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {[VINTR] = 3,
		 [VQUIT] = 28,
		 [VERASE] = 127,
		 [VKILL] = 21,
		 [VEOF] = 4,
		 [VMIN] = 1,
		 [VSTART] = 17,
		 [VSTOP] = 19,
		 [VSUSP] = 26,
		 [VREPRINT] = 18,
		 [VDISCARD] = 15,
		 [VWERASE] = 23,
		 [VLNEXT] = 22},
};

void tty_init(struct tty *tty, void (*show)(const char *, size_t), void (*signal)(int))
{
	memset(tty, 0, sizeof(*tty));
	tty->settings = after_login;
	tty->show = show;
	tty->signal = signal;
}

/* Letters beyond ASCII, too: by their first byte, in Latin-1 and nearly so in UTF-8. */
static bool is_of_word(uint8_t c)
{
	uint8_t letter = c | 0x20;

	return (c >= '0' && c <= '9') || (letter >= 'a' && letter <= 'z') || c == '_' ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* ---- the line that is being typed ---- */

static uint8_t typed_at(const struct tty *tty, uint32_t count)
{
	return tty->typed[count % TTY_SIZE];
}

/* In the full ring the last one gives way: then a line has no end yet, and must get it. */
static void store(struct tty *tty, uint8_t c)
{
	if (tty->in - tty->out == TTY_SIZE)
		tty->in--;
	tty->typed[tty->in++ % TTY_SIZE] = c;
}

/* An ordinary character. */
static void type(struct tty *tty, uint8_t c)
{
	if (local_mode(tty, ECHO)) {
		if (tty->in == tty->line)
			tty->start = tty->column;
		tty_echo(tty, c);
	}
	store(tty, c);
}

static void mark_end(struct tty *tty)
{
	uint32_t place = (tty->in - 1) % TTY_SIZE;

	tty->ends[place / 64] |= 1ull << place % 64;
	tty->line = tty->in;
}

static void new_line(struct tty *tty)
{
	if (local_mode(tty, ECHO) || (local_mode(tty, ICANON) && local_mode(tty, ECHONL)))
		tty_put(tty, '\n');
	store(tty, '\n');
	if (local_mode(tty, ICANON))
		mark_end(tty);
}

/* Where the last character begins; `in` if there is none, or a part of one only. */
static uint32_t last_character(const struct tty *tty)
{
	for (uint32_t at = tty->in; at != tty->line;)
		if (!is_continuation(tty, typed_at(tty, --at)))
			return at;
	return tty->in;
}

static unsigned echo_width(const struct tty *tty, uint8_t c)
{
	if (is_control(c))
		return local_mode(tty, ECHOCTL) ? 2 : 0;
	return !is_continuation(tty, c);
}

/* Of a tab behind the line; an earlier tab in it is as good as its start to count from. */
static unsigned tab_width(const struct tty *tty)
{
	unsigned column = 0;

	for (uint32_t at = tty->in; at != tty->line;) {
		uint8_t c = typed_at(tty, --at);

		if (c == '\t')
			return TTY_TAB_STOP - column % TTY_TAB_STOP;
		column += echo_width(tty, c);
	}
	return TTY_TAB_STOP - (tty->start + column) % TTY_TAB_STOP;
}

/* The character that was the last vanishes from the screen. */
static void rub_out(struct tty *tty, uint8_t c)
{
	unsigned width = c == '\t' ? tab_width(tty) : echo_width(tty, c);

	while (width--) {
		if (c == '\t') {
			tty_put_back_space(tty); /* whatever OPOST says */
			continue;
		}
		tty_put(tty, '\b');
		tty_put(tty, ' ');
		tty_put(tty, '\b');
	}
}

/* ---- special characters ---- */

struct special {
	uint8_t which; /* of c_cc */
	uint8_t signal;
	tcflag_t input, local; /* it is special when all of these modes are on */
	void (*act)(struct tty *tty, const struct special *special, uint8_t c);
};

static void stop(struct tty *tty, const struct special *special, uint8_t c)
{
	(void)c;
	tty->stopped = special->which == VSTOP;
}

static void interrupt(struct tty *tty, const struct special *special, uint8_t c)
{
	tty->stopped = false;
	if (!local_mode(tty, NOFLSH))
		tty_flush(tty);
	if (local_mode(tty, ECHO))
		tty_echo(tty, c);
	tty->signal(special->signal);
}

static void erase_character(struct tty *tty, const struct special *special, uint8_t c)
{
	uint32_t last = last_character(tty);

	(void)special;
	if (last == tty->in)
		return;
	tty->in = last;
	if (!local_mode(tty, ECHO))
		return;
	if (local_mode(tty, ECHOE))
		rub_out(tty, typed_at(tty, last));
	else
		tty_echo(tty, c);
}

/* Back over what is no word, then over a word. */
static void erase_word(struct tty *tty, const struct special *special, uint8_t c)
{
	bool in_word = false;

	(void)special, (void)c;
	for (;;) {
		uint32_t last = last_character(tty);
		uint8_t first = typed_at(tty, last);

		if (last == tty->in || (in_word && !is_of_word(first)))
			return;
		in_word = is_of_word(first);
		tty->in = last;
		if (local_mode(tty, ECHO))
			rub_out(tty, first);
	}
}

static void erase_line(struct tty *tty, const struct special *special, uint8_t c)
{
	const tcflag_t visibly = ECHO | ECHOE | ECHOK | ECHOKE;
	uint32_t last;

	(void)special;
	if (tty->in == tty->line)
		return;
	if ((tty->settings.c_lflag & visibly) == visibly) {
		while ((last = last_character(tty)) != tty->in) {
			tty->in = last;
			rub_out(tty, typed_at(tty, last));
		}
		return;
	}
	tty->in = tty->line;
	if (!local_mode(tty, ECHO))
		return;
	tty_echo(tty, c);
	if (local_mode(tty, ECHOK))
		tty_put(tty, '\n');
}

/* Shows the ^ that the character itself will follow. */
static void take_literally(struct tty *tty, const struct special *special, uint8_t c)
{
	(void)special, (void)c;
	tty->literal = true;
	if (!local_mode(tty, ECHO) || !local_mode(tty, ECHOCTL))
		return;
	tty_put(tty, '^');
	tty_put(tty, '\b');
}

static void reprint(struct tty *tty, const struct special *special, uint8_t c)
{
	(void)special;
	tty_echo(tty, c);
	tty_put(tty, '\n');
	for (uint32_t at = tty->line; at != tty->in; at++)
		tty_echo(tty, typed_at(tty, at));
}

static void end_file(struct tty *tty, const struct special *special, uint8_t c)
{
	(void)special, (void)c;
	store(tty, END_OF_FILE);
	mark_end(tty);
}

static void end_line(struct tty *tty, const struct special *special, uint8_t c)
{
	(void)special;
	type(tty, c);
	mark_end(tty);
}

static const struct special specials[] = {
	{VSTART, 0, IXON, 0, stop},
	{VSTOP, 0, IXON, 0, stop},
	{VINTR, SIGINT, 0, ISIG, interrupt},
	{VQUIT, SIGQUIT, 0, ISIG, interrupt},
	{VSUSP, SIGTSTP, 0, ISIG, interrupt},
	{VERASE, 0, 0, ICANON, erase_character},
	{VKILL, 0, 0, ICANON, erase_line},
	{VWERASE, 0, 0, ICANON | IEXTEN, erase_word},
	{VLNEXT, 0, 0, ICANON | IEXTEN, take_literally},
	{VREPRINT, 0, 0, ICANON | IEXTEN | ECHO, reprint},
	{VEOF, 0, 0, ICANON, end_file},
	{VEOL, 0, 0, ICANON, end_line},
	{VEOL2, 0, 0, ICANON | IEXTEN, end_line},
};

static const struct special *find_special(const struct tty *tty, uint8_t c)
{
	const struct termios *settings = &tty->settings;

	for (size_t i = 0; c && i < sizeof(specials) / sizeof(specials[0]); i++)
		if (settings->c_cc[specials[i].which] == c &&
		    !(specials[i].input & ~settings->c_iflag) &&
		    !(specials[i].local & ~settings->c_lflag))
			return &specials[i];
	return 0;
}

/* ---- what was typed ---- */

static void input(struct tty *tty, uint8_t c)
{
	const struct special *special;

	if (tty->literal) {
		tty->literal = false;
		type(tty, c);
		return;
	}
	if (input_mode(tty, IXANY))
		tty->stopped = false;
	if (c == '\r' && input_mode(tty, IGNCR))
		return;
	if (c == '\r' && input_mode(tty, ICRNL))
		c = '\n';
	else if (c == '\n' && input_mode(tty, INLCR))
		c = '\r';
	special = find_special(tty, c);
	if (special)
		special->act(tty, special, c);
	else if (c == '\n')
		new_line(tty);
	else
		type(tty, c);
}

/* One place is kept for the end of a line. A line that is too long takes more and loses it:
 * how else could it be ended or erased? */
static bool is_full(const struct tty *tty)
{
	bool too_long = local_mode(tty, ICANON) && tty->line == tty->out;

	return tty->in - tty->out >= TTY_SIZE - 1 && !too_long;
}

size_t tty_input(struct tty *tty, const uint8_t *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && !is_full(tty))
		input(tty, bytes[taken++]);
	tty_show(tty);
	return taken;
}

bool tty_has(const struct tty *tty, size_t count)
{
	if (local_mode(tty, ICANON))
		return tty->line != tty->out;
	return tty->in - tty->out >= count;
}

static bool is_end(const struct tty *tty, uint32_t count)
{
	uint32_t place = count % TTY_SIZE;

	return tty->ends[place / 64] >> place % 64 & 1;
}

size_t tty_count(const struct tty *tty)
{
	size_t count = 0;

	if (!local_mode(tty, ICANON))
		return tty->in - tty->out;
	for (uint32_t at = tty->out; at != tty->line; at++)
		count += !is_end(tty, at) || typed_at(tty, at) != END_OF_FILE;
	return count;
}

/* Whether it was the last of its line. */
static bool drop_first(struct tty *tty)
{
	uint32_t place = tty->out % TTY_SIZE;
	bool end = is_end(tty, tty->out);

	tty->ends[place / 64] &= ~(1ull << place % 64);
	tty->out++;
	return end;
}

static size_t read_line(struct tty *tty, uint8_t *to, size_t length, bool *more)
{
	size_t done = 0;

	for (*more = true; *more && tty->out != tty->line;) {
		uint8_t c = typed_at(tty, tty->out);

		/* An end of file behind the last that has room belongs to it. */
		if (is_end(tty, tty->out) && c == END_OF_FILE) {
			*more = !drop_first(tty);
			break;
		}
		if (done == length)
			break;
		to[done++] = c;
		*more = !drop_first(tty);
	}
	return done;
}

size_t tty_read(struct tty *tty, uint8_t *to, size_t length, bool *more)
{
	size_t done = 0;

	if (local_mode(tty, ICANON))
		return read_line(tty, to, length, more);
	while (done < length && tty->out != tty->in)
		to[done++] = typed_at(tty, tty->out++);
	*more = true;
	return done;
}

void tty_flush(struct tty *tty)
{
	tty->out = tty->line = tty->in;
	memset(tty->ends, 0, sizeof(tty->ends));
}

void tty_set(struct tty *tty, const struct termios *settings)
{
	tcflag_t changed = tty->settings.c_lflag ^ settings->c_lflag;

	tty->settings = *settings;
	if (!input_mode(tty, IXON))
		tty->stopped = false;
	if (!(changed & ICANON))
		return;
	tty->literal = false;
	tty->line = tty->out;
	memset(tty->ends, 0, sizeof(tty->ends));
	if (local_mode(tty, ICANON) && tty->in != tty->out)
		mark_end(tty);
}
