/* SPDX-License-Identifier: Apache-2.0 */
/* What Debian's archives of libraries, built for glibc with _FORTIFY_SOURCE, ask of the C library
 * and musl does not have. room is the size of the object at to, as far as their compiler knew it:
 * who would write beyond ends the process. Source: Linux Standard Base Core, "Interfaces for
 * libc", __vsnprintf_chk. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list list);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
char *__strncpy_chk(char *to, const char *from, size_t size, size_t room);

__attribute__((format(printf, 5, 0))) int
__vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list list)
{
	(void)flag;
	if (size > room)
		__builtin_trap();
	return vsnprintf(to, size, format, list);
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = __vsnprintf_chk(to, size, flag, room, format, list);
	va_end(list);
	return length;
}

char *__strncpy_chk(char *to, const char *from, size_t size, size_t room)
{
	if (size > room)
		__builtin_trap();
	return strncpy(to, from, size);
}
