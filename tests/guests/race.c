/* SPDX-License-Identifier: Apache-2.0 */
/* Two vCPUs at one queue without a lock: both write its ring, notify and reset. */
#include "tests/guests/guest.h"

static volatile uint32_t running;

static void race(uint64_t mix)
{
	for (int i = 0; i < 3000; i++) {
		uint64_t random = random_next() * 0x9e3779b97f4a7c15 + mix;

		descriptor((int)(random >> 60), "-", random >> 40 & 1, random >> 41 & 1,
			   random >> 42 & 15);
		queue.available.ring[random >> 20 & 15] = random >> 56 & 15;
		queue.available.index++;
		virtio_write(0x50, 1);
		if (!(random >> 30 & 63))
			virtio_start();
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
}

void guest_second(void)
{
	race(1);
}

void guest_main(uint64_t tree)
{
	(void)tree;
	running = 2;
	virtio_start();
	if (!guest_start_second())
		print("no second vCPU\n");
	race(0);
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST))
		;
	print("\nstill here\n");
	virtio_verdict();
}
