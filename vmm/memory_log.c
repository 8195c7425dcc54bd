/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/memory_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/kvm.h"
#include "vmm/memory_parts.h"

/* A page's word in /proc/self/pagemap. */
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)

size_t memory_page_size(void)
{
	static size_t size; /* what it is set to is always the same */

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

static size_t page_count(const struct memory *memory)
{
	return memory->size / memory_page_size();
}

size_t memory_set_words(const struct memory *memory)
{
	return (page_count(memory) + 63) / 64;
}

struct memory_log *memory_log_create(int fd)
{
	struct memory_log *log = calloc(1, sizeof(*log));

	if (log)
		log->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (log && fd >= 0 && log->fd < 0) {
		free(log);
		return NULL;
	}
	return log;
}

void memory_log_destroy(struct memory_log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log->written);
	free(log->changed);
	free(log->earlier);
	free(log);
}

int memory_log_track(struct memory *memory, bool remap, struct error *err)
{
	size_t words = memory_set_words(memory);

	memory->log->remap = remap;
	memory->log->written = calloc(words, sizeof(uint64_t));
	memory->log->changed = calloc(words, sizeof(uint64_t));
	if (memory->log->written && memory->log->changed)
		return 0;
	return error_set(err, ENOMEM, "track_dirty_pages: out of memory");
}

bool memory_log_is_on(const struct memory *memory)
{
	return memory->log && memory->log->written;
}

void memory_log_written(const struct memory *memory, uint64_t address, uint64_t length)
{
	size_t page = memory_page_size();
	uint64_t first, last;

	if (!memory_log_is_on(memory) || !length)
		return;
	first = (address - memory->base) / page;
	last = (address - memory->base + length - 1) / page;
	for (uint64_t i = first; i <= last; i++)
		__atomic_fetch_or(&memory->log->written[i / 64], 1ull << (i % 64),
				  __ATOMIC_RELAXED);
}

void memory_log_file(const struct memory *memory, uint64_t address, uint64_t length)
{
	struct memory_log *log = memory->log;

	if (!log)
		return;
	if (log->file_count == MEMORY_FILES_MAX) {
		log->elsewhere = true;
		return;
	}
	log->files[log->file_count].offset = address - memory->base;
	log->files[log->file_count++].length = length;
}

void memory_log_elsewhere(const struct memory *memory)
{
	memory->log->elsewhere = true;
}

static void add_range(const struct memory *memory, uint64_t *set, uint64_t offset, uint64_t length)
{
	size_t page = memory_page_size();

	if (!length)
		return;
	for (uint64_t i = offset / page;
	     i <= (offset + length - 1) / page && i < page_count(memory); i++)
		set[i / 64] |= 1ull << (i % 64);
}

