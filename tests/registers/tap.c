/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/registers/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int points, failures;

static void say(const char *head, const char *format, va_list arguments)
{
	fputs(head, stdout);
	vprintf(format, arguments);
	putchar('\n');
	fflush(stdout);
}

bool tap_point(bool passed, const char *format, ...)
{
	va_list arguments;
	char head[32];

	points++;
	failures += !passed;
	snprintf(head, sizeof(head), "%sok %u - ", passed ? "" : "not ", points);
	va_start(arguments, format);
	say(head, format, arguments);
	va_end(arguments);
	return passed;
}

void tap_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("# ", format, arguments);
	va_end(arguments);
}

void tap_must(int result, const struct error *err)
{
	if (result >= 0)
		return;
	printf("Bail out! %s\n", err->message);
	exit(1);
}

int tap_end(void)
{
	printf("1..%u\n", points);
	return failures > 0;
}
