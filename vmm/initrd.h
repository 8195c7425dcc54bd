/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the kernel in guest memory: an initrd file as it is, or an application:
 * its ELF alone, or a newc cpio archive made from its root directory. Host files are only
 * read; symbolic links inside the root are copied as links, never followed. */
#ifndef MOTE_INITRD_H
#define MOTE_INITRD_H

#include <limits.h>
#include <stdint.h>

#include "vmm/config.h"
#include "vmm/error.h"
#include "vmm/memory.h"

struct initrd {
	uint64_t start, end; /* guest-physical; start is page-aligned; equal: none */
	char program[PATH_MAX]; /* absolute path in the guest's file system; "" for a file */
};

/* Loads at start, never at or beyond limit; -ENOSPC names how much is missing. */
int initrd_load_file(struct initrd *initrd, const char *path, const struct memory *memory,
		     uint64_t start, uint64_t limit, struct error *err);

/* Where the program comes from: with a root, an absolute path that the root holds is the
 * root's; otherwise the path is the host's, and unless the root holds a file of its base
 * name already it is placed under / by that name. */
int initrd_load_application(struct initrd *initrd, const struct application *application,
			    const struct memory *memory, uint64_t start, uint64_t limit,
			    struct error *err);

/* Whether the program and its root are there and can be started: 0, -ENOENT, -ENOEXEC … */
int initrd_check_application(const struct application *application, struct error *err);

#endif
