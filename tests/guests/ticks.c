/* SPDX-License-Identifier: Apache-2.0 */
/* A timer that fires every period. Each tick is one interrupt and moves the comparator by one
 * period: ticks that come late are caught up one by one, so that their number can be held against
 * the counter. Writes to the control device when it has been told to stop. */
#include "tests/guests/ticks.h"
#include "tests/guests/guest.h"
#include "timer.h"

static volatile struct ticks_page *const page = (struct ticks_page *)(RAM + TICKS_OFFSET);

/* The end is when it is first seen that there is to be one. On a slow host there may be nothing
 * but ticks to be taken, so they look as well. Interrupts masked. */
static void look_for_end(volatile struct ticks_cpu *cpu, uint64_t now)
{
	if (page->stop && !cpu->end)
		cpu->end = now;
}

/* A tick. After the last one that was due by the end the timer is off. */
static void count(volatile struct ticks_cpu *cpu, uint64_t now)
{
	if (now < cpu->due)
		cpu->early++;
	if (timer_moved(cpu->due))
		cpu->moved++;
	cpu->ticks++;
	cpu->due += page->period;
	if (cpu->end && cpu->due > cpu->end)
		timer_off();
	else
		timer_set(cpu->due);
}

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	volatile struct ticks_cpu *cpu = &page->cpu[irq_cpu()];
	uint64_t irq = irq_taken(page->irqchip, syndrome);
	uint64_t now = timer_now();

	(void)address;
	if (irq != IRQ_TIMER) {
		cpu->strange++;
		return at;
	}
	if (now < cpu->seen)
		cpu->backwards++;
	look_for_end(cpu, now);
	if (!cpu->end || cpu->due <= cpu->end)
		count(cpu, now);
	else
		timer_off();
	irq_end(page->irqchip, irq);
	return at;
}

/* What was due by the end is still taken, tick by tick. */
static void take_last(volatile struct ticks_cpu *cpu)
{
	irq_mask();
	look_for_end(cpu, timer_now());
	if (cpu->due > cpu->end)
		timer_off();
	irq_unmask();
	while (cpu->due <= cpu->end)
		;
	irq_mask();
}

static void tick(unsigned int number)
{
	volatile struct ticks_cpu *cpu = &page->cpu[number];

	irq_init(page->irqchip, number);
	cpu->start = cpu->seen = timer_now();
	cpu->due = cpu->start + page->period;
	timer_set(cpu->due);
	irq_unmask();
	while (!page->stop) {
		uint64_t now = timer_now();

		if (now < cpu->seen)
			cpu->backwards++;
		cpu->seen = now;
	}
	take_last(cpu);
	cpu->done = 1;
	store(CONTROL, 4, number);
}

void guest_second(void)
{
	tick(1);
}

void guest_main(uint64_t tree)
{
	(void)tree;
	if (page->cpus > 1)
		guest_start_second();
	tick(0);
}
