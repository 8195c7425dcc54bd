/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest ELF that image_load_elf() takes, in place of vmm/runtime.S. */
#include <elf.h>

#include "arch/arm64/layout.h"
#include "vmm/runtime.h"

static const struct {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint8_t code[8];
} runtime_stub __attribute__((used)) = {
	.header =
		{
			.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_EXEC,
			.e_machine = MOTE_ELF_MACHINE,
			.e_entry = ARM64_RAM,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
	.segment =
		{
			.p_type = PT_LOAD,
			.p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
			.p_paddr = ARM64_RAM,
			.p_filesz = 8,
			.p_memsz = 0x1ff8,
		},
	.code = "runtime",
};
_Static_assert(sizeof(runtime_stub) == 128, "as below");

__asm__(".globl runtime_elf, runtime_elf_end\n"
	".set runtime_elf, runtime_stub\n"
	".set runtime_elf_end, runtime_stub + 128\n");
