/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/dev/control_abi.h"
#include "vmm/snapshot_files.h"

/* From `at` on the next bytes that are no hole, in whole pages: where they are and how many; 0:
 * none is left. A file system that can't tell has no holes. */
static size_t next_run(int fd, off_t size, off_t *at)
{
	off_t data = lseek(fd, *at, SEEK_DATA), hole;

	if (*at >= size || (data < 0 && errno == ENXIO))
		return 0;
	hole = data < 0 ? size : lseek(fd, data, SEEK_HOLE);
	if (data < 0 || hole < 0) {
		data = *at;
		hole = size;
	}
	data &= ~(off_t)(MEMORY_SUM_PAGE - 1);
	*at = data > *at ? data : *at;
	hole = (hole + MEMORY_SUM_PAGE - 1) & ~(off_t)(MEMORY_SUM_PAGE - 1);
	if (hole > size)
		hole = size;
	return hole - *at < SNAPSHOT_RUN_BYTES ? (size_t)(hole - *at) : SNAPSHOT_RUN_BYTES;
}

int snapshot_memory_walk(int fd, const char *path,
			 int (*visit)(void *context, uint64_t offset, const uint8_t *bytes,
				      size_t length, struct error *err),
			 void *context, struct error *err)
{
	uint8_t *bytes = malloc(SNAPSHOT_RUN_BYTES);
	struct stat status;
	int result = 0;
	size_t length;
	off_t at = 0;

	if (!bytes)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	if (fstat(fd, &status) < 0)
		result = error_errno(err, "%s", path);
	while (result == 0 && (length = next_run(fd, status.st_size, &at)) > 0) {
		result = snapshot_file_read(fd, path, bytes, length, (uint64_t)at, err);
		if (result == 0)
			result = visit(context, (uint64_t)at, bytes, length, err);
		at += (off_t)length;
	}
	free(bytes);
	return result;
}

static int add_sum(void *context, uint64_t offset, const uint8_t *bytes, size_t length,
		   struct error *err)
{
	uint64_t *sum = context;

	(void)err;
	for (size_t i = 0; i + MEMORY_SUM_PAGE <= length; i += MEMORY_SUM_PAGE)
		*sum += memory_page_sum(offset + i, bytes + i);
	return 0;
}

int snapshot_memory_sum(int fd, const char *path, uint64_t *sum, struct error *err)
{
	*sum = 0;
	return snapshot_memory_walk(fd, path, add_sum, sum, err);
}

/* A Diff's memory by itself has the sum that its state tells; on its base it has another. */
static int judge_diff(const struct state_header *header, int fd, const char *path,
		      struct error *err)
{
	uint64_t sum;
	int result = snapshot_memory_sum(fd, path, &sum, err);

	if (result < 0 || sum != header->memory_sum)
		return result;
	return error_set(err, EINVAL,
			 "%s: a Diff's memory by itself; it has to be merged onto its base", path);
}

int snapshot_memory_judge(const struct state_header *header, int fd, const char *path,
			  struct error *err)
{
	uint8_t mark[STATE_ID_SIZE];
	struct stat status;
	int result;

	if (header->memory_size < CONTROL_AREA_SIZE || header->memory_size > INT64_MAX ||
	    header->memory_size % MEMORY_SUM_PAGE)
		return error_set(err, EINVAL, "%s: impossible size of memory", path);
	if (fstat(fd, &status) < 0)
		return error_errno(err, "%s", path);
	if ((uint64_t)status.st_size != header->memory_size)
		return error_set(err, EINVAL, "%s: %llu bytes, the snapshot's memory has %llu",
				 path, (unsigned long long)status.st_size,
				 (unsigned long long)header->memory_size);
	result =
		snapshot_file_read(fd, path, mark, sizeof(mark),
				   header->memory_size - CONTROL_AREA_SIZE + CONTROL_SNAPSHOT, err);
	if (result < 0)
		return result;
	if (memcmp(mark, header->id, sizeof(mark)) != 0)
		return error_set(err, EINVAL, "%s: the memory of another snapshot", path);
	return header->kind == STATE_DIFF ? judge_diff(header, fd, path, err) : 0;
}
