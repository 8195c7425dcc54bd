/* SPDX-License-Identifier: Apache-2.0 */
/* Executables from untrusted files: judged before a byte of them is used. Source: System V
 * ABI, chapter 4 and 5 (ELF). */
#ifndef MOTE_IMAGE_H
#define MOTE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/memory.h"

/* Bytes from a file or a part of one, or from memory. */
struct image {
	const char *name; /* for messages */
	int fd; /* the file, or -1: data */
	const uint8_t *data;
	uint64_t size;
	uint64_t offset; /* of the first byte in fd */
	bool mappable; /* fd cannot change: its pages may be shown in place of a copy */
};

/* Where a kernel ended up, guest-physical. */
struct image_place {
	uint64_t entry; /* first instruction */
	uint64_t end; /* first byte behind it, what it clears for itself included */
};

/* Opens a regular file; image_close() closes it. */
int image_open(struct image *image, const char *path, struct error *err);
void image_close(struct image *image);

/* Exactly length bytes from offset; -ENOEXEC with "truncated" if the image is shorter. */
int image_read(const struct image *image, uint64_t offset, void *buffer, uint64_t length,
	       struct error *err);

/* Whether it begins like an ELF file. */
bool image_is_elf(const struct image *image);

/* Loads a statically linked ELF kernel at its physical addresses, which must lie in memory. */
int image_load_elf(const struct image *image, const struct memory *memory,
		   struct image_place *place, struct error *err);

/* Whether this is a program that the runtime can start: an ELF of this architecture,
 * statically linked (static-PIE included). 0 or -ENOEXEC; the message begins with name and
 * says what it is. */
int image_check_application(const char *name, int fd, struct error *err);

#endif
