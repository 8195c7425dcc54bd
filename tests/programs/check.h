/* SPDX-License-Identifier: Apache-2.0 */
/* One line for each expectation that does not hold; the exit status says if there was one.
 * For test programs that run as guests, and on any Linux for comparison. */
#ifndef PROGRAMS_CHECK_H
#define PROGRAMS_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int check_failures;

static inline void check_that(int holds, const char *what, int line)
{
	if (holds)
		return;
	printf("line %d: %s: does not hold (errno %d, %s)\n", line, what, errno, strerror(errno));
	check_failures++;
}

#define CHECK(what) check_that(!!(what), #what, __LINE__)
/* The call fails with that error. */
#define CHECK_ERROR(call, error)                                                                   \
	(errno = 0, check_that((call) == -1 && errno == (error), #call " gives " #error, __LINE__))

static inline int check_result(void)
{
	printf(check_failures ? "%d failed\n" : "ok\n", check_failures);
	return check_failures != 0;
}
#endif
