/* SPDX-License-Identifier: Apache-2.0 */
/* Random hypercalls, then a reset. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (int i = 0; i < 2000; i++) {
		uint64_t function = random_next();

		/* Not those that end or stop this vCPU. */
		if ((function & 0x3f000000) == 0x04000000)
			continue;
		guest_call(function, random_next(), random_next(), random_next());
	}
	print("still here\n");
	guest_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}
