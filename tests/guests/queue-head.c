/* SPDX-License-Identifier: Apache-2.0 */
/* A head that the table does not have. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	virtio_start();
	virtio_send(0xffff);
	virtio_verdict();
}
