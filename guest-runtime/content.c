/* SPDX-License-Identifier: Apache-2.0 */
/* What is in regular files: a radix tree of pages over the bytes of the initrd. */
#include <linux/errno.h>

#include "arch.h"
#include "heap.h"
#include "node.h"
#include "pages.h"
#include "space.h"
#include "string.h"
#include "user.h"

#define FANOUT (PAGE_SIZE / sizeof(void *))
#define FANOUT_SHIFT 9
#define DEPTH_MAX 4
#define SIZE_MAX_FILE (1ull << (PAGE_SHIFT + FANOUT_SHIFT * DEPTH_MAX))

static const char zeros[512];

static uint64_t tree_pages(unsigned depth)
{
	return 1ull << (FANOUT_SHIFT * depth);
}

/* The slot of a page, or 0 where a table is missing. */
static void **slot_find(struct node *node, uint64_t index)
{
	void **slot = &node->pages;

	if (index >= tree_pages(node->depth))
		return 0;
	for (unsigned level = node->depth; level; level--) {
		void **table = *slot;

		if (!table)
			return 0;
		slot = &table[index >> (FANOUT_SHIFT * (level - 1)) & (FANOUT - 1)];
	}
	return slot;
}

/* One more level on top; an empty tree just becomes deeper. */
static bool tree_grow(struct node *node)
{
	void **table;

	if (node->pages) {
		table = page_create();
		if (!table)
			return false;
		table[0] = node->pages;
		node->pages = table;
	}
	node->depth++;
	return true;
}

static void **slot_create(struct node *node, uint64_t index)
{
	void **slot = &node->pages;

	while (index >= tree_pages(node->depth))
		if (!tree_grow(node))
			return 0;
	for (unsigned level = node->depth; level; level--) {
		void **table = *slot;

		if (!table)
			*slot = table = page_create();
		if (!table)
			return 0;
		slot = &table[index >> (FANOUT_SHIFT * (level - 1)) & (FANOUT - 1)];
	}
	return slot;
}

static size_t image_part(const struct node *node, uint64_t offset, size_t length)
{
	if (offset >= node->image_size)
		return 0;
	return length < node->image_size - offset ? length : node->image_size - offset;
}

/* The page as it may be written, made if need be; 0 when memory is short. */
static char *page_for_write(struct node *node, uint64_t index)
{
	uint64_t offset = index << PAGE_SHIFT;
	void **slot = slot_create(node, index);

	if (!slot)
		return 0;
	if (!*slot) {
		*slot = page_create();
		if (!*slot)
			return 0;
		node->page_count++;
		memcpy(*slot, node->image + offset, image_part(node, offset, PAGE_SIZE));
	}
	return *slot;
}

/* Bytes at an offset as they lie together: *length is cut to what does. */
static const char *bytes_at(struct node *node, uint64_t offset, size_t *length)
{
	size_t in_page = offset & PAGE_MASK, left = PAGE_SIZE - in_page, part;
	void **slot = slot_find(node, offset >> PAGE_SHIFT);

	if (!slot || !*slot) {
		part = image_part(node, offset, *length < left ? *length : left);
		if (part) {
			*length = part;
			return (const char *)node->image + offset;
		}
		left = left < sizeof(zeros) ? left : sizeof(zeros);
	}
	*length = *length < left ? *length : left;
	return slot && *slot ? (const char *)*slot + in_page : zeros;
}

static size_t cut(const struct node *node, uint64_t offset, size_t length)
{
	if (offset >= node->size)
		return 0;
	return length < node->size - offset ? length : node->size - offset;
}

size_t content_read(struct node *node, uint64_t offset, void *to, size_t length)
{
	size_t done = 0;

	length = cut(node, offset, length);
	while (done < length) {
		size_t n = length - done;
		const char *bytes = bytes_at(node, offset + done, &n);

		memcpy((char *)to + done, bytes, n);
		done += n;
	}
	return done;
}

