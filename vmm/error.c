/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line, whatever was quoted in it. */
static void make_line(char *message)
{
	for (; *message; message++)
		if ((unsigned char)*message < ' ' || *message == 0x7f)
			*message = '?';
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	make_line(err->message);
	err->code = code;
	return -code;
}

int error_errno(struct error *err, const char *format, ...)
{
	int code = errno;
	const char *reason = strerror(code);
	/* A long name is cut, the reason is not. */
	size_t used, most = sizeof(err->message) - strlen(reason) - sizeof(": ");
	va_list args;

	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	if (used > most)
		used = most;
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", reason);
	make_line(err->message);
	err->code = code;
	return -code;
}

int error_about(struct error *err, const char *format, ...)
{
	char about[sizeof(err->message)], why[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(about, sizeof(about), format, args);
	va_end(args);
	memcpy(why, err->message, sizeof(why));
	return error_set(err, err->code, "%s: %s", about, why);
}
