/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set by the build: EM_AARCH64 or EM_PPC64 and its name. */
static const uint16_t image_machine = MOTE_ELF_MACHINE;

enum { IMAGE_SEGMENTS_MAX = 64 };

int image_open(struct image *image, const char *path, struct error *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, EINVAL, "%s: not a regular file", path);
	}
	*image = (struct image){.name = path, .fd = fd, .size = (uint64_t)st.st_size};
	return 0;
}

void image_close(struct image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}

int image_read(const struct image *image, uint64_t offset, void *buffer, uint64_t length,
	       struct error *err)
{
	uint8_t *to = buffer;

	if (offset > image->size || length > image->size - offset)
		return error_set(
			err, ENOEXEC, "%s: truncated: %llu bytes at offset %llu are missing",
			image->name, (unsigned long long)length, (unsigned long long)offset);
	if (image->fd < 0) {
		memcpy(to, image->data + offset, length);
		return 0;
	}
	while (length > 0) {
		ssize_t got = pread(image->fd, to, length, (off_t)(image->offset + offset));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "%s: reading", image->name);
		if (got == 0)
			return error_set(err, ENOEXEC, "%s: became shorter", image->name);
		to += got;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return 0;
}

bool image_is_elf(const struct image *image)
{
	char magic[SELFMAG];
	struct error err;

	return image->size >= SELFMAG && image_read(image, 0, magic, SELFMAG, &err) == 0 &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_AARCH64:
		return "arm64";
	case EM_PPC64:
		return "ppc64";
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i386";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv";
	case EM_S390:
		return "s390";
	default:
		return "another architecture";
	}
}

static int elf_check_header(const struct image *image, const Elf64_Ehdr *header, struct error *err)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG))
		return error_set(err, ENOEXEC, "%s: not an ELF file", image->name);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, ENOEXEC, "%s: not a 64-bit little-endian ELF file",
				 image->name);
	if (header->e_machine != image_machine)
		return error_set(err, ENOEXEC, "%s: built for %s, this host runs %s", image->name,
				 machine_name(header->e_machine), machine_name(image_machine));
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return error_set(err, ENOEXEC, "%s: not an executable (ELF type %u)", image->name,
				 header->e_type);
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum < 1 ||
	    header->e_phnum > IMAGE_SEGMENTS_MAX)
		return error_set(err, ENOEXEC, "%s: %u program headers of %u bytes", image->name,
				 header->e_phnum, header->e_phentsize);
	return 0;
}

/* Reads and judges the header and the program headers. */
static int elf_open(const struct image *image, Elf64_Ehdr *header, Elf64_Phdr *segments,
		    struct error *err)
{
	int result;

	if (image->size < SELFMAG)
		return error_set(err, ENOEXEC, "%s: not an ELF file", image->name);
	memset(header, 0, sizeof(*header));
	result = image_read(image, 0, header->e_ident, SELFMAG, err);
	if (result < 0)
		return result;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG))
		return error_set(err, ENOEXEC, "%s: not an ELF file", image->name);
	result = image_read(image, 0, header, sizeof(*header), err);
	if (result < 0)
		return result;
	result = elf_check_header(image, header, err);
	if (result < 0)
		return result;
	return image_read(image, header->e_phoff, segments, header->e_phnum * sizeof(Elf64_Phdr),
			  err);
}

static bool segment_counts(const Elf64_Phdr *segment)
{
	return segment->p_type == PT_LOAD && segment->p_memsz > 0;
}

static int segment_check(const struct image *image, const Elf64_Phdr *segment,
			 const struct memory *memory, struct error *err)
{
	if (segment->p_filesz > segment->p_memsz)
		return error_set(err, ENOEXEC, "%s: segment at 0x%llx: larger in the file",
				 image->name, (unsigned long long)segment->p_paddr);
	if (!memory_contains(memory, segment->p_paddr, segment->p_memsz))
		return error_set(err, ENOEXEC,
				 "%s: segment of 0x%llx bytes at 0x%llx lies outside memory",
				 image->name, (unsigned long long)segment->p_memsz,
				 (unsigned long long)segment->p_paddr);
	return 0;
}

