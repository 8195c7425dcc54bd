/* SPDX-License-Identifier: Apache-2.0 */
/* A timer that ticks every millisecond: while an interrupt comes again as soon as it is ended, and
 * while the guest reads a device all the time. A tick that comes late is caught up, so that their
 * number can be held against the counter. */
#include "timer.h"

enum { STORM = 2000, LOADS = 2000 };
enum { UART_IER = 1, UART_IIR = 2, TRANSMITTER_EMPTY = 2 };

static uint64_t chip, period;
static volatile uint64_t due, ticks, early, storm, strange;

static void tick(uint64_t now)
{
	early += now < due;
	ticks++;
	due += period;
	timer_set(due);
}

/* An interrupt on its way, once more. */
static void raise(void)
{
	store(UART + UART_IER, 1, 0);
	store(UART + UART_IER, 1, TRANSMITTER_EMPTY);
}

static void again(void)
{
	load(UART + UART_IIR, 1);
	if (++storm < STORM)
		raise();
	else
		store(UART + UART_IER, 1, 0);
}

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	uint64_t number = irq_taken(chip, syndrome);

	(void)address;
	if (number == IRQ_TIMER)
		tick(timer_now());
	else if (number == IRQ_UART)
		again();
	else
		strange++;
	irq_end(chip, number);
	return at;
}

/* What is due by now is still taken, tick by tick. */
static void report(const char *what, uint64_t start)
{
	uint64_t end = timer_now();

	while (due <= end)
		;
	irq_mask();
	print(what);
	print(ticks >= (end - start) / period && ticks <= (timer_now() - start) / period
		      ? ": no tick lost\n"
		      : ": ticks lost\n");
	irq_unmask();
}

void guest_main(uint64_t tree)
{
	uint64_t start, wrong = 0;

	(void)tree;
	chip = irq_chip();
	period = timer_hz() / 1000;
	irq_init(chip, 0);
	start = timer_now();
	due = start + period;
	timer_set(due);
	raise();
	irq_unmask();
	while (storm < STORM)
		;
	report("storm", start);
	for (unsigned int i = 0; i < LOADS; i++)
		wrong += load(VIRTIO, 4) != 0x74726976;
	report("load", start);
	irq_mask();
	timer_off();
	print_value("interrupts", storm);
	print_value("wrong", wrong + early + strange);
}
