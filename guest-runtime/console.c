/* SPDX-License-Identifier: Apache-2.0 */
/* The standard streams. Input is asked for on demand and goes straight into the reader's
 * pages; output leaves in as few and as large buffers as the pages allow. A raw terminal is
 * another matter: terminal.c. */
#include "console.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/signal.h>

#include <asm/ioctls.h>

#include "control.h"
#include "pages.h"
#include "signal.h"
#include "string.h"
#include "terminal.h"
#include "user.h"
#include "wait.h"

/* A contiguous run of this many bytes is sent as it lies; less is gathered. */
#define DIRECT_MIN 0x4000

/* False after the host said "nothing there": only its interrupt makes asking useful. */
static bool input_possible = true;

void console_input_possible(void)
{
	input_possible = true;
	if (control_is_raw(0))
		terminal_input();
}

static bool input_ready(void *unused)
{
	(void)unused;
	if (input_possible && control_read(pages_bounce(), 0) == -EAGAIN)
		input_possible = false;
	return input_possible;
}

static bool interrupt_came(void *unused)
{
	(void)unused;
	return input_possible;
}

/* One read by the host; a wait before it when nothing is there. */
static int64_t read_run(void *run, size_t length, bool may_wait)
{
	for (;;) {
		int64_t result = -EAGAIN;

		if (input_possible)
			result = control_read(run, length);
		if (result != -EAGAIN)
			return result;
		input_possible = false;
		if (!may_wait)
			return -EAGAIN;
		/* The read itself asks again: no question of its own before it. */
		if (wait_for(interrupt_came, 0, FOREVER))
			return -ERESTARTSYS;
	}
}

/* Into the user's pages if a long run or all of the buffer lies together, else through the bounce
 * pages: what one read of the host gives is never cut where a page ends. */
static int64_t read_piece(struct uio *uio, bool may_wait, size_t *asked)
{
	char *into = uio_run(uio, asked);
	bool direct = *asked >= DIRECT_MIN || *asked == uio->total;
	int64_t result;

	if (!*asked)
		return -EFAULT;
	if (!direct) {
		into = pages_bounce();
		*asked = uio->total < BOUNCE_SIZE ? uio->total : BOUNCE_SIZE;
	}
	if (*asked > CONTROL_LENGTH_MAX)
		*asked = CONTROL_LENGTH_MAX;
	result = read_run(into, *asked, may_wait);
	if (result > 0 && !direct)
		return uio_move(uio, into, (size_t)result);
	if (result > 0)
		uio_advance(uio, (size_t)result);
	return result;
}

/* Piece after piece while each comes whole, except a terminal's lines. */
static int64_t console_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	bool may_wait = !(file->flags & O_NONBLOCK);
	int64_t done = 0, result = 0;
	size_t asked = 0;

	(void)offset;
	if (uio->total && control_is_raw(0))
		return terminal_read(file, uio);
	while (uio->total && result == (int64_t)asked) {
		result = read_piece(uio, may_wait && !done, &asked);
		if (result <= 0)
			return done ? done : result;
		done += result;
		if (control_is_terminal(0))
			break;
	}
	return done;
}

/* A line is gathered here: it costs no page more. */
static char line[256];

/* Fills a buffer; stops before a run that is large enough to go by itself. */
static size_t gather(struct uio *uio, char *bounce, size_t size)
{
	size_t filled = 0;

	while (filled < size && uio->total) {
		size_t run;
		const char *from = uio_run(uio, &run);

		if (!run || (filled && run >= DIRECT_MIN))
			break;
		if (run > size - filled)
			run = size - filled;
		memcpy(bounce + filled, from, run);
		uio_advance(uio, run);
		filled += run;
	}
	return filled;
}

/* The next piece of output: straight from the user's pages if it is long or all there is. */
static const void *next_piece(struct uio *uio, size_t *length)
{
	const void *from = uio_run(uio, length);

	if (!*length)
		return 0;
	if (*length >= DIRECT_MIN || *length == uio->total) {
		if (*length > CONTROL_LENGTH_MAX)
			*length = CONTROL_LENGTH_MAX;
		uio_advance(uio, *length);
		return from;
	}
	if (uio->total <= sizeof(line)) {
		*length = gather(uio, line, sizeof(line));
		return line;
	}
	*length = gather(uio, pages_bounce(), BOUNCE_SIZE);
	return pages_bounce();
}

static int64_t broken(int error)
{
	if (error == -EPIPE)
		signal_send(SIGPIPE, &(struct signal_info){.code = SI_USER});
	return error;
}

/* Where output to a file goes: to /dev/tty, a terminal if there is one. */
static int output_stream(const struct file *file)
{
	bool elsewhere = !file->stream && !control_is_terminal(1) && control_is_terminal(2);

	return file->stream == 2 || elsewhere ? 2 : 1;
}

static int64_t console_write(struct file *file, struct uio *uio, uint64_t *offset)
{
	int stream = output_stream(file);
	int64_t done = 0;

	(void)offset;
	if (control_is_raw(stream))
		return terminal_write(file, stream, uio);
	while (uio->total) {
		size_t length;
		const void *piece = next_piece(uio, &length);
		int error = length ? control_write(stream, piece, length) : -EFAULT;

		if (error)
			return done ? done : broken(error);
		done += (int64_t)length;
	}
	return done;
}

static unsigned console_poll(struct file *file)
{
	unsigned events = POLLOUT | POLLWRNORM;

	if (control_is_raw(0) && control_is_raw(file->stream))
		return terminal_poll();
	if (file->stream == 0) {
		events = 0;
		if (input_ready(0))
			events = POLLIN | POLLRDNORM;
	}
	return events;
}

void console_note(const char *line, size_t length)
{
	if (control_is_raw(2))
		terminal_note(2, line, length);
	else
		control_write(2, line, length);
}

static int64_t input_available(struct file *file, uint64_t address)
{
	const int32_t count = console_poll(file) & POLLIN ? 1 : 0; /* at least */

	return put_user(address, count);
}

static int64_t console_ioctl(struct file *file, unsigned request, uint64_t argument)
{
	if (request == FIONREAD && file->stream == 0 && !control_is_raw(0))
		return input_available(file, argument);
	return file_is_terminal(file) ? terminal_ioctl(request, argument) : -ENOTTY;
}

const struct file_operations console_operations = {
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
};
