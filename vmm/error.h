/* SPDX-License-Identifier: Apache-2.0 */
/* An error as a value: a code and one line that names the thing that is wrong
 * (file, field, register, address). The caller owns it; no heap. */
#ifndef MOTE_ERROR_H
#define MOTE_ERROR_H

#include <stddef.h>

struct error {
	int code; /* errno value, positive; 0 while nothing failed */
	char message[256]; /* one line, no newline at its end */
};

/* Records code and message; returns -code, so that a function can
 * `return error_set(err, EINVAL, "…")`. err must not be NULL. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Like error_set() with errno as the code and ": strerror" appended. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts words and ": " in front of the message that is there; the code stays. Returns -code. */
int error_about(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
