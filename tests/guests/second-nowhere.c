/* SPDX-License-Identifier: Apache-2.0 */
/* Starts vCPUs that are not there, then one outside RAM, which takes exceptions for ever. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	print_value("vCPU 7", guest_start(7, RAM));
	print_value("no vCPU", guest_start(~0ull, ~0ull));
	print_value("itself", guest_start(0, RAM));
	print_value("vCPU 1", guest_start(1, 0x10000000));
	for (;;)
		;
}
