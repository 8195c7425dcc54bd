/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/kvm.h"
#include "vmm/memory_log.h"

/* fd -1: zeros. */
static int memory_map(struct memory *memory, uint64_t base, uint64_t size, int fd,
		      struct error *err)
{
	int flags = MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	struct memory_log *log;

	if (host == MAP_FAILED)
		return error_errno(err, "guest memory of %llu MiB", (unsigned long long)size >> 20);
	log = memory_log_create(fd);
	if (!log) {
		munmap(host, size);
		return error_set(err, ENOMEM, "guest memory: out of memory");
	}
	*memory = (struct memory){.base = base, .size = size, .host = host, .log = log};
	return 0;
}

int memory_init(struct memory *memory, uint64_t base, uint64_t size, struct error *err)
{
	return memory_map(memory, base, size, -1, err);
}

int memory_init_file(struct memory *memory, uint64_t base, uint64_t size, int fd, struct error *err)
{
	return memory_map(memory, base, size, fd, err);
}

int memory_track(struct memory *memory, bool remap, struct error *err)
{
	return memory_log_track(memory, remap, err);
}

void memory_finish(struct memory *memory)
{
	if (memory->host)
		munmap(memory->host, memory->size);
	memory->host = NULL;
	memory_log_destroy(memory->log);
	memory->log = NULL;
}

int memory_attach(const struct memory *memory, int vm_fd, struct error *err)
{
	struct kvm_userspace_memory_region region = {
		.slot = 0,
		.flags = memory_log_is_on(memory) ? KVM_MEM_LOG_DIRTY_PAGES : 0,
		.guest_phys_addr = memory->base,
		.memory_size = memory->size,
		.userspace_addr = (uint64_t)(uintptr_t)memory->host,
	};
	int result = kvm_ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region);

	if (result < 0) {
		errno = -result;
		return error_errno(err, "KVM_SET_USER_MEMORY_REGION for %llu MiB",
				   (unsigned long long)memory->size >> 20);
	}
	return 0;
}

bool memory_contains(const struct memory *memory, uint64_t address, uint64_t length)
{
	return address >= memory->base && length <= memory->size &&
	       address - memory->base <= memory->size - length;
}

int memory_read(const struct memory *memory, uint64_t address, void *buffer, size_t length)
{
	if (!memory_contains(memory, address, length))
		return -EFAULT;
	memcpy(buffer, memory->host + (address - memory->base), length);
	return 0;
}

int memory_write(const struct memory *memory, uint64_t address, const void *buffer, size_t length)
{
	if (!memory_contains(memory, address, length))
		return -EFAULT;
	memcpy(memory->host + (address - memory->base), buffer, length);
	memory_log_written(memory, address, length);
	return 0;
}

int memory_write_text(const struct memory *memory, uint64_t address, const void *buffer,
		      size_t length)
{
	int result = memory_write(memory, address, buffer, length);
	char *text = (char *)memory->host + (address - memory->base);

	if (result == 0)
		__builtin___clear_cache(text, text + length);
	return result;
}

static void *memory_span(const struct memory *memory, uint64_t address, size_t length)
{
	if (!length || !memory_contains(memory, address, length))
		return NULL;
	return memory->host + (address - memory->base);
}

static void *memory_word(const struct memory *memory, uint64_t address, size_t size)
{
	return address % size ? NULL : memory_span(memory, address, size);
}

int memory_load16(const struct memory *memory, uint64_t address, uint16_t *value)
{
	uint16_t *word = memory_word(memory, address, sizeof(*word));

	if (!word)
		return -EFAULT;
	*value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	return 0;
}

int memory_store16(const struct memory *memory, uint64_t address, uint16_t value)
{
	uint16_t *word = memory_word(memory, address, sizeof(*word));

	if (!word)
		return -EFAULT;
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	memory_log_written(memory, address, sizeof(*word));
	return 0;
}

int memory_or64(const struct memory *memory, uint64_t address, uint64_t bits)
{
	uint64_t *word = memory_word(memory, address, sizeof(*word));

	if (!word)
		return -EFAULT;
	__atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
	memory_log_written(memory, address, sizeof(*word));
	return 0;
}

int memory_map_file(const struct memory *memory, uint64_t address, uint64_t length, int fd,
		    uint64_t offset)
{
	void *host = memory_span(memory, address, length);

	if (!host)
		return -EFAULT;
	if (mmap(host, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)offset) == MAP_FAILED)
		return -errno;
	memory_log_file(memory, address, length);
	memory_log_written(memory, address, length);
	return 0;
}

const void *memory_read_span(const struct memory *memory, uint64_t address, size_t length)
{
	return memory_span(memory, address, length);
}

void *memory_write_span(const struct memory *memory, uint64_t address, size_t length)
{
	void *span = memory_span(memory, address, length);

	if (span)
		memory_log_written(memory, address, length);
	return span;
}

/* In steps, since the host reads no more of each than of any file ahead: 128 KiB unless it was
 * told otherwise. */
void memory_prefetch(const struct memory *memory, uint64_t address, uint64_t length)
{
	const uint64_t most = 128 << 10;
	char *host = memory_span(memory, address, length);

	for (uint64_t at = 0; host && at < length; at += most)
		madvise(host + at, length - at < most ? length - at : most, MADV_WILLNEED);
}

uint64_t memory_resident(const struct memory *memory)
{
	unsigned char pages[4096];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), step = page * sizeof(pages);
	uint64_t resident = 0;

	for (uint64_t at = 0; at < memory->size; at += step) {
		size_t length = memory->size - at < step ? memory->size - at : step;

		if (mincore(memory->host + at, length, pages) < 0)
			break;
		for (size_t i = 0; i < (length + page - 1) / page; i++)
			resident += pages[i] & 1 ? page : 0;
	}
	return resident;
}
