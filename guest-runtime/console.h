/* SPDX-License-Identifier: Apache-2.0 */
/* The three standard streams, as files over the control device. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stddef.h>

#include "file.h"

extern const struct file_operations console_operations;

/* The control device's interrupt came: input may be there. */
void console_input_possible(void);
/* The runtime's own words on stderr. */
void console_note(const char *line, size_t length);
#endif
