/* SPDX-License-Identifier: Apache-2.0 */
/* Raw mode on and off. */
#include "api/cli/terminal.h"

#include <errno.h>
#include <unistd.h>

int terminal_open(struct terminal *terminal, struct error *err)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal->before))
		return error_set(err, ENOTTY, "--tty: standard input is not a terminal");
	raw = terminal->before;
	cfmakeraw(&raw);
	/* Ctrl-C must reach a program that does not read: as a signal, which mote passes on. */
	raw.c_lflag |= ISIG;
	/* The guest has no line discipline: Enter ends a line, and a line returns the carriage. */
	raw.c_iflag |= ICRNL;
	raw.c_oflag |= OPOST | ONLCR;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
		return error_errno(err, "--tty");
	terminal->raw = true;
	return 0;
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
	terminal->raw = false;
}
