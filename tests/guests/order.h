/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest `order` and the program that runs it share, in a page of the guest's; and its
 * device, in the place of the control device. */
#ifndef TEST_GUEST_ORDER_H
#define TEST_GUEST_ORDER_H

#include <stdint.h>

enum { ORDER_OFFSET = 0x100000, ORDER_RECORDS = 16, ORDER_NAME = 32 }; /* in RAM */

/* Registers: eight bytes that keep what is stored in them, and one that ends the guest. */
enum { ORDER_BYTES = 0, ORDER_END = 8 };

/* Another value for each size. */
#define ORDER_VALUE(size) (0x1122334455667788ull >> (64 - 8 * (size)))

struct order_page {
	uint64_t count;
	struct order_record {
		char way[ORDER_NAME];
		uint64_t size, swapped;
		uint64_t kept; /* by the device, after this way's store */
		uint64_t loaded; /* by this way, after that */
	} records[ORDER_RECORDS];
};

#endif
