/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "vmm/image.h"

enum { CPIO_HEADER = 110, CPIO_PAGE_SIZE = 4096 };

static int cpio_room(const struct cpio *cpio, const char *name, uint64_t length, struct error *err)
{
	if (length > cpio->limit - cpio->next)
		return error_set(err, ENOSPC,
				 "%s: memory is too small for the root: %llu bytes more are needed",
				 name, (unsigned long long)(length - (cpio->limit - cpio->next)));
	return 0;
}

/* Appends bytes and zeros up to the next multiple of 4; there is room for both. */
static void cpio_put(struct cpio *cpio, const void *bytes, uint64_t length)
{
	memory_write(cpio->memory, cpio->next, bytes, length);
	cpio->next += (length + 3) & ~3ull;
}

static size_t padded_name(const struct cpio *cpio, const char *name, enum cpio_align align)
{
	size_t length = strlen(name) + 1;
	uint64_t data = cpio->next + CPIO_HEADER + length;

	if (align == CPIO_PACKED)
		return length;
	return length + (size_t)(-data % CPIO_PAGE_SIZE);
}

/* Header and name; reserves room for the data that follows. */
static int cpio_head(struct cpio *cpio, const char *name, const struct stat *st, uint64_t size,
		     enum cpio_align align, struct error *err)
{
	char head[CPIO_HEADER + PATH_MAX + CPIO_PAGE_SIZE] = {0};
	size_t name_size;

	if (strlen(name) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "%.100s…: path too long", name);
	if (size > UINT32_MAX)
		return error_set(err, EFBIG, "%s: larger than 4 GiB", name);
	name_size = padded_name(cpio, name, align);
	int result = cpio_room(cpio, name, CPIO_HEADER + name_size + size + 8, err);
	if (result < 0)
		return result;
	snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s",
		 ++cpio->inode, st->st_mode, 0u, 0u, 1u, (unsigned int)st->st_mtime,
		 (unsigned int)size, 0u, 0u, 0u, 0u, (unsigned int)name_size, 0u, name);
	cpio_put(cpio, head, CPIO_HEADER + name_size);
	return 0;
}

int cpio_directory(struct cpio *cpio, const char *name, const struct stat *st, struct error *err)
{
	return cpio_head(cpio, name, st, 0, CPIO_PACKED, err);
}

int cpio_symlink(struct cpio *cpio, const char *name, const struct stat *st, const char *target,
		 struct error *err)
{
	int result = cpio_head(cpio, name, st, strlen(target), CPIO_PACKED, err);

	if (result < 0)
		return result;
	cpio_put(cpio, target, strlen(target));
	return 0;
}

int cpio_file(struct cpio *cpio, const char *name, const struct stat *st, int fd,
	      enum cpio_align align, struct error *err)
{
	uint64_t size = (uint64_t)st->st_size;
	struct image file = {.name = name, .fd = fd, .size = size};
	int result = cpio_head(cpio, name, st, size, align, err);

	if (result < 0 || !size)
		return result;
	result = image_read(&file, 0, memory_write_span(cpio->memory, cpio->next, size), size, err);
	cpio->next += (size + 3) & ~3ull;
	return result;
}

int cpio_end(struct cpio *cpio, struct error *err)
{
	struct stat st = {0};

	return cpio_head(cpio, "TRAILER!!!", &st, 0, CPIO_PACKED, err);
}
