/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal behind the standard streams: the line discipline (tty.h) between the control
 * device and the program, where the host's terminal is raw and leaves that to us. */
#ifndef GUEST_TERMINAL_H
#define GUEST_TERMINAL_H

#include <stddef.h>
#include <stdint.h>

struct file;
struct uio;

/* Takes what has been typed, as far as there is room; signals may become pending. */
void terminal_input(void);
/* As a file's operations. */
int64_t terminal_read(struct file *file, struct uio *uio);
int64_t terminal_write(struct file *file, int stream, struct uio *uio);
unsigned terminal_poll(void);
/* The runtime's own words. */
void terminal_note(int stream, const char *bytes, size_t length);

/* For any stream that is a terminal: where it is not raw the host has the discipline, and a
 * program's settings are but kept and given back. -ENOTTY: no request of terminals. */
int64_t terminal_ioctl(unsigned request, uint64_t argument);
#endif