/* What of the file behind it is not a hole. */
static void add_file(const struct memory *memory, uint64_t *set)
{
	off_t at = 0, size = (off_t)memory->size;

	while (at < size) {
		off_t data = lseek(memory->log->fd, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			return;
		hole = data < 0 ? -1 : lseek(memory->log->fd, data, SEEK_HOLE);
		if (hole < 0) { /* a file system that can't tell */
			data = at;
			hole = size;
		}
		add_range(memory, set, (uint64_t)data, (uint64_t)(hole - data));
		at = hole;
	}
}

/* Adds the pages that this process has: only those that are private to it, or all. */
static bool add_present(const struct memory *memory, uint64_t *set, bool private_only)
{
	uint64_t entries[512];
	size_t count = page_count(memory);
	uint64_t first = (uintptr_t)memory->host / memory_page_size();
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0;

	for (size_t i = 0; whole && i < count; i += 512) {
		size_t part = count - i < 512 ? count - i : 512;

		whole = pread(fd, entries, part * 8, (off_t)((first + i) * 8)) ==
			(ssize_t)(part * 8);
		for (size_t k = 0; whole && k < part; k++)
			if (entries[k] & (PAGE_PRESENT | PAGE_SWAPPED) &&
			    !(private_only && entries[k] & PAGE_OF_FILE))
				set[(i + k) / 64] |= 1ull << ((i + k) % 64);
	}
	if (fd >= 0)
		close(fd);
	return whole;
}

uint64_t *memory_held(const struct memory *memory)
{
	const struct memory_log *log = memory->log;
	uint64_t *set = calloc(memory_set_words(memory), sizeof(*set));

	if (!set)
		return NULL;
	if (log->elsewhere || !add_present(memory, set, false))
		add_range(memory, set, 0, memory->size);
	if (log->fd >= 0)
		add_file(memory, set);
	for (unsigned int i = 0; i < log->file_count; i++)
		add_range(memory, set, log->files[i].offset, log->files[i].length);
	return set;
}

uint64_t *memory_touched(const struct memory *memory)
{
	uint64_t *set = calloc(memory_set_words(memory), sizeof(*set));

	if (set && add_present(memory, set, false))
		return set;
	free(set);
	return NULL;
}

/* From a file, what is private has been written; from nothing, what is there. */
static uint64_t *changed_untracked(const struct memory *memory)
{
	uint64_t *set;

	if (memory->log->fd < 0)
		return memory_held(memory);
	set = calloc(memory_set_words(memory), sizeof(*set));
	if (set && !add_present(memory, set, true))
		add_range(memory, set, 0, memory->size);
	return set;
}

static uint64_t *no_memory(struct error *err)
{
	error_set(err, ENOMEM, "dirty pages: out of memory");
	return NULL;
}

static bool in_set(const uint64_t *set, size_t page)
{
	return set[page / 64] >> (page % 64) & 1;
}

bool memory_set_next(const struct memory *memory, const uint64_t *set, uint64_t *offset,
		     uint64_t *length)
{
	size_t size = memory_page_size(), count = page_count(memory);
	size_t page = (*offset + *length) / size, first;

	while (page < count && !in_set(set, page))
		page = set[page / 64] >> (page % 64) ? page + 1 : (page / 64 + 1) * 64;
	first = page;
	while (page < count && in_set(set, page))
		page++;
	*offset = first * size;
	*length = (page - first) * size;
	return *length > 0;
}

/* Has KVM drop its translations of these pages, which stay as they are. */
static int forget_translations(const struct memory *memory, const uint64_t *set, struct error *err)
{
	uint64_t offset = 0, length = 0;

	while (memory_set_next(memory, set, &offset, &length))
		if (mprotect(memory->host + offset, length, PROT_READ) < 0 ||
		    mprotect(memory->host + offset, length, PROT_READ | PROT_WRITE) < 0)
			return error_errno(err, "dirty pages: mprotect");
	return 0;
}

int memory_log_fetch(const struct memory *memory, int vm_fd, uint64_t *set, struct error *err)
{
	struct kvm_dirty_log dirty = {.slot = 0, .dirty_bitmap = set};
	int result = kvm_ioctl(vm_fd, KVM_GET_DIRTY_LOG, &dirty);

	if (result < 0)
		return error_set(err, -result, "KVM_GET_DIRTY_LOG: %s", strerror(-result));
	return memory->log->remap ? forget_translations(memory, set, err) : 0;
}

uint64_t *memory_changed(const struct memory *memory, int vm_fd, struct error *err)
{
	struct memory_log *log = memory->log;
	size_t words = memory_set_words(memory);
	uint64_t *set = log->written ? calloc(words, sizeof(*set)) : changed_untracked(memory);
	int result;

	if (!set)
		return no_memory(err);
	if (!log->written)
		return set;
	result = memory_log_fetch(memory, vm_fd, set, err);
	log->fetched = true;
	for (size_t i = 0; i < words; i++) {
		log->changed[i] |=
			set[i] | __atomic_exchange_n(&log->written[i], 0, __ATOMIC_RELAXED);
		set[i] = log->changed[i];
	}
	if (result == 0)
		return set;
	free(set);
	return NULL;
}

void memory_log_settle(const struct memory *memory)
{
	struct memory_log *log = memory->log;
	size_t words = memory_set_words(memory);

	if (!log->changed)
		return;
	if (!log->earlier)
		log->earlier = calloc(words, sizeof(*log->earlier));
	log->lost |= !log->earlier;
	for (size_t i = 0; log->earlier && i < words; i++)
		log->earlier[i] |= log->changed[i];
	memset(log->changed, 0, words * sizeof(*log->changed));
}
