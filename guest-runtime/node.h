/* SPDX-License-Identifier: Apache-2.0 */
/* The file system in memory: nodes, directory entries, contents.
 *
 * A regular file's contents are pages in a radix tree; where the tree has no page, the
 * bytes are those of the initrd (`image`) and zeros behind them. A write makes a page. The
 * pages are charged one by one: -ENOSPC when memory is short. */
#ifndef GUEST_NODE_H
#define GUEST_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_LENGTH_MAX 255
#define PATH_LENGTH_MAX 4096

struct device;
struct file;
struct uio;

struct entry {
	struct entry *next;
	struct node *node;
	struct node *directory;
	uint64_t cookie; /* grows along the list: where getdents goes on */
	uint32_t hash;
	uint16_t length;
	char name[];
};

struct node {
	unsigned references; /* entries, open files, areas, the working directory */
	unsigned links; /* entries */
	uint32_t mode; /* with the type */
	uint32_t uid, gid;
	uint64_t inode;
	int64_t accessed, modified, changed; /* nanoseconds since 1970 */
	uint64_t size;

	/* regular files and symbolic links */
	const uint8_t *image;
	uint64_t image_size;
	void *pages; /* radix tree, `depth` levels of tables above the pages */
	unsigned depth;
	uint64_t page_count;

	/* directories */
	struct entry *first, *last;
	struct node *parent; /* one reference, but for the root, which is its own */
	uint64_t next_cookie;
	/* Entries that are made up: a new node (one reference) or 0. */
	struct node *(*lookup)(struct node *directory, const char *name, size_t length);
	/* Makes the list of such a directory complete; called before it is read. */
	void (*refresh)(struct node *directory);

	struct entry *entry; /* where it was linked last, for its path; may be 0 */
	const struct device *device; /* character devices */
	void (*generate)(struct node *node); /* contents are made when it is opened */
	struct file *link_target; /* /proc/self/fd/N: borrowed */
};

/* One reference, the caller's; 0 when memory is short. */
struct node *node_create(uint32_t mode);
void node_get(struct node *node);
void node_put(struct node *node); /* null is fine */
static inline bool node_is(const struct node *node, uint32_t type)
{
	return (node->mode & 0170000) == type;
}
uint64_t node_count(void);
/* devices.c: the device whose mappings are plain memory. */
bool device_is_zero(const struct node *node);

/* Directory entries. entry_add: 0, -EEXIST, -ENOMEM (a reference is taken). */
struct entry *entry_find(const struct node *directory, const char *name, size_t length);
int entry_add(struct node *directory, const char *name, size_t length, struct node *node);
void entry_remove(struct node *directory, struct entry *entry);
bool directory_is_empty(const struct node *directory);
/* The path from the root; false when it does not fit or the node has none. */
bool node_path(const struct node *node, char *path, size_t size);
void node_set_parent(struct node *directory, struct node *parent);
void node_touch(struct node *node); /* modified now */

/* content.c: of regular files. Lengths are cut at the end of the file. */
size_t content_read(struct node *node, uint64_t offset, void *to, size_t length);
int64_t content_read_uio(struct node *node, uint64_t offset, struct uio *uio);
int64_t content_write(struct node *node, uint64_t offset, struct uio *uio);
int64_t content_append(struct node *node, const void *bytes, size_t length);
int content_resize(struct node *node, uint64_t size); /* -EFBIG */
/* Makes pages for the range, all or as far as memory goes: 0 or -ENOSPC. */
int content_reserve(struct node *node, uint64_t start, uint64_t end);
/* The file's own page, made earlier by content_reserve; 0: none. */
void *content_page(struct node *node, uint64_t offset);
void content_free(struct node *node);
#endif
