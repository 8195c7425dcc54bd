/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files for the tests, made by hand. Included once by each test program. */
#ifndef MOTE_TEST_ELF_H
#define MOTE_TEST_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

enum { TEST_ELF_SEGMENTS = 3, TEST_ELF_CODE = 64 };

/* A header, program headers and some bytes to load; good for a kernel and for a program. */
struct test_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[TEST_ELF_SEGMENTS];
	uint8_t code[TEST_ELF_CODE];
};

/* One segment at address, loaded from code, with as many zero bytes behind. */
static inline void test_elf_init(struct test_elf *elf, uint64_t address)
{
	memset(elf, 0, sizeof(*elf));
	elf->header = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = MOTE_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_entry = address,
		.e_phoff = offsetof(struct test_elf, segments),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	elf->segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(struct test_elf, code),
		.p_paddr = address,
		.p_vaddr = address,
		.p_filesz = TEST_ELF_CODE,
		.p_memsz = 2 * TEST_ELF_CODE,
	};
	for (int i = 0; i < TEST_ELF_CODE; i++)
		elf->code[i] = (uint8_t)(i + 1);
}

static UNUSED void test_elf_write(const char *path, uint64_t address)
{
	struct test_elf elf;

	test_elf_init(&elf, address);
	write_file(path, &elf, sizeof(elf));
}

#endif
