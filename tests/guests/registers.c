/* SPDX-License-Identifier: Apache-2.0 */
/* Random values of random sizes into every register of every device, and reads between. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	static const uint64_t devices[] = {UART, CONTROL, VIRTIO};

	(void)tree;
	for (int i = 0; i < 10000; i++) {
		uint64_t random = random_next();
		unsigned int size = 1u << (random & 3);
		uint64_t offset = random >> 2 & (random & 1ull << 61 ? 0x1ff : 0xfff);
		uint64_t at = devices[(random >> 32) % 3] + (offset & ~(uint64_t)(size - 1));

		if (at == CONTROL + CONTROL_EXIT)
			continue;
		if (random & 1ull << 62)
			load(at, size);
		else
			store(at, size, random & 1ull << 63 ? random_next() : random >> 40 & 0xff);
	}
	store(UART + 3, 1, 0);
	store(UART + 4, 1, 0);
	print("\nstill here\n");
	virtio_verdict();
}
