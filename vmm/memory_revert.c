/* SPDX-License-Identifier: Apache-2.0 */
/* Memory back as it was loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/memory_parts.h"

/* From here to its end nothing of the range is this process's own. */
static int drop(const struct memory *memory, uint64_t offset, uint64_t length, struct error *err)
{
	if (madvise(memory->host + offset, length, MADV_DONTNEED) < 0)
		return error_errno(err, "guest memory: madvise");
	return 0;
}

/* Processors may have instructions of the old bytes. */
static int copy(const struct memory *memory, uint64_t offset, uint64_t length, struct error *err)
{
	char *to = (char *)memory->host + offset;
	uint64_t done = 0;

	while (done < length) {
		ssize_t got =
			pread(memory->log->fd, to + done, length - done, (off_t)(offset + done));

		if (got < 0 && errno != EINTR)
			return error_errno(err, "guest memory: the file behind it");
		if (got == 0)
			return error_set(err, EIO, "guest memory: the file behind it was cut off");
		done += got > 0 ? (uint64_t)got : 0;
	}
	__builtin___clear_cache(to, to + length);
	return 0;
}

/* Into *set; how many. What is told here is told once: the caller puts it back. */
static int take_dirty(const struct memory *memory, int vm_fd, uint64_t *set, size_t *pages,
		      struct error *err)
{
	struct memory_log *log = memory->log;
	size_t words = memory_set_words(memory);
	int result = memory_log_fetch(memory, vm_fd, set, err);

	*pages = 0;
	for (size_t i = 0; log->fetched && i < words; i++)
		set[i] |= log->changed[i] | (log->earlier ? log->earlier[i] : 0);
	for (size_t i = 0; result == 0 && i < words; i++) {
		uint64_t written = __atomic_load_n(&log->written[i], __ATOMIC_RELAXED);

		if (written) {
			set[i] |= written;
			__atomic_store_n(&log->written[i], 0, __ATOMIC_RELAXED);
		}
		if (set[i])
			*pages += (size_t)__builtin_popcountll(set[i]);
	}
	if (log->fetched) {
		memset(log->changed, 0, words * sizeof(*set));
		free(log->earlier);
		log->earlier = NULL;
		log->fetched = false;
	}
	return result;
}

static int put_back(const struct memory *memory, const uint64_t *set, struct error *err)
{
	uint64_t offset = 0, length = 0;
	int result = 0;

	while (result == 0 && memory_set_next(memory, set, &offset, &length))
		result = (memory->log->fd < 0 ? drop : copy)(memory, offset, length, err);
	return result;
}

int memory_revert(const struct memory *memory, int vm_fd, struct memory_reverted *what,
		  struct error *err)
{
	struct memory_log *log = memory->log;
	uint64_t *set;
	int result;

	*what = (struct memory_reverted){.tracked = log->written};
	if (!log->written) {
		what->dropped = true;
		return drop(memory, 0, memory->size, err);
	}
	set = malloc(memory_set_words(memory) * sizeof(*set));
	if (!set)
		return error_set(err, ENOMEM, "dirty pages: out of memory");
	result = take_dirty(memory, vm_fd, set, &what->pages, err);
	what->dropped = what->pages > MEMORY_COPY_MAX || log->lost;
	if (result == 0)
		result = what->dropped ? drop(memory, 0, memory->size, err)
				       : put_back(memory, set, err);
	log->lost = false;
	free(set);
	return result;
}
