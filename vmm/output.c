/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/output.h"

#include <errno.h>
#include <fcntl.h>

int output_open(const char *what, const char *path, struct error *err)
{
	const int flags = O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	/* For writing alone, a FIFO without a reader could not be opened. */
	int fd = open(path, O_RDWR | flags, 0600);

	if (fd < 0 && errno == EACCES)
		fd = open(path, O_WRONLY | flags, 0600);
	return fd < 0 ? error_errno(err, "%s %s", what, path) : fd;
}
