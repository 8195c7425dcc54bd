/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers in the registers of devices, the queue's own included. */
#include "tests/guests/guest.h"

static void attack(uint64_t address)
{
	virtio_start();
	descriptor(0, (const void *)address, 16, 0, 0);
	virtio_send(0);
	print(virtio_read(0x70) & STATUS_NEEDS_RESET ? "refused " : "TAKEN ");
}

void guest_main(uint64_t tree)
{
	(void)tree;
	attack(VIRTIO + 0x50);
	attack(UART);
	attack(CONTROL + CONTROL_EXIT);
	virtio_verdict();
}
