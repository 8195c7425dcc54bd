/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/kvm.h"

int memory_init(struct memory *memory, uint64_t base, uint64_t size, struct error *err)
{
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		return error_errno(err, "guest memory of %llu MiB", (unsigned long long)size >> 20);
	*memory = (struct memory){.base = base, .size = size, .host = host};
	return 0;
}

void memory_finish(struct memory *memory)
{
	if (memory->host)
		munmap(memory->host, memory->size);
	memory->host = NULL;
}

int memory_attach(const struct memory *memory, int vm_fd, struct error *err)
{
	struct kvm_userspace_memory_region region = {
		.slot = 0,
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

static void *memory_word(const struct memory *memory, uint64_t address, size_t size)
{
	return address % size ? NULL : memory_write_span(memory, address, size);
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
	return 0;
}

int memory_or64(const struct memory *memory, uint64_t address, uint64_t bits)
{
	uint64_t *word = memory_word(memory, address, sizeof(*word));

	if (!word)
		return -EFAULT;
	__atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
	return 0;
}

int memory_map_file(const struct memory *memory, uint64_t address, uint64_t length, int fd,
		    uint64_t offset)
{
	void *host = memory_write_span(memory, address, length);

	if (!host)
		return -EFAULT;
	if (mmap(host, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)offset) == MAP_FAILED)
		return -errno;
	return 0;
}

const void *memory_read_span(const struct memory *memory, uint64_t address, size_t length)
{
	return memory_write_span(memory, address, length);
}

void *memory_write_span(const struct memory *memory, uint64_t address, size_t length)
{
	if (!length || !memory_contains(memory, address, length))
		return NULL;
	return memory->host + (address - memory->base);
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
