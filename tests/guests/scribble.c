/* SPDX-License-Identifier: Apache-2.0 */
/* Overwrites its own code's neighbours: all of RAM but itself, control page and tree too. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (uint64_t at = RAM + (1 << 20); at < RAM + (32 << 20); at += 8)
		store(at, 8, ~0ull);
	print("still here\n");
	store(CONTROL + CONTROL_EXIT, 8, CONTROL_EXIT_STATUS(CONTROL_PANIC, 0, 0));
}
