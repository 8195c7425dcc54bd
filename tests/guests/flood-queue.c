/* SPDX-License-Identifier: Apache-2.0 */
/* Output without end, in long chains of the same bytes. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	virtio_start();
	for (int i = 0; i < QUEUE_SIZE; i++)
		descriptor(i, (const void *)RAM, 16 << 20, i < QUEUE_SIZE - 1 ? DESC_NEXT : 0,
			   (uint16_t)(i + 1));
	for (;;)
		virtio_send(0);
}
