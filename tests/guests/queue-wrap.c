/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths and addresses whose sum wraps, and a buffer that ends one byte behind RAM. */
#include "tests/guests/guest.h"

static void attack(uint64_t address, uint32_t length)
{
	virtio_start();
	descriptor(0, (const void *)address, length, 0, 0);
	virtio_send(0);
	print(virtio_read(0x70) & STATUS_NEEDS_RESET ? "refused " : "TAKEN ");
}

void guest_main(uint64_t tree)
{
	(void)tree;
	attack(~0ull, 2);
	attack(~0ull - 0xfff, 0x40001000);
	attack(RAM + 1, 0xffffffff);
	attack(RAM + (32 << 20) - 15, 16);
	attack(NOWHERE, 1);
	virtio_verdict();
}
