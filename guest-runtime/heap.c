/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's small objects. A page, once carved, stays with its class: objects are few
 * and come back soon. */
#include "heap.h"

#include "arch.h"
#include "pages.h"
#include "string.h"

#define SMALLEST 5 /* log2 */
#define CLASSES 7

struct free_object {
	struct free_object *next;
};

static struct free_object *classes[CLASSES];
/* The rest of a page of zeros; all classes are carved from it, so that few pages do. */
static char *fresh;
static size_t left;

static unsigned class_of(size_t size)
{
	unsigned n = 0;

	while (((size_t)1 << (n + SMALLEST)) < size)
		n++;
	return n;
}

static void *take_fresh(size_t size)
{
	void *object;

	if (left < size) {
		char *page = page_create();

		if (!page)
			return 0;
		fresh = page;
		left = PAGE_SIZE;
	}
	object = fresh;
	fresh += size;
	left -= size;
	return object;
}

void *heap_alloc(size_t size)
{
	unsigned n = class_of(size);
	struct free_object *object;

	if (size > HEAP_MAX)
		return 0;
	object = classes[n];
	if (!object)
		return take_fresh((size_t)1 << (n + SMALLEST));
	classes[n] = object->next;
	return memset(object, 0, size);
}

void heap_free(void *object, size_t size)
{
	struct free_object *free = object;

	if (!object)
		return;
	free->next = classes[class_of(size)];
	classes[class_of(size)] = free;
}
