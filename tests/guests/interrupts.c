/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts that are taken and never acknowledged: the guest does nothing else any more. */
#include "irq.h"

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	static bool taken;

	(void)syndrome, (void)address;
	if (!taken) {
		taken = true;
		print("!");
		store(UART + 1, 1, 2);
	}
	return at;
}

void guest_main(uint64_t tree)
{
	(void)tree;
	irq_init(irq_chip(), 0);
	print("waiting ");
	irq_unmask();
	for (;;) { /* transmitter empty: off and on again, an interrupt each */
		store(UART + 1, 1, 0);
		store(UART + 1, 1, 2);
	}
}