int64_t content_read_uio(struct node *node, uint64_t offset, struct uio *uio)
{
	size_t length = cut(node, offset, uio->total), done = 0;

	while (done < length) {
		size_t n = length - done;
		const char *bytes = bytes_at(node, offset + done, &n);
		int64_t moved = uio_move(uio, (char *)bytes, n);

		if (moved < 0)
			return done ? (int64_t)done : moved;
		done += (size_t)moved;
		if ((size_t)moved < n)
			break;
	}
	return (int64_t)done;
}

static void grow_to(struct node *node, uint64_t size)
{
	if (size > node->size)
		node->size = size;
}

int64_t content_write(struct node *node, uint64_t offset, struct uio *uio)
{
	size_t length = uio->total, done = 0;
	int64_t moved;

	if (offset > SIZE_MAX_FILE || length > SIZE_MAX_FILE - offset)
		return -EFBIG;
	while (done < length) {
		size_t in_page = (offset + done) & PAGE_MASK, n = PAGE_SIZE - in_page;
		char *page = page_for_write(node, (offset + done) >> PAGE_SHIFT);

		moved = page ? uio_move(uio, page + in_page, n < length - done ? n : length - done)
			     : -ENOSPC;
		if (moved < 0)
			return done ? (int64_t)done : moved;
		done += (size_t)moved;
		grow_to(node, offset + done);
		if ((size_t)moved < n && done < length)
			break;
	}
	return (int64_t)done;
}

int64_t content_append(struct node *node, const void *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		size_t in_page = node->size & PAGE_MASK, n = PAGE_SIZE - in_page;
		char *page = page_for_write(node, node->size >> PAGE_SHIFT);

		if (!page)
			return -ENOSPC;
		if (n > length - done)
			n = length - done;
		memcpy(page + in_page, (const char *)bytes + done, n);
		done += n;
		node->size += n;
	}
	return (int64_t)done;
}

/* Frees the pages from `first` on; `base` is the index of the subtree's first page. True
 * when nothing is left of it. */
static bool tree_free(struct node *node, void **slot, unsigned level, uint64_t base, uint64_t first)
{
	void **table = *slot;
	bool empty = base >= first;

	if (!table || base + tree_pages(level) <= first)
		return !table;
	for (uint64_t i = 0; level && i < FANOUT; i++)
		empty &= tree_free(node, &table[i], level - 1, base + i * tree_pages(level - 1),
				   first);
	if (!empty)
		return false;
	if (!level)
		node->page_count--;
	page_destroy(table);
	*slot = 0;
	return true;
}

static void shrink(struct node *node, uint64_t size)
{
	size_t in_page = size & PAGE_MASK;
	void **slot;

	space_forget_node(node, page_up(size));
	tree_free(node, &node->pages, node->depth, 0, page_up(size) >> PAGE_SHIFT);
	if (node->image_size > size)
		node->image_size = size;
	slot = in_page ? slot_find(node, size >> PAGE_SHIFT) : 0;
	if (slot && *slot)
		memset((char *)*slot + in_page, 0, PAGE_SIZE - in_page);
}

int content_resize(struct node *node, uint64_t size)
{
	if (size > SIZE_MAX_FILE)
		return -EFBIG;
	if (size < node->size)
		shrink(node, size);
	node->size = size;
	return 0;
}

int content_reserve(struct node *node, uint64_t start, uint64_t end)
{
	for (uint64_t at = page_down(start); at < end; at += PAGE_SIZE)
		if (!page_for_write(node, at >> PAGE_SHIFT))
			return -ENOSPC;
	return 0;
}

void *content_page(struct node *node, uint64_t offset)
{
	void **slot = slot_find(node, offset >> PAGE_SHIFT);

	return slot ? *slot : 0;
}

void content_free(struct node *node)
{
	tree_free(node, &node->pages, node->depth, 0, 0);
}
