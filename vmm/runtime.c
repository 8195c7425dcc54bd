/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/runtime.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>

/* Where in the executable's file an address of its read-only data comes from; 0: nowhere. */
static uint64_t file_offset(const uint8_t *address)
{
	const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);

	for (unsigned long i = 0; header && i < getauxval(AT_PHNUM); i++) {
		uint64_t into = (uintptr_t)address - header[i].p_vaddr;

		if (header[i].p_type == PT_LOAD && into < header[i].p_filesz)
			return header[i].p_offset + into;
	}
	return 0;
}

void runtime_open(struct image *image)
{
	*image = (struct image){
		.name = "runtime",
		.fd = -1,
		.data = runtime_elf,
		.size = (uint64_t)(runtime_elf_end - runtime_elf),
		.offset = file_offset(runtime_elf),
	};
	if (image->offset)
		image->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	image->mappable = image->fd >= 0;
}
