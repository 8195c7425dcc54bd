/* SPDX-License-Identifier: Apache-2.0 */
/* Two interrupts become pending, the timer's and the UART's, and are not taken before somebody has
 * written to a word of RAM. Whatever happens to the machine in between, both must come then. */
#include "timer.h"

#define GO (RAM + 0x100000)

static bool timer, uart;

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	uint64_t number = irq_taken(irq_chip(), syndrome);

	(void)address;
	if (number == IRQ_TIMER) {
		timer = true;
		timer_off();
	} else if (number == IRQ_UART) {
		uart = true;
		store(UART + 1, 1, 0);
	}
	irq_end(irq_chip(), number);
	return at;
}

void guest_main(uint64_t tree)
{
	uint64_t due;

	(void)tree;
	irq_init(irq_chip(), 0);
	store(UART + 1, 1, 2); /* transmitter empty, as it is */
	timer_set(timer_now());
	for (due = timer_now() + timer_hz() / 10; timer_now() < due;)
		;
	print("pending\n");
	while (!load(GO, 4))
		;
	irq_unmask();
	for (due = timer_now() + timer_hz() * 2; timer_now() < due && !(timer && uart);)
		;
	irq_mask();
	print(timer ? "timer " : "no timer ");
	print(uart ? "uart\n" : "no uart\n");
	guest_power_off();
}
