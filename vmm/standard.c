/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/standard.h"

#include <fcntl.h>
#include <unistd.h>

int standard_fill(struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The wrong way round; the lowest free number is taken. */
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) < 0)
			return error_errno(err, "/dev/null");
	}
	return 0;
}
