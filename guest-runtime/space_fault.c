/* SPDX-License-Identifier: Apache-2.0 */
/* Page faults: which page belongs where. Every page taken here was charged with its area. */
#include <linux/signal.h>

#include "arch.h"
#include "node.h"
#include "pages.h"
#include "signal.h"
#include "space.h"
#include "string.h"

static uint64_t image_left(const struct area *area, uint64_t page)
{
	uint64_t offset = page - area->start;

	return offset < area->image_bytes ? area->image_bytes - offset : 0;
}

/* A page of the initrd, whole and aligned, can be shown as it is while nobody writes. */
static const void *page_shown(const struct area *area, uint64_t page)
{
	const uint8_t *bytes = area->image + (page - area->start);

	if (area->access & ACCESS_WRITE || physical(bytes) & PAGE_MASK ||
	    image_left(area, page) < PAGE_SIZE)
		return 0;
	return bytes;
}

static void *page_of_image(const struct area *area, uint64_t page)
{
	uint64_t left = image_left(area, page);
	size_t length = left < PAGE_SIZE ? left : PAGE_SIZE;
	void *copy = page_take_dirty();

	memcpy(copy, area->image + (page - area->start), length);
	memset((char *)copy + length, 0, PAGE_SIZE - length);
	return copy;
}

static void *page_of_node(const struct area *area, uint64_t page)
{
	char *copy = page_take_dirty();
	size_t length =
		content_read(area->node, area->offset + (page - area->start), copy, PAGE_SIZE);

	memset(copy + length, 0, PAGE_SIZE - length);
	return copy;
}

static void map(const struct area *area, uint64_t page, const void *contents, unsigned owned)
{
	unsigned access = area->access;

	if (!owned && !(area->flags & AREA_SHARED))
		access &= ~(unsigned)ACCESS_WRITE;
	if (access & ACCESS_EXEC)
		cpu_sync_text(contents, PAGE_SIZE);
	mmu_map(page, physical(contents), access | owned);
}

/* The first write to a page that was shown from the initrd. */
static void page_copy(const struct area *area, uint64_t page, uint64_t from)
{
	map(area, page, memcpy(page_take_dirty(), linear(from), PAGE_SIZE), MAP_OWNED);
}

/* The file may have grown since it was mapped: that page was never promised, and where
 * memory is short the access fails as it does beyond the end. */
static const void *page_shared(struct node *node, uint64_t offset)
{
	if (offset >= node->size || content_reserve(node, offset, offset + 1))
		return 0;
	return content_page(node, offset);
}

/* False: the address is beyond the end of the mapped file. */
static bool page_fill(const struct area *area, uint64_t page)
{
	const void *shared;

	if (area->flags & AREA_SHARED) {
		shared = page_shared(area->node, area->offset + (page - area->start));
		if (shared)
			map(area, page, shared, 0);
		return shared;
	}
	if (area->image) {
		shared = page_shown(area, page);
		if (shared)
			map(area, page, shared, 0);
		else if (image_left(area, page))
			map(area, page, page_of_image(area, page), MAP_OWNED);
		return shared || image_left(area, page);
	}
	if (area->node) {
		if (area->offset + (page - area->start) >= area->node->size)
			return false;
		map(area, page, page_of_node(area, page), MAP_OWNED);
		return true;
	}
	map(area, page, page_take(), MAP_OWNED);
	return true;
}

static void refuse(struct fault *fault, int signal, int code)
{
	fault->signal = signal;
	fault->code = code;
}

void space_fault(uint64_t address, unsigned access, struct fault *fault)
{
	const struct area *area = address < USER_END ? space_find(address) : 0;
	uint64_t page = page_down(address);
	struct mapping mapping;
	bool there = area && mmu_lookup(page, &mapping);

	fault->signal = 0;
	if (!area)
		refuse(fault, SIGSEGV, SEGV_MAPERR);
	else if ((area->access & access) != access)
		refuse(fault, SIGSEGV, SEGV_ACCERR);
	else if (there && (mapping.access & access) == access)
		return; /* a stale translation */
	else if (there && !(area->flags & AREA_SHARED))
		page_copy(area, page, mapping.physical);
	else if (!page_fill(area, page))
		refuse(fault, SIGBUS, BUS_ADRERR);
}

void space_populate(uint64_t start, uint64_t end)
{
	struct fault fault;

	for (uint64_t page = start; page < end; page += PAGE_SIZE)
		space_fault(page, ACCESS_READ, &fault);
}

/* Shared pages belong to the node, which keeps them. */
void space_discard(uint64_t start, uint64_t end)
{
	mmu_unmap(start, end);
}