static bool segments_overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	return a->p_paddr < b->p_paddr + b->p_memsz && b->p_paddr < a->p_paddr + a->p_memsz;
}

/* Every segment inside memory, no two on the same bytes. */
static int segments_check(const struct image *image, const Elf64_Phdr *segments, unsigned int count,
			  const struct memory *memory, struct error *err)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!segment_counts(&segments[i]))
			continue;
		int result = segment_check(image, &segments[i], memory, err);

		if (result < 0)
			return result;
		for (unsigned int j = 0; j < i; j++)
			if (segment_counts(&segments[j]) &&
			    segments_overlap(&segments[i], &segments[j]))
				return error_set(err, ENOEXEC, "%s: segments %u and %u overlap",
						 image->name, j, i);
	}
	return 0;
}

/* Shows the segment's pages as they are in the file: what the guest does not touch costs
 * nothing then. What the file has behind a read-only segment may show in its last page. How
 * many of the segment's bytes are there now. */
static uint64_t segment_map(const struct image *image, const Elf64_Phdr *segment,
			    const struct memory *memory)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), offset = image->offset + segment->p_offset;
	uint64_t length = segment->p_filesz & ~(page - 1);

	if (!(segment->p_flags & PF_W))
		length = (segment->p_filesz + page - 1) & ~(page - 1);
	if (!image->mappable || !length || segment->p_offset > image->size ||
	    length > image->size - segment->p_offset || offset % page || segment->p_paddr % page ||
	    memory_map_file(memory, segment->p_paddr, length, image->fd, offset) < 0)
		return 0;
	return length < segment->p_filesz ? length : segment->p_filesz;
}

static int segment_load(const struct image *image, const Elf64_Phdr *segment,
			const struct memory *memory, struct error *err)
{
	uint64_t mapped = segment_map(image, segment, memory);
	uint64_t rest = segment->p_filesz - mapped;

	if (!rest)
		return 0;
	return image_read(image, segment->p_offset + mapped,
			  memory_write_span(memory, segment->p_paddr + mapped, rest), rest, err);
}

int image_load_elf(const struct image *image, const struct memory *memory,
		   struct image_place *place, struct error *err)
{
	Elf64_Phdr segments[IMAGE_SEGMENTS_MAX];
	Elf64_Ehdr header;
	int result = elf_open(image, &header, segments, err);

	if (result == 0)
		result = segments_check(image, segments, header.e_phnum, memory, err);
	if (result < 0)
		return result;
	*place = (struct image_place){.entry = header.e_entry, .end = memory->base};
	if (!memory_contains(memory, place->entry, 4))
		return error_set(err, ENOEXEC, "%s: entry 0x%llx lies outside memory", image->name,
				 (unsigned long long)place->entry);
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (!segment_counts(segment))
			continue;
		result = segment_load(image, segment, memory, err);
		if (result < 0)
			return result;
		if (segment->p_paddr + segment->p_memsz > place->end)
			place->end = segment->p_paddr + segment->p_memsz;
	}
	return 0;
}

int image_check_application(const char *name, int fd, struct error *err)
{
	struct image image = {.name = name, .fd = fd};
	Elf64_Phdr segments[IMAGE_SEGMENTS_MAX];
	Elf64_Ehdr header;
	struct stat st;
	int result;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ENOEXEC, "%s: not a regular file", name);
	image.size = (uint64_t)st.st_size;
	result = elf_open(&image, &header, segments, err);
	if (result < 0)
		return result;
	for (unsigned int i = 0; i < header.e_phnum; i++)
		if (segments[i].p_type == PT_INTERP)
			return error_set(err, ENOEXEC,
					 "%s: dynamically linked; build it statically, for example "
					 "with mote-cc",
					 name);
	return 0;
}
