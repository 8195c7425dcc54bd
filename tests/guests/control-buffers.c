/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers for the control device that wrap, lie outside RAM, or are RAM as a whole. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	static const uint64_t buffers[] = {
		CONTROL_BUFFER(0xfffffffffff, 0xfffff),
		CONTROL_BUFFER(0, 0xfffff),
		CONTROL_BUFFER(RAM + (32 << 20) - 1, 2),
		CONTROL_BUFFER(RAM - 1, 2),
		CONTROL_BUFFER(CONTROL, 8),
		CONTROL_BUFFER(0xfffffffffff, 1),
		~0ull,
	};

	(void)tree;
	for (unsigned int i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		for (uint64_t at = CONTROL_STDIN; at <= CONTROL_STDERR; at += 8)
			store(CONTROL + at, 8, buffers[i]);
	for (unsigned int size = 1; size <= 4; size *= 2)
		for (uint64_t at = 0; at < 0x40; at += size)
			store(CONTROL + at, size, 0x41414141);
	print("still here\n");
}
