/* SPDX-License-Identifier: Apache-2.0 */
/* A core file: headers, notes, and then the pages in the order of their addresses. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/arch_debug.h"
#include "vmm/bytes.h"
#include "vmm/crash.h"
#include "vmm/symbols.h"

/* What a guest may have mapped is bounded by this, not by its page tables. */
enum { SEGMENTS_MAX = 32768, COPY_MAX = 16384, NOTES_MAX = 4096 };

struct segment {
	uint64_t address, physical, size;
};

struct core {
	const struct crash *crash;
	int fd;
	size_t count;
	uint64_t left; /* bytes that it may still get */
	uint8_t notes[NOTES_MAX];
	size_t notes_length;
	struct segment segments[SEGMENTS_MAX]; /* each contiguous in both address spaces */
};

static bool add_page(void *context, uint64_t address, uint64_t physical, uint64_t size)
{
	struct core *core = context;
	struct segment *last = core->count ? &core->segments[core->count - 1] : NULL;

	if (size > core->left || !memory_contains(core->crash->memory, physical, size))
		return true; /* a device's, or more than there can be */
	core->left -= size;
	if (last && last->address + last->size == address &&
	    last->physical + last->size == physical) {
		last->size += size;
		return true;
	}
	if (core->count == SEGMENTS_MAX)
		return false;
	core->segments[core->count++] = (struct segment){address, physical, size};
	return true;
}

static void note(struct core *core, uint32_t type, const void *bytes, size_t length)
{
	static const char owner[8] = "CORE";
	const Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = (uint32_t)length, .n_type = type};
	uint8_t *to = core->notes + core->notes_length;

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), owner, sizeof(owner));
	memcpy(to + sizeof(header) + sizeof(owner), bytes, length);
	core->notes_length += sizeof(header) + sizeof(owner) + ((length + 3) & ~(size_t)3);
}

/* struct elf_prstatus of a 64-bit Linux: signal, process, times, registers. */
static int note_status(struct core *core, struct error *err)
{
	enum { CURSIG = 12, PID = 32, REGISTERS = 112, STATUS_MAX = REGISTERS + 64 * 8 };
	uint8_t status[STATUS_MAX] = {0};
	unsigned int count = arch_core_register_count;
	int result = 0;

	bytes_store_le(status, 4, (uint64_t)core->crash->signal);
	bytes_store_le(status + CURSIG, 2, (uint64_t)core->crash->signal);
	bytes_store_le(status + PID, 4, 1);
	for (unsigned int i = 0; result == 0 && i < count; i++) {
		uint64_t value = 0;

		if (arch_core_registers[i] != 0xffff)
			result = reg_get(&core->crash->vcpu->regs, arch_core_registers[i], &value,
					 err);
		bytes_store_le(status + REGISTERS + 8 * i, 8, value);
	}
	note(core, NT_PRSTATUS, status, REGISTERS + 8 * count + 8);
	return result;
}

/* struct elf_prpsinfo: gdb shows the name. */
static void note_process(struct core *core)
{
	enum { NAME = 40, NAME_SIZE = 16, ARGUMENTS = 56, ARGUMENTS_SIZE = 80, SIZE = 136 };
	const char *slash = strrchr(core->crash->program, '/');
	const char *name = slash ? slash + 1 : core->crash->program;
	uint8_t info[SIZE] = {0};

	memcpy(info + NAME, name, strnlen(name, NAME_SIZE - 1));
	memcpy(info + ARGUMENTS, name, strnlen(name, ARGUMENTS_SIZE - 1));
	note(core, NT_PRPSINFO, info, sizeof(info));
}

/* Where the program begins: by that gdb finds out where a static-PIE is. */
static void note_auxiliary(struct core *core)
{
	struct symbols symbols;
	struct error err;
	uint64_t vector[4] = {AT_ENTRY, 0, AT_NULL, 0};

	symbols_read(&symbols, core->crash->program, &err);
	vector[1] = symbols.entry + core->crash->bias;
	symbols_finish(&symbols);
	note(core, NT_AUXV, vector, sizeof(vector));
}

static int put(struct core *core, const void *bytes, size_t length, struct error *err)
{
	const char *from = bytes;

	while (length) {
		ssize_t count = write(core->fd, from, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_errno(err, "core file");
		from += count;
		length -= (size_t)count;
	}
	return 0;
}

static int put_headers(struct core *core, struct error *err)
{
	Elf64_Ehdr elf = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = MOTE_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(core->count + 1),
	};
	uint64_t offset = sizeof(elf) + (core->count + 1) * sizeof(Elf64_Phdr);
	Elf64_Phdr header = {.p_type = PT_NOTE, .p_offset = offset, .p_filesz = core->notes_length};
	int result = put(core, &elf, sizeof(elf), err);

	if (result == 0)
		result = put(core, &header, sizeof(header), err);
	offset += core->notes_length;
	for (size_t i = 0; result == 0 && i < core->count; i++) {
		const struct segment *segment = &core->segments[i];

		header = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = offset,
			.p_vaddr = segment->address,
			.p_filesz = segment->size,
			.p_memsz = segment->size,
			.p_align = 1,
		};
		offset += segment->size;
		result = put(core, &header, sizeof(header), err);
	}
	return result < 0 ? result : put(core, core->notes, core->notes_length, err);
}

static int put_segment(struct core *core, const struct segment *segment, struct error *err)
{
	uint8_t bytes[COPY_MAX];
	int result = 0;

	for (uint64_t at = 0; result == 0 && at < segment->size; at += sizeof(bytes)) {
		size_t length =
			segment->size - at < sizeof(bytes) ? segment->size - at : sizeof(bytes);

		result = memory_read(core->crash->memory, segment->physical + at, bytes, length);
		if (result == 0)
			result = put(core, bytes, length, err);
	}
	return result;
}

static int core_put(struct core *core, struct error *err)
{
	int result =
		arch_user_pages(&core->crash->vcpu->regs, core->crash->memory, add_page, core, err);

	if (result == 0 || result == -ECANCELED)
		result = note_status(core, err);
	if (result < 0)
		return result;
	note_process(core);
	note_auxiliary(core);
	result = put_headers(core, err);
	for (size_t i = 0; result == 0 && i < core->count; i++)
		result = put_segment(core, &core->segments[i], err);
	return result;
}

int crash_core(const struct crash *crash, const char *path, struct error *err)
{
	struct core *core = calloc(1, sizeof(*core)); /* most of it is never touched */
	int result;

	if (!core)
		return error_set(err, ENOMEM, "core file: out of memory");
	core->crash = crash;
	core->left = 2 * crash->memory->size;
	core->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	result = core->fd < 0 ? error_errno(err, "core file %s", path) : core_put(core, err);
	if (core->fd >= 0)
		close(core->fd);
	free(core);
	return result;
}
