/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of physical pages. Pages that were never used are handed out in order and are
 * zero as they are; recycled ones are chained through their first word and cleared when
 * taken. Not a general allocator: one size, one owner. */
#include "pages.h"

#include <linux/errno.h>

#include "arch.h"
#include "panic.h"
#include "string.h"

struct free_page {
	struct free_page *next;
};

static struct {
	uint64_t fresh, end; /* never used: physical */
	struct free_page *recycled;
	uint64_t total, charged; /* pages */
	void *bounce;
} pool;

void pages_init(uint64_t start, uint64_t end)
{
	if (end < start + 2 * BOUNCE_SIZE)
		panic("the machine has too little memory");
	pool.bounce = linear(start);
	pool.fresh = start + BOUNCE_SIZE;
	pool.end = end;
	pool.total = (pool.end - pool.fresh) >> PAGE_SHIFT;
}

void *pages_bounce(void)
{
	return pool.bounce;
}

int pages_charge(uint64_t count)
{
	if (count > pool.total - pool.charged)
		return -ENOMEM;
	pool.charged += count;
	return 0;
}

void pages_uncharge(uint64_t count)
{
	pool.charged -= count;
}

uint64_t pages_total(void)
{
	return pool.total;
}

uint64_t pages_charged(void)
{
	return pool.charged;
}

static void *take_fresh(void)
{
	uint64_t page = pool.fresh;

	if (page == pool.end)
		panic("a page was promised that is not there");
	pool.fresh += PAGE_SIZE;
	/* A page that is read before it is written costs the host three faults, not one. */
	*(volatile uint64_t *)linear(page) = 0;
	return linear(page);
}

static void *take_recycled(void)
{
	struct free_page *page = pool.recycled;

	pool.recycled = page->next;
	return page;
}

void *page_take_dirty(void)
{
	return pool.recycled ? take_recycled() : take_fresh();
}

/* Recycled pages come first: a fresh one costs the host memory. */
void *page_take(void)
{
	if (!pool.recycled)
		return take_fresh();
	return memset(take_recycled(), 0, PAGE_SIZE);
}

void page_give(void *page)
{
	struct free_page *free = page;

	free->next = pool.recycled;
	pool.recycled = free;
}

void *page_create(void)
{
	return pages_charge(1) ? 0 : page_take();
}

void page_destroy(void *page)
{
	if (!page)
		return;
	page_give(page);
	pages_uncharge(1);
}
