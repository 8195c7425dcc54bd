/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor that is its own successor. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	virtio_start();
	descriptor(3, "a", 1, DESC_NEXT, 3);
	virtio_send(3);
	virtio_verdict();
}
