/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a newc cpio archive into guest memory, one entry after the other. Format: Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst. */
#ifndef MOTE_CPIO_H
#define MOTE_CPIO_H

#include <stdint.h>
#include <sys/stat.h>

#include "vmm/error.h"
#include "vmm/memory.h"

struct cpio {
	const struct memory *memory;
	uint64_t next; /* guest-physical: where the next byte goes */
	uint64_t limit; /* the first byte that it must not touch */
	uint32_t inode;
};

/* Pads the name with NULs until the entry's data starts at a page boundary. */
enum cpio_align { CPIO_PACKED, CPIO_PAGE };

/* A directory; a symbolic link to target; a regular file whose st->st_size bytes are read
 * from fd. name is relative to the archive's root. */
int cpio_directory(struct cpio *cpio, const char *name, const struct stat *st, struct error *err);
int cpio_symlink(struct cpio *cpio, const char *name, const struct stat *st, const char *target,
		 struct error *err);
int cpio_file(struct cpio *cpio, const char *name, const struct stat *st, int fd,
	      enum cpio_align align, struct error *err);

/* The trailer; cpio->next is the archive's end then. */
int cpio_end(struct cpio *cpio, struct error *err);

#endif
