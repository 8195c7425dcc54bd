/* SPDX-License-Identifier: Apache-2.0 */
/* Random hypercalls, then a reset. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (int i = 0; i < 2000; i++)
		guest_random_call();
	print("still here\n");
	guest_reset();
}
