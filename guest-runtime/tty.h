/* SPDX-License-Identifier: Apache-2.0 */
/* The line discipline of a terminal: what happens to characters on their way from the keys to
 * the program, and from the program to the screen. It does as Linux's N_TTY (termios(3); POSIX
 * 2018, chapter 11, "General Terminal Interface"). No device, no waiting: that is terminal.c.
 *
 * Left out: ISTRIP, IUCLC, OLCUC, PARMRK, IMAXBEL, ECHOPRT, PENDIN, EXTPROC, all delays but
 * XTABS. Echo is shown while output is stopped by Ctrl-S, where Linux keeps it back. */
#ifndef GUEST_TTY_H
#define GUEST_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/termbits.h>

#define TTY_SIZE 4096 /* the longest line, its end included */

/* What was typed is a ring. Counts only grow, the place of one is its remainder:
 *
 *     out ──── whole lines ──── line ──── the line being typed ──── in
 *
 * Without ICANON there are no lines: all from out to in may be read, and line is nothing. */
struct tty {
	struct termios settings; /* read it; tty_set() changes it */
	bool stopped; /* by Ctrl-S: no output */
	bool literal; /* Ctrl-V was typed: the next character means itself */
	uint32_t out, line, in;
	unsigned column; /* of the cursor, as far as output is processed */
	unsigned start; /* where the line being typed began, or goes on after output */
	size_t filled; /* of screen */
	void (*show)(const char *bytes, size_t length);
	void (*signal)(int number);
	uint64_t ends[TTY_SIZE / 64]; /* by place: a line's last character, or an end of file */
	uint8_t typed[TTY_SIZE];
	char screen[1024]; /* what is still to be shown */
};

/* A terminal as it is after login. show takes bytes for the screen, signal what the keys ask
 * for; neither may call back. */
void tty_init(struct tty *tty, void (*show)(const char *, size_t), void (*signal)(int));

/* TCSETS: what was typed stays, and becomes a line when ICANON comes. */
void tty_set(struct tty *tty, const struct termios *settings);

/* Types: echoes, edits, signals. How many were taken; fewer when the ring is full. */
size_t tty_input(struct tty *tty, const uint8_t *bytes, size_t length);

/* Whether a read would find something: with ICANON a line, else so many characters. */
bool tty_has(const struct tty *tty, size_t count);

/* FIONREAD: with ICANON only whole lines count. */
size_t tty_count(const struct tty *tty);

/* Takes at most length characters, with ICANON of one line; *more says whether the same read
 * goes on if it has more room. 0 with *more false is the end of the file. */
size_t tty_read(struct tty *tty, uint8_t *to, size_t length, bool *more);

/* Drops what was typed. */
void tty_flush(struct tty *tty);

/* The program's output, as OPOST and the like say; tty_show() brings it to the screen. */
void tty_output(struct tty *tty, const char *bytes, size_t length);
void tty_show(struct tty *tty);
#endif
