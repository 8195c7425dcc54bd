/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts that are taken and never acknowledged: the guest does nothing else any more. */
#include "tests/guests/guest.h"

enum { H_CPPR = 0x68, EXTERNAL = 0x500 };

uint64_t guest_exception(uint64_t vector, uint64_t address, uint64_t at)
{
	static bool taken;

	(void)address;
	if (vector == EXTERNAL && !taken) {
		taken = true;
		print("!");
	}
	return at;
}

void guest_main(uint64_t tree)
{
	(void)tree;
	guest_call(H_CPPR, 0xff, 0, 0);
	print("waiting ");
	__asm__ volatile("mfmsr 9; ori 9, 9, 0x8000; mtmsrd 9, 1" ::: "r9", "memory");
	for (;;) { /* transmitter empty: off and on again, an interrupt each */
		store(UART + 1, 1, 0);
		store(UART + 1, 1, 2);
	}
}
