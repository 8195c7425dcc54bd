/* SPDX-License-Identifier: Apache-2.0 */
/* The list of areas and its charges. What is in the pages is space_fault.c's. */
#include "space.h"

#include <linux/errno.h>

#include "heap.h"
#include "node.h"
#include "pages.h"

static struct {
	struct area *first;
	uint64_t mmap_top;
	uint64_t charged; /* pages and tables, as pages.h counts them */
} space;

void space_init(uint64_t mmap_top)
{
	space.mmap_top = mmap_top;
}

struct area *space_first(void)
{
	return space.first;
}

uint64_t space_pages(void)
{
	return space.charged;
}

static uint64_t area_pages(const struct area *area)
{
	return (area->end - area->start) >> PAGE_SHIFT;
}

static bool area_populates(const struct area *area)
{
	return area->access || area->flags & AREA_CHARGED;
}

/* What the areas may come to need in all. */
static uint64_t space_need(void)
{
	uint64_t need = 0, previous_end = 0;

	for (const struct area *area = space.first; area; area = area->next) {
		if (!area_populates(area))
			continue;
		if (area->flags & AREA_CHARGED)
			need += area_pages(area);
		need += mmu_tables(area->start, area->end, previous_end);
		previous_end = area->end;
	}
	return need;
}

/* Brings the charge to what the list needs: 0 or -ENOMEM, and then nothing changed. */
static int space_charge(void)
{
	uint64_t need = space_need();
	int error = 0;

	if (need > space.charged)
		error = pages_charge(need - space.charged);
	else
		pages_uncharge(space.charged - need);
	if (!error)
		space.charged = need;
	return error;
}

/* Where an area with this start belongs. */
static struct area **place(uint64_t address)
{
	struct area **link = &space.first;

	while (*link && (*link)->end <= address)
		link = &(*link)->next;
	return link;
}

struct area *space_find(uint64_t address)
{
	struct area *area = *place(address);

	return area && area->start <= address ? area : 0;
}

bool space_is_free(uint64_t start, uint64_t end)
{
	const struct area *area = *place(start);

	return !area || area->start >= end;
}

bool space_is_mapped(uint64_t start, uint64_t end)
{
	for (const struct area *area = *place(start); start < end; area = area->next) {
		if (!area || area->start > start)
			return false;
		start = area->end;
	}
	return true;
}

/* Pages of zeros, and those shown from the initrd, need no charge until they're written. */
static bool needs_charge(const struct area *area)
{
	bool shown = area->image && (physical(area->image) & PAGE_MASK) == 0 &&
		     (area->image_bytes & PAGE_MASK) == 0;

	if (!area->access || area->flags & AREA_SHARED)
		return false;
	return area->access & ACCESS_WRITE || !shown;
}

static bool can_join(const struct area *a, const struct area *b)
{
	return a->end == b->start && a->access == b->access && a->flags == b->flags && !a->image &&
	       !b->image && !a->node && !b->node;
}

static void area_free(struct area *area)
{
	node_put(area->node);
	heap_free(area, sizeof(*area));
}

static void join_next(struct area *area)
{
	struct area *next = area->next;

	if (!next || !can_join(area, next))
		return;
	area->end = next->end;
	area->next = next->next;
	area_free(next);
}

/* Joins what can be joined around an address range. */
static void join_around(uint64_t start, uint64_t end)
{
	struct area *area = space.first;

	while (area && area->end < start)
		area = area->next;
	for (; area && area->start <= end; area = area->next) {
		uint64_t before;

		do {
			before = area->end;
			join_next(area);
		} while (area->end != before);
	}
}

int space_add(const struct area *area)
{
	struct area **link = place(area->start), *copy = heap_alloc(sizeof(*copy));
	int error;

	if (!copy)
		return -ENOMEM;
	*copy = *area;
	if (needs_charge(copy))
		copy->flags |= AREA_CHARGED;
	copy->next = *link;
	*link = copy;
	error = space_charge();
	if (error) {
		*link = copy->next;
		heap_free(copy, sizeof(*copy));
		return error;
	}
	if (copy->node)
		node_get(copy->node);
	join_around(area->start, area->end);
	return 0;
}

static void area_advance(struct area *area, uint64_t bytes)
{
	area->start += bytes;
	area->offset += bytes;
	if (area->image) {
		area->image += bytes;
		area->image_bytes = area->image_bytes > bytes ? area->image_bytes - bytes : 0;
	}
}

