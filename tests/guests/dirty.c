/* SPDX-License-Identifier: Apache-2.0 */
/* Says "ready", waits for a word of RAM, writes to as many pages of 64 KiB, or of 4 KiB where those
 * don't fit, as "value=" in the boot arguments says, says "done" and stands still. */
#include "tests/guests/guest.h"

#define GO (RAM + 0x100000)
#define HEAP (RAM + 0x200000)

void guest_main(uint64_t tree)
{
	uint64_t pages = boot_value(tree), stride = pages > 256 ? 4096 : 65536;

	print("ready\n");
	while (!load(GO, 4))
		;
	for (uint64_t i = 0; i < pages; i++)
		store(HEAP + i * stride, 8, i);
	print("done\n");
	for (;;)
		guest_barrier();
}
