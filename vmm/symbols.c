/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/image.h"

enum { SECTIONS_MAX = 4096, SYMBOLS_MAX = 1 << 20, NAMES_MAX = 1 << 26 };

static int section_read(const struct image *image, const Elf64_Ehdr *elf, unsigned int index,
			Elf64_Shdr *section, struct error *err)
{
	if (index >= elf->e_shnum || elf->e_shnum > SECTIONS_MAX ||
	    elf->e_shentsize != sizeof(*section) || elf->e_shoff > image->size)
		return error_set(err, ENOEXEC, "%s: bad section headers", image->name);
	return image_read(image, elf->e_shoff + (uint64_t)index * sizeof(*section), section,
			  sizeof(*section), err);
}

/* The names, and a NUL behind them. */
static int names_read(struct symbols *symbols, const struct image *image, const Elf64_Shdr *strings,
		      struct error *err)
{
	int result;

	if (strings->sh_size > NAMES_MAX)
		return error_set(err, ENOEXEC, "%s: too many names", image->name);
	symbols->names = calloc(1, strings->sh_size + 1);
	if (!symbols->names)
		return error_set(err, ENOMEM, "symbols: out of memory");
	result = image_read(image, strings->sh_offset, symbols->names, strings->sh_size, err);
	return result;
}

static void keep_functions(struct symbols *symbols, const Elf64_Sym *table, size_t count,
			   uint64_t names)
{
	for (size_t i = 0; i < count; i++) {
		const Elf64_Sym *from = &table[i];

		if (ELF64_ST_TYPE(from->st_info) != STT_FUNC || from->st_name >= names)
			continue;
		symbols->list[symbols->count++] = (struct symbol){from->st_value, from->st_size,
								  symbols->names + from->st_name};
	}
}

static int table_read(struct symbols *symbols, const struct image *image, const Elf64_Shdr *section,
		      uint64_t names, struct error *err)
{
	size_t count = section->sh_size / sizeof(Elf64_Sym);
	Elf64_Sym *table;
	int result;

	if (section->sh_size > SYMBOLS_MAX * sizeof(Elf64_Sym))
		return error_set(err, ENOEXEC, "%s: too many symbols", image->name);
	table = calloc(count + 1, sizeof(*table));
	symbols->list = calloc(count + 1, sizeof(*symbols->list));
	if (!table || !symbols->list) {
		free(table);
		return error_set(err, ENOMEM, "symbols: out of memory");
	}
	result = image_read(image, section->sh_offset, table, count * sizeof(Elf64_Sym), err);
	if (result == 0)
		keep_functions(symbols, table, count, names);
	free(table);
	return result;
}

static int find_tables(struct symbols *symbols, const struct image *image, const Elf64_Ehdr *elf,
		       struct error *err)
{
	Elf64_Shdr section, strings;
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < elf->e_shnum; i++) {
		result = section_read(image, elf, i, &section, err);
		if (result < 0 || section.sh_type != SHT_SYMTAB)
			continue;
		result = section_read(image, elf, section.sh_link, &strings, err);
		if (result == 0)
			result = names_read(symbols, image, &strings, err);
		return result < 0 ? result
				  : table_read(symbols, image, &section, strings.sh_size, err);
	}
	return result;
}

int symbols_read(struct symbols *symbols, const char *path, struct error *err)
{
	struct image image;
	Elf64_Ehdr elf;
	int result = image_open(&image, path, err);

	*symbols = (struct symbols){0};
	if (result < 0)
		return result;
	result = image_read(&image, 0, &elf, sizeof(elf), err);
	if (result == 0)
		symbols->entry = elf.e_entry;
	if (result == 0 && elf.e_shnum)
		result = find_tables(symbols, &image, &elf, err);
	image_close(&image);
	if (result < 0)
		symbols->count = 0;
	return result;
}

void symbols_finish(struct symbols *symbols)
{
	free(symbols->list);
	free(symbols->names);
	*symbols = (struct symbols){0};
}

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	for (size_t i = 0; i < symbols->count; i++)
		if (address - symbols->list[i].start < symbols->list[i].size)
			return &symbols->list[i];
	return NULL;
}
