/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/signal.h>

#include <asm/termios.h>

#include "arch.h"
#include "control.h"
#include "file.h"
#include "signal_state.h"
#include "time.h"
#include "tty.h"
#include "user.h"
#include "wait.h"

#define TENTH (NANOSECONDS / 10) /* VTIME's unit */

static struct tty tty;
static bool hung_up; /* nothing more will be typed */
static int screen; /* the stream that is the screen just now, 0: none */
static int failure; /* of the last output */

/* From the host, and not yet taken by the discipline because it is full. */
static struct {
	size_t next, end;
	uint8_t bytes[256];
} typed;

static void show(const char *bytes, size_t length)
{
	int error = screen ? control_write(screen, bytes, length) : 0;

	if (error)
		failure = error;
}

static void send(int number)
{
	signal_send(number, &(struct signal_info){.code = SI_KERNEL});
}

/* Made when it is first wanted: most programs have no terminal. */
static struct tty *discipline(void)
{
	if (!tty.show)
		tty_init(&tty, show, send);
	return &tty;
}

void terminal_input(void)
{
	int64_t got = 1;

	screen = control_is_raw(1) ? 1 : control_is_raw(2) ? 2 : 0;
	for (;;) {
		typed.next +=
			tty_input(discipline(), typed.bytes + typed.next, typed.end - typed.next);
		if (typed.next < typed.end || hung_up)
			return;
		got = control_read(typed.bytes, sizeof(typed.bytes));
		if (got == -EAGAIN)
			return;
		hung_up = got <= 0;
		typed.next = 0;
		typed.end = hung_up ? 0 : (size_t)got;
	}
}

/* ---- reading ---- */

/* What VMIN and VTIME ask for: how many to have at least, and until when to wait. */
struct patience {
	size_t wanted;
	uint64_t first, next; /* how long for the first character, and for each after it */
};

static struct patience patience_of(const struct termios *settings, size_t length)
{
	uint64_t time = settings->c_cc[VTIME] * TENTH;
	size_t least = settings->c_cc[VMIN];

	if (settings->c_lflag & ICANON)
		return (struct patience){1, FOREVER, FOREVER};
	if (!least)
		return (struct patience){1, time, time};
	return (struct patience){least < length ? least : length, FOREVER, time ? time : FOREVER};
}

static bool is_readable(void *unused)
{
	(void)unused;
	return hung_up || tty_has(&tty, 1);
}

static bool is_flowing(void *unused)
{
	(void)unused;
	return !tty.stopped;
}

/* Straight into the reader's pages; *more as tty_read() says. */
static int64_t take(struct uio *uio, bool *more)
{
	int64_t done = 0;

	for (*more = true; *more && uio->total && tty_has(&tty, 1);) {
		size_t run, got;
		void *to = uio_run(uio, &run);

		if (!run)
			return done ? done : -EFAULT;
		got = tty_read(&tty, to, run, more);
		uio_advance(uio, got);
		done += (int64_t)got;
	}
	if (typed.next < typed.end) /* there is room again */
		terminal_input();
	return done;
}

static int wait_for_keys(struct file *file, uint64_t time)
{
	int error;

	if (!time)
		return -ETIMEDOUT;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	error = wait_for(is_readable, 0, time == FOREVER ? FOREVER : time_deadline(time));
	return error == -EINTR ? -ERESTARTSYS : error;
}

int64_t terminal_read(struct file *file, struct uio *uio)
{
	struct patience patience = patience_of(&discipline()->settings, uio->total);
	uint64_t time = patience.first;
	size_t done = 0;
	bool more = true;

	while (more && done < patience.wanted && uio->total) {
		int error = is_readable(0) ? 0 : wait_for_keys(file, time);
		int64_t got;

		if (error)
			return done || error == -ETIMEDOUT ? (int64_t)done : error;
		got = take(uio, &more);
		if (got < 0)
			return done ? (int64_t)done : got;
		if (!got && hung_up)
			break;
		done += (size_t)got;
		time = patience.next;
	}
	return (int64_t)done;
}

/* ---- writing ---- */

static int wait_until_flowing(const struct file *file)
{
	if (!tty.stopped)
		return 0;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_for(is_flowing, 0, FOREVER) ? -ERESTARTSYS : 0;
}

