/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/standard.h"

#include <fcntl.h>
#include <sys/stat.h>
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

static uint64_t kept; /* 0: all */
static uint64_t written; /* atomic: since the last hole */

void standard_keep(uint64_t bytes)
{
	kept = bytes;
}

bool standard_keeps(void)
{
	return kept;
}

void standard_wrote(int fd, uint64_t bytes)
{
	struct stat file;

	if (!kept || fd > STDERR_FILENO ||
	    __atomic_add_fetch(&written, bytes, __ATOMIC_RELAXED) < kept)
		return;
	__atomic_store_n(&written, 0, __ATOMIC_RELAXED);
	/* Where a file system makes no holes, all is kept. */
	if (fstat(fd, &file) == 0 && (uint64_t)file.st_size > kept)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  file.st_size - (off_t)kept);
}
