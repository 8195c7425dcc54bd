/* SPDX-License-Identifier: Apache-2.0 */
/* Sets up all that it has, says "ready" and waits until a word of RAM is told to it. Then it
 * leaves nothing as it was, in memory, registers, interrupt controller and devices, says "done" and
 * does so over and over: a snapshot of the first state has much to put back. */
#include "litter.h"

#define GO (RAM + 0x100000)
#define HEAP (RAM + 0x200000)
enum { HEAP_PAGES = 40, HEAP_STRIDE = 3 * 65536 };

/* Interrupts are masked. What the processor does not have, is left out. */
uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	(void)syndrome, (void)address;
	return at + 4;
}

static void litter_memory(void)
{
	uint8_t stack[4096];

	for (uint64_t i = 0; i < HEAP_PAGES; i++) {
		uint64_t at = HEAP + i * HEAP_STRIDE + (random_next() & 0xff8);

		/* Some are read before, which a host that notes writes must not be misled by. */
		store(at, 8, random_next() + (i % 2 ? load(at, 8) : 0));
	}
	for (unsigned int i = 0; i < sizeof(stack); i += 8)
		store((uint64_t)(uintptr_t)stack + i, 8, random_next());
}

/* The monitor's writes as well: input that is read, rings, the results of output. */
static void litter_devices(void)
{
	static const char text[] = "console\n";

	store(UART + 7, 1, random_next() & 0xff);
	store(UART + 1, 1, 3);
	store(UART + 3, 1, 0x80);
	store(UART, 1, random_next() & 0xff);
	store(UART + 3, 1, 3);
	virtio_start();
	descriptor(0, text, sizeof(text) - 1, 0, 0);
	virtio_send(0);
	store(CONTROL + CONTROL_STDIN, 8, CONTROL_BUFFER(HEAP + HEAP_STRIDE * 50, 16));
	store(CONTROL + CONTROL_STDERR, 8, CONTROL_BUFFER((uint64_t)(uintptr_t)text, 0));
}

void guest_main(uint64_t tree)
{
	(void)tree;
	irq_mask();
	irq_init(irq_chip(), 0);
	timer_set(timer_now() + timer_hz() * 3600);
	print("ready\n");
	while (!load(GO, 4))
		;
	for (;;) {
		litter_memory();
		litter_devices();
		litter_cpu();
		store(UART + 1, 1, 0);
		print("done\n");
	}
}
