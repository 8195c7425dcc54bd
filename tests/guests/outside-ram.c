/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes past RAM, below it and in the holes between devices: 0, and nothing. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	/* With 32 MiB: behind RAM, far behind it, between devices, and the architecture's. */
	static const uint64_t places[] = {
		RAM + (32 << 20), RAM + (48 << 20), CONTROL + 0x1000, VIRTIO - 8,
		VIRTIO + 0x1000,  NOWHERE,          NOWHERE_TOO,
	};
	uint64_t seen = 0;

	(void)tree;
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (unsigned int size = 1; size <= 8; size *= 2) {
			seen |= load(places[i], size);
			store(places[i], size, ~0ull);
			seen |= load(places[i], size);
		}
	print_value("seen", seen);
}