/* Whole pages go as they lie when there is nothing to do about them. */
static int output(int stream, const char *bytes, size_t length)
{
	screen = stream;
	if (discipline()->settings.c_oflag & OPOST) {
		tty_output(&tty, bytes, length);
	} else {
		tty_show(&tty);
		show(bytes, length);
	}
	return failure;
}

int64_t terminal_write(struct file *file, int stream, struct uio *uio)
{
	int64_t done = 0;
	int error = 0;

	failure = 0;
	while (!error && uio->total) {
		size_t run;
		const char *from = uio_run(uio, &run);

		error = run ? wait_until_flowing(file) : -EFAULT;
		if (!error)
			error = output(stream, from, run);
		if (!error) {
			uio_advance(uio, run);
			done += (int64_t)run;
		}
	}
	screen = stream;
	tty_show(&tty);
	if (!error)
		error = failure;
	return error && !done ? error : done;
}

void terminal_note(int stream, const char *bytes, size_t length)
{
	output(stream, bytes, length);
	tty_show(&tty);
}

unsigned terminal_poll(void)
{
	const uint8_t *limits = discipline()->settings.c_cc;
	size_t wanted = limits[VMIN] && !limits[VTIME] ? limits[VMIN] : 1;
	unsigned events = tty.stopped ? 0 : POLLOUT | POLLWRNORM;

	if (hung_up)
		events |= POLLHUP | POLLIN | POLLRDNORM;
	if (tty_has(&tty, wanted))
		events |= POLLIN | POLLRDNORM;
	return events;
}

/* ---- ioctl ---- */

/* The last to say it is right: the host's terminal, or a program. */
static struct winsize *window_now(void)
{
	static struct winsize window;
	static uint16_t rows, columns; /* as the host said them last */
	const volatile struct control_page *page = control_page();

	if (rows != page->rows || columns != page->columns)
		window = (struct winsize){page->rows, page->columns, 0, 0};
	rows = page->rows;
	columns = page->columns;
	return &window;
}

static int64_t set_window(uint64_t address)
{
	struct winsize *window = window_now(), old = *window;

	if (get_user(*window, address))
		return -EFAULT;
	if (old.ws_row != window->ws_row || old.ws_col != window->ws_col)
		send(SIGWINCH);
	return 0;
}

static void flush_input(void)
{
	typed.next = typed.end;
	tty_flush(discipline());
	if (control_is_raw(0))
		terminal_input(); /* keys that are under way: signals among them count */
	typed.next = typed.end;
	tty_flush(&tty);
}

static int64_t set_settings(unsigned request, uint64_t address)
{
	struct termios settings;

	if (get_user(settings, address))
		return -EFAULT;
	if (request == TCSETSF)
		flush_input();
	tty_set(discipline(), &settings);
	return 0;
}

static int64_t flush(uint64_t queue)
{
	if (queue > TCIOFLUSH)
		return -EINVAL;
	if (queue != TCOFLUSH) /* output is never kept */
		flush_input();
	return 0;
}

static int64_t control_flow(uint64_t action)
{
	if (action > TCION)
		return -EINVAL;
	if (action == TCOOFF || action == TCOON)
		discipline()->stopped = action == TCOOFF;
	return 0;
}

static int64_t put_number(uint64_t address, int32_t number)
{
	return put_user(address, number);
}

int64_t terminal_ioctl(unsigned request, uint64_t argument)
{
	switch (request) {
	case TIOCGWINSZ:
		return put_user(argument, *window_now());
	case TIOCSWINSZ:
		return set_window(argument);
	case TCGETS:
		return put_user(argument, discipline()->settings);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(request, argument);
	case TCFLSH:
		return flush(argument);
	case TCXONC:
		return control_flow(argument);
	case FIONREAD:
		return put_number(argument, (int32_t)tty_count(discipline()));
	case TIOCOUTQ:
		return put_number(argument, 0);
	case TIOCGPGRP:
	case TIOCGSID:
		return put_number(argument, PROCESS_ID);
	case TIOCSPGRP:
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TCSBRK:
	case TCSBRKP:
		return 0;
	default:
		return -ENOTTY;
	}
}