/* After this no area reaches over the address. */
static int space_split(uint64_t address)
{
	struct area *area = space_find(address), *rest;

	if (!area || area->start == address)
		return 0;
	rest = heap_alloc(sizeof(*rest));
	if (!rest)
		return -ENOMEM;
	*rest = *area;
	area_advance(rest, address - area->start);
	area->end = address;
	area->next = rest;
	if (rest->node)
		node_get(rest->node);
	/* An image that ends in the first part leaves the second one with no bytes. */
	if (area->image && area->image_bytes > address - area->start)
		area->image_bytes = address - area->start;
	return 0;
}

static int split_both(uint64_t start, uint64_t end)
{
	int error = space_split(start);

	return error ? error : space_split(end);
}

/* Tables in the gap around start … end, which has just become empty, are of no use now. */
static void trim_gap(uint64_t start, uint64_t end)
{
	uint64_t low = 0, high = USER_END;

	for (const struct area *area = space.first; area; area = area->next) {
		if (area->end <= start && area_populates(area))
			low = area->end;
		if (area->start >= end && area_populates(area)) {
			high = area->start;
			break;
		}
	}
	mmu_trim(low, high);
}

int space_remove(uint64_t start, uint64_t end)
{
	struct area **link;
	int error = split_both(start, end);

	if (error)
		return error;
	mmu_unmap(start, end);
	link = place(start);
	while (*link && (*link)->start < end) {
		struct area *area = *link;

		*link = area->next;
		area_free(area);
	}
	trim_gap(start, end);
	return space_charge();
}

static void set_access(struct area *area, unsigned access, unsigned *old_flags)
{
	*old_flags = area->flags;
	area->access = access;
	if (needs_charge(area))
		area->flags |= AREA_CHARGED;
}

/* One area, whole. */
static int area_protect(struct area *area, unsigned access)
{
	unsigned old_access = area->access, old_flags;
	int error;

	set_access(area, access, &old_flags);
	error = space_charge();
	if (error) {
		area->access = old_access;
		area->flags = old_flags;
		return error;
	}
	if (area_populates(area)) {
		mmu_protect(area->start, area->end, access);
	} else { /* not charged any more, so nothing may stay */
		mmu_unmap(area->start, area->end);
		trim_gap(area->start, area->end);
	}
	return 0;
}

int space_protect(uint64_t start, uint64_t end, unsigned access)
{
	uint64_t at = start;
	int error;

	if (access & ACCESS_WRITE && access & ACCESS_EXEC)
		return -EACCES;
	error = split_both(start, end);
	for (struct area *area = space_find(start); !error && at < end; area = area->next) {
		if (!area || area->start > at) /* a hole: what is before it is changed */
			error = -ENOMEM;
		else if (access & ACCESS_WRITE && area->flags & AREA_READ_ONLY)
			error = -EACCES;
		else
			error = area_protect(area, access);
		if (error)
			break;
		at = area->end;
	}
	join_around(start, end);
	return error;
}

uint64_t space_gap(uint64_t size)
{
	uint64_t low = USER_START, best = 0;

	for (const struct area *area = space.first; area; area = area->next) {
		uint64_t high = area->start < space.mmap_top ? area->start : space.mmap_top;

		if (high > low && high - low >= size)
			best = high - size;
		low = area->end;
	}
	if (low < space.mmap_top && space.mmap_top - low >= size)
		best = space.mmap_top - size;
	return best;
}

int space_extend(struct area *area, uint64_t size)
{
	int error;

	area->end += size;
	error = space_charge();
	if (error)
		area->end -= size;
	else
		join_around(area->start, area->end);
	return error;
}

static void pages_move(uint64_t from, uint64_t to, uint64_t size)
{
	struct mapping mapping;

	for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
		if (!mmu_lookup(from + at, &mapping))
			continue;
		mmu_map(to + at, mapping.physical,
			mapping.access | (mapping.owned ? MAP_OWNED : 0));
		mmu_release(from + at);
	}
}

int space_move(uint64_t from, uint64_t to, uint64_t size)
{
	struct area copy, *old;
	int error = split_both(from, from + size);

	if (error)
		return error;
	old = space_find(from);
	copy = *old;
	copy.start = to;
	copy.end = to + size;
	/* The old area's charge is given up first: the pages are the same. Its tables stay. */
	old->flags &= ~(unsigned)AREA_CHARGED;
	old->access |= ACCESS_READ;
	error = space_add(&copy);
	if (error) {
		old->flags = copy.flags;
		old->access = copy.access;
		return error;
	}
	pages_move(from, to, size);
	return space_remove(from, from + size);
}

void space_forget_node(const struct node *node, uint64_t offset)
{
	for (struct area *area = space.first; area; area = area->next) {
		uint64_t start = area->start;

		if (area->node != node || !(area->flags & AREA_SHARED))
			continue;
		if (offset > area->offset)
			start += offset - area->offset;
		if (start < area->end)
			mmu_unmap(start, area->end);
	}
}
