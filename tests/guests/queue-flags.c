/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of forbidden make: indirect, something to read behind something to write. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	static char buffer[16];

	(void)tree;
	virtio_start();
	descriptor(0, queue.descriptors, 16, DESC_INDIRECT, 0);
	virtio_send(0);
	print(virtio_read(0x70) & STATUS_NEEDS_RESET ? "refused " : "TAKEN ");
	virtio_start();
	descriptor(0, buffer, 16, DESC_WRITE | DESC_NEXT, 1);
	descriptor(1, buffer, 16, 0, 0);
	virtio_send(0);
	virtio_verdict();
}
