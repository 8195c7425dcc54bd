/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what calls return, for programs that run on any Linux and in a microVM: what they
 * print must be the same. Nothing that differs from run to run may be printed. */
#ifndef PROGRAMS_DIFF_TRACE_H
#define PROGRAMS_DIFF_TRACE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void trace_result(int line, const char *what, long result)
{
	if (result == -1 && errno)
		printf("%d: %s: error %d, %s\n", line, what, errno, strerror(errno));
	else
		printf("%d: %s: %ld\n", line, what, result);
	fflush(stdout);
}

/* The result, or the error. */
#define TRACE(call) (errno = 0, trace_result(__LINE__, #call, (long)(call)))
/* Whether it holds: for results that differ, of which only that much is promised. */
#define HOLDS(what) printf("%d: %s: %s\n", __LINE__, #what, (what) ? "yes" : "no")

/* A new directory becomes the current one. */
static inline void trace_enter(void)
{
	char name[] = "/tmp/diff-XXXXXX";

	if (!mkdtemp(name) || chdir(name)) {
		perror(name);
		exit(125);
	}
}
#endif
