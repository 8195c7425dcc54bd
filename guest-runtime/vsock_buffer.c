/* SPDX-License-Identifier: Apache-2.0 */
/* What a socket has received and nobody has read. Pages are charged for all that the peer may send,
 * so that taking one in cannot fail; they are there only while they hold something. */
#include <linux/errno.h>

#include "arch.h"
#include "pages.h"
#include "string.h"
#include "user.h"
#include "vsock.h"

#define PAGE_BYTES (PAGE_SIZE - sizeof(struct vsock_page *))

struct vsock_page {
	struct vsock_page *next;
	char bytes[PAGE_BYTES];
};

/* One more than full ones: neither end need be at a page's. */
int buffer_reserve(struct vsock_buffer *buffer, size_t bytes)
{
	uint64_t pages = bytes / PAGE_BYTES + 2;

	if (pages <= buffer->charged)
		return 0;
	if (pages_charge(pages - buffer->charged))
		return -ENOMEM;
	buffer->charged = pages;
	return 0;
}

size_t buffer_room(const struct vsock_buffer *buffer)
{
	return (buffer->charged - 1) * PAGE_BYTES - buffer->used;
}

static void add_page(struct vsock_buffer *buffer)
{
	struct vsock_page *page = page_take_dirty();

	page->next = 0;
	if (buffer->last)
		buffer->last->next = page;
	else
		buffer->first = page;
	buffer->last = page;
	buffer->end = 0;
}

static void drop_page(struct vsock_buffer *buffer)
{
	struct vsock_page *page = buffer->first;

	buffer->first = page->next;
	buffer->start = 0;
	if (!buffer->first)
		buffer->last = 0;
	page_give(page);
}

void buffer_put(struct vsock_buffer *buffer, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length) {
		size_t part;

		if (!buffer->last || buffer->end == PAGE_BYTES)
			add_page(buffer);
		part = PAGE_BYTES - buffer->end;
		if (part > length)
			part = length;
		memcpy(buffer->last->bytes + buffer->end, from, part);
		buffer->end += part;
		buffer->used += part;
		from += part;
		length -= part;
	}
}

static int64_t peek(const struct vsock_buffer *buffer, struct uio *to)
{
	size_t start = buffer->start, left = buffer->used;
	int64_t done = 0;

	for (struct vsock_page *page = buffer->first; page && to->total && left;
	     page = page->next) {
		size_t part = PAGE_BYTES - start < left ? PAGE_BYTES - start : left;
		int64_t moved = uio_move(to, page->bytes + start, part);

		if (moved < 0)
			return done ? done : moved;
		done += moved;
		left -= part;
		start = 0;
	}
	return done;
}

int64_t buffer_take(struct vsock_buffer *buffer, struct uio *to, bool keep)
{
	int64_t done = 0;

	if (keep)
		return peek(buffer, to);
	while (buffer->used && to->total) {
		size_t part = PAGE_BYTES - buffer->start;
		int64_t moved;

		if (part > buffer->used)
			part = buffer->used;
		moved = uio_move(to, buffer->first->bytes + buffer->start, part);
		if (moved < 0)
			return done ? done : moved;
		done += moved;
		buffer->start += (size_t)moved;
		buffer->used -= (size_t)moved;
		if (buffer->start == PAGE_BYTES || !buffer->used)
			drop_page(buffer);
	}
	return done;
}

void buffer_free(struct vsock_buffer *buffer)
{
	while (buffer->first)
		drop_page(buffer);
	buffer->used = 0;
	pages_uncharge(buffer->charged);
	buffer->charged = 0;
}
