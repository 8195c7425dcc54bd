/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl, mostly on streams that have a terminal behind them. The terminal's own line
 * discipline is the host's; a program's settings are kept and given back. */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include <asm/ioctls.h>
#include <asm/termbits.h>

#include "console.h"
#include "control.h"
#include "node.h"
#include "signal_state.h"
#include "syscall.h"
#include "user.h"

#include <linux/stat.h>

/* A terminal as it is after login. */
static struct termios settings = {
	.c_iflag = ICRNL | IXON,
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
		 [VSUSP] = 26},
};

struct window {
	uint16_t rows, columns, width, height;
};

static struct window window; /* counts if a program set it */

static int64_t get_window(uint64_t address)
{
	struct window now = window;

	if (!now.rows && !now.columns) {
		now.rows = control_page()->rows;
		now.columns = control_page()->columns;
	}
	return put_user(address, now);
}

static int64_t set_settings(uint64_t address)
{
	return get_user(settings, address);
}

static int64_t input_available(struct file *file, uint64_t address)
{
	const int32_t count = file_poll(file) & 1 ? 1 : 0; /* at least */

	return put_user(address, count);
}

static int64_t put_number(uint64_t address, int32_t number)
{
	return put_user(address, number);
}

static int64_t terminal_ioctl(unsigned request, uint64_t argument)
{
	switch (request) {
	case TIOCGWINSZ:
		return get_window(argument);
	case TIOCSWINSZ:
		return get_user(window, argument);
	case TCGETS:
		return put_user(argument, settings);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(argument);
	case TIOCGPGRP:
	case TIOCGSID:
		return put_number(argument, PROCESS_ID);
	case TIOCSPGRP:
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TCSBRK:
	case TCXONC:
	case TCFLSH:
		return 0;
	default:
		return -ENOTTY;
	}
}

int64_t console_ioctl(struct file *file, unsigned request, uint64_t argument)
{
	if (request == FIONREAD && file->stream == 0)
		return input_available(file, argument);
	return file_is_terminal(file) ? terminal_ioctl(request, argument) : -ENOTTY;
}

static int64_t set_nonblocking(struct file *file, uint64_t address)
{
	int32_t on;

	if (get_user(on, address))
		return -EFAULT;
	file->flags = (file->flags & ~(unsigned)O_NONBLOCK) | (on ? O_NONBLOCK : 0);
	return 0;
}

static int64_t bytes_left(const struct file *file, uint64_t address)
{
	return put_number(address, file->node->size > file->offset
					   ? (int32_t)(file->node->size - file->offset)
					   : 0);
}

HANDLER(ioctl)
{
	struct file *file = descriptor_file(a[0]);

	if (!file)
		return -EBADF;
	switch ((unsigned)a[1]) {
	case FIONBIO:
		return set_nonblocking(file, a[2]);
	case FIOCLEX:
	case FIONCLEX:
		descriptor_set_flag((unsigned)a[0], (unsigned)a[1] == FIOCLEX);
		return 0;
	case FIONREAD:
		if (file->node && node_is(file->node, S_IFREG))
			return bytes_left(file, a[2]);
		break;
	}
	return file->operations->ioctl ? file->operations->ioctl(file, (unsigned)a[1], a[2])
				       : -ENOTTY;
}
