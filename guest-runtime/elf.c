/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the application: ELF-64, little-endian, static or static-PIE. The file is
 * untrusted; each number is held against the file and the user's half of the address space
 * before it is used. Segments become areas over the initrd: no byte is copied here. */
#include <linux/elf.h>
#include <linux/errno.h>

#include "node.h"
#include "program.h"
#include "space.h"
#include "string.h"

#define HEADERS_MAX 64
#define ALIGN_MAX (1ull << 30)

static int refuse(struct text *reason, const char *problem)
{
	text_string(reason, program.path);
	text_string(reason, ": ");
	text_string(reason, problem);
	return -ENOEXEC;
}

static const char *header_problem(const Elf64_Ehdr *elf, uint64_t size)
{
	if (size < sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG))
		return "not an ELF file";
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB)
		return "not a 64-bit little-endian ELF file";
	if (elf->e_machine != ELF_MACHINE_NATIVE)
		return "made for another architecture";
	if (!elf_flags_fit(elf->e_flags))
		return "made for another ABI of the architecture";
	if (elf->e_type != ET_EXEC && elf->e_type != ET_DYN)
		return "not an executable";
	if (elf->e_phentsize != sizeof(Elf64_Phdr) || !elf->e_phnum || elf->e_phnum > HEADERS_MAX)
		return "bad program headers";
	if (elf->e_phoff & 7 || elf->e_phoff > size ||
	    size - elf->e_phoff < elf->e_phnum * sizeof(Elf64_Phdr))
		return "program headers beyond the end of the file";
	return 0;
}

static unsigned segment_access(const Elf64_Phdr *segment)
{
	return (segment->p_flags & PF_R ? ACCESS_READ : 0) |
	       (segment->p_flags & PF_W ? ACCESS_READ | ACCESS_WRITE : 0) |
	       (segment->p_flags & PF_X ? ACCESS_READ | ACCESS_EXEC : 0);
}

/* `limit` is the end of the segment before; addresses are those in the file. */
static const char *segment_problem(const Elf64_Phdr *segment, uint64_t size, uint64_t bias,
				   uint64_t limit)
{
	uint64_t start = segment->p_vaddr;

	if (segment->p_filesz > segment->p_memsz)
		return "a segment is larger in the file than in memory";
	if (segment->p_offset > size || segment->p_filesz > size - segment->p_offset)
		return "a segment is beyond the end of the file";
	if (start > USER_END || segment->p_memsz > USER_END - start ||
	    start + segment->p_memsz > USER_END - bias - PAGE_SIZE)
		return "a segment is outside of the address space";
	if (start + bias < USER_START)
		return "a segment is in the lowest pages";
	if ((start ^ segment->p_offset) & PAGE_MASK)
		return "a segment is not aligned";
	if (page_down(start) < limit)
		return "segments overlap or are not in order";
	if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return "a segment is both writable and executable";
	return 0;
}

/* The segment's pages with bytes of the file. A read-only one may show what stands in the
 * file around it, a writable one ends where its bytes end. */
static int map_file_part(const struct program *program, const Elf64_Phdr *segment)
{
	uint64_t start = page_down(segment->p_vaddr), end;
	uint64_t skip = segment->p_vaddr - start;
	struct area area = {.access = segment_access(segment)};

	if (!segment->p_filesz)
		return 0;
	end = segment->p_vaddr + segment->p_filesz;
	area.start = program->base + start;
	area.end = program->base + page_up(end);
	area.image = program->node->image + segment->p_offset - skip;
	area.image_bytes = end - start;
	if (!(area.access & ACCESS_WRITE) && segment->p_memsz == segment->p_filesz)
		area.image_bytes = page_up(end) - start;
	return space_add(&area);
}

static int map_zero_part(const struct program *program, const Elf64_Phdr *segment)
{
	uint64_t start = page_up(segment->p_vaddr + segment->p_filesz);
	uint64_t end = page_up(segment->p_vaddr + segment->p_memsz);
	struct area area = {.access = segment_access(segment)};

	if (!segment->p_filesz)
		start = page_down(segment->p_vaddr);
	if (start >= end)
		return 0;
	area.start = program->base + start;
	area.end = program->base + end;
	return space_add(&area);
}

static void note_segment(struct program *program, const Elf64_Ehdr *elf, const Elf64_Phdr *segment)
{
	uint64_t start = program->base + segment->p_vaddr;

	if (!program->start)
		program->start = page_down(start);
	program->end = page_up(start + segment->p_memsz);
	if (segment->p_flags & PF_X) {
		program->text_start = start;
		program->text_end = start + segment->p_filesz;
	}
	if (elf->e_phoff >= segment->p_offset &&
	    elf->e_phoff - segment->p_offset < segment->p_filesz)
		program->headers = start + (elf->e_phoff - segment->p_offset);
}

static int map_segment(struct program *program, const Elf64_Ehdr *elf, const Elf64_Phdr *segment,
		       uint64_t limit, struct text *reason)
{
	const char *problem = segment_problem(segment, program->node->size, program->base, limit);

	if (problem)
		return refuse(reason, problem);
	if (map_file_part(program, segment) || map_zero_part(program, segment))
		return refuse(reason, "too large for the machine's memory");
	note_segment(program, elf, segment);
	return 0;
}

static int map_segments(struct program *program, const Elf64_Ehdr *elf, const Elf64_Phdr *segments,
			struct text *reason)
{
	uint64_t limit = 0;
	int error = 0;

	for (unsigned i = 0; i < elf->e_phnum && !error; i++) {
		if (segments[i].p_type == PT_INTERP)
			return refuse(reason, "dynamically linked: link it with -static");
		if (segments[i].p_type != PT_LOAD || !segments[i].p_memsz)
			continue;
		error = map_segment(program, elf, &segments[i], limit, reason);
		limit = page_up(segments[i].p_vaddr + segments[i].p_memsz);
	}
	if (!error && !program->text_end)
		return refuse(reason, "no executable segment");
	return error;
}

/* Down to what the strictest segment asks for, within reason. */
static uint64_t align_bias(const Elf64_Ehdr *elf, uint64_t bias)
{
	const Elf64_Phdr *segments = (const void *)((const char *)elf + elf->e_phoff);
	uint64_t align = PAGE_SIZE;

	for (unsigned i = 0; i < elf->e_phnum; i++) {
		uint64_t wanted = segments[i].p_align;

		if (segments[i].p_type == PT_LOAD && wanted > align && wanted <= ALIGN_MAX &&
		    !(wanted & (wanted - 1)))
			align = wanted;
	}
	return bias & -align;
}

int elf_load(struct program *program, uint64_t bias, struct text *reason)
{
	const Elf64_Ehdr *elf = (const void *)program->node->image;
	const char *problem;

	/* Headers are read where they are: they must be aligned as the structs are. */
	if ((uintptr_t)elf & 3)
		return refuse(reason, "not aligned in the archive");
	problem = header_problem(elf, program->node->size);
	if (problem)
		return refuse(reason, problem);
	program->base = elf->e_type == ET_DYN ? align_bias(elf, bias) : 0;
	program->entry = program->base + elf->e_entry;
	program->header_count = elf->e_phnum;
	return map_segments(program, elf, (const void *)((const char *)elf + elf->e_phoff), reason);
}
