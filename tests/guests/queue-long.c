/* SPDX-License-Identifier: Apache-2.0 */
/* A chain that is longer than its queue: it leaves the table. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	virtio_start();
	for (int i = 0; i < QUEUE_SIZE; i++)
		descriptor(i, "x", 1, DESC_NEXT, (uint16_t)(i + 1));
	virtio_send(0);
	virtio_verdict();
}
