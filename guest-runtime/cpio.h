/* SPDX-License-Identifier: Apache-2.0 */
/* The initrd as a tree of nodes. */
#ifndef GUEST_CPIO_H
#define GUEST_CPIO_H

#include <stdbool.h>
#include <stddef.h>

struct node;
struct text;

bool cpio_is_archive(const void *archive, size_t size);
/* Adds the archive's entries under `root`: 0, or -errno with the reason and the entry's
 * name in `reason`. Files keep pointing into the archive. */
int cpio_unpack(const void *archive, size_t size, struct node *root, struct text *reason);
#endif
