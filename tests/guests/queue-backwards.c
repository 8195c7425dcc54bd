/* SPDX-License-Identifier: Apache-2.0 */
/* An available index that runs backwards, and one that runs ahead of the queue. */
#include "tests/guests/guest.h"

static void attack(uint16_t step)
{
	virtio_start();
	descriptor(0, "1", 1, 0, 0);
	virtio_send(0);
	queue.available.index += step;
	guest_barrier();
	virtio_write(0x50, 1);
	print(virtio_read(0x70) & STATUS_NEEDS_RESET ? " refused " : " TAKEN ");
}

void guest_main(uint64_t tree)
{
	(void)tree;
	attack((uint16_t)-1);
	attack(QUEUE_SIZE + 1);
	attack(0x8000);
	virtio_verdict();
}
