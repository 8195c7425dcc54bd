/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal in raw mode while an application has it. */
#ifndef MOTE_CLI_TERMINAL_H
#define MOTE_CLI_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

#include "vmm/error.h"

struct terminal {
	bool raw;
	struct termios before;
};

/* Makes standard input's terminal raw: every key goes to the guest, whose terminal does the rest;
 * an error if it is none. */
int terminal_open(struct terminal *terminal, struct error *err);

/* Puts it back as it was; fine if it was never opened but is zeroed. */
void terminal_restore(struct terminal *terminal);

#endif
