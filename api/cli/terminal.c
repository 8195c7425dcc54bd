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
