/* SPDX-License-Identifier: Apache-2.0 */
/* Stores to a device and loads from it, of each size, in every way that this processor has. */
#include "tests/guests/order.h"
#include "tests/guests/guest.h"
#include "tests/guests/ways.h"

static volatile struct order_page *const page = (struct order_page *)(RAM + ORDER_OFFSET);

static void access(const struct way *way, unsigned int size)
{
	volatile struct order_record *record = &page->records[page->count++];
	const uint64_t at = CONTROL + ORDER_BYTES;

	for (unsigned int i = 0; way->name[i]; i++)
		record->way[i] = way->name[i];
	record->size = size;
	record->swapped = way->swapped;
	store(at, 8, ~0ull);
	way->store(at, size, ORDER_VALUE(size));
	record->kept = load(at, size);
	record->loaded = way->load(at, size);
}

void guest_main(uint64_t tree)
{
	(void)tree;
	for (const struct way *way = ways; way->name; way++)
		for (unsigned int size = 1; size <= 8; size *= 2)
			access(way, size);
	store(CONTROL + ORDER_END, 8, 1);
}
