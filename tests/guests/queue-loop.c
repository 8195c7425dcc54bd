/* SPDX-License-Identifier: Apache-2.0 */
/* A chain whose descriptors form a ring. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	virtio_start();
	descriptor(0, "a", 1, DESC_NEXT, 1);
	descriptor(1, "b", 1, DESC_NEXT, 0);
	virtio_send(0);
	virtio_verdict();
}
