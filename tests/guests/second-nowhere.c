/* SPDX-License-Identifier: Apache-2.0 */
/* Starts vCPUs that are not there, then one outside RAM, which takes exceptions for ever. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	print_value("vCPU 7", guest_call(PSCI_CPU_ON, 7, RAM, 0));
	print_value("no vCPU", guest_call(PSCI_CPU_ON, ~0ull, ~0ull, ~0ull));
	print_value("itself", guest_call(PSCI_CPU_ON, 0, RAM, 0));
	print_value("vCPU 1", guest_call(PSCI_CPU_ON, 1, 0x10000000, 0));
	for (;;)
		;
}
