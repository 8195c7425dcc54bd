/* SPDX-License-Identifier: Apache-2.0 */
/* Rings behind RAM, in device registers, out of line, at the end of addresses. */
#include "tests/guests/guest.h"

static void attack(uint64_t descriptors, uint64_t available, uint64_t used)
{
	const uint64_t places[] = {descriptors, available, used};

	virtio_start();
	virtio_write(0x44, 0);
	for (uint32_t i = 0; i < 3; i++) {
		virtio_write(0x80 + 0x10 * i, (uint32_t)places[i]);
		virtio_write(0x84 + 0x10 * i, (uint32_t)(places[i] >> 32));
	}
	virtio_write(0x44, 1);
	descriptor(0, "!", 1, 0, 0);
	virtio_send(0);
	virtio_send(0);
	print(virtio_read(0x44) == 0                   ? "not ready "
	      : virtio_read(0x70) & STATUS_NEEDS_RESET ? "refused "
						       : "TAKEN ");
}

void guest_main(uint64_t tree)
{
	uint64_t d = (uint64_t)queue.descriptors, a = (uint64_t)&queue.available,
		 u = (uint64_t)&queue.used;

	(void)tree;
	attack(~0xfull, a, u);
	attack(d, ~1ull, u);
	attack(d, a, ~3ull);
	attack(UART, a, u);
	attack(d, VIRTIO, u);
	attack(d, a, CONTROL);
	attack(RAM + (32 << 20) - 8, a, u);
	attack(d + 1, a, u);
	attack(d, a + 1, u);
	attack(d, a, u + 1);
	virtio_verdict();
}
