/* SPDX-License-Identifier: Apache-2.0 */
/* The UART under any accesses while somebody types. What was typed comes out in order, and
 * after a sane set-up it prints. */
#include <errno.h>

#include "tests/fuzz/support/streams.h"
#include "vmm/dev/uart16550.h"

enum { DATA, IER, FCR, LCR, MCR, LSR };
enum { STEPS_MAX = 4096 };

static struct uart uart;
static struct streams streams;

static void write_register(uint64_t offset, unsigned int size, uint64_t value)
{
	uint64_t progress = 0;

	if (uart_bus.write(&uart, offset, size, value, &progress) == -EINTR)
		check(uart_bus.write(&uart, offset, size, value, &progress) == 0);
}

static void step(struct input *input)
{
	uint8_t kind = input_u8(input);

	fuzz_streams.reads = fuzz_streams.writes = 0;
	if (kind < 0x60)
		write_register(kind % 8, 1, input_u8(input));
	else if (kind < 0xa0)
		check(uart_bus.read(&uart, kind % 8, 1) <= 0xff);
	else if (kind < 0xc0)
		fuzz_streams_dispatch(&streams);
	else if (kind < 0xe0)
		fuzz_streams_act(input);
	else if (kind < 0xf0)
		write_register(input_u16(input) % UART_SIZE, 1u << kind % 4,
			       input_number(input, 8));
	else
		uart_bus.read(&uart, input_u16(input) % UART_SIZE, 1u << kind % 4);
	if (fuzz_streams.interrupt == 1)
		fuzz_streams.interrupt = 0; /* twice in a row is one kick more */
	check(uart.received <= UART_FIFO);
	check(fuzz_streams.reads <= 1 && fuzz_streams.writes <= 2);
}

static void check_works(void)
{
	fuzz_streams_init(&streams);
	write_register(LCR, 1, 3);
	write_register(MCR, 1, 0);
	write_register(FCR, 1, 2);
	write_register(DATA, 1, 'x');
	check(fuzz_streams.last_length == 1 && fuzz_streams.last[0] == 'x');
	check(!(uart_bus.read(&uart, LSR, 1) & 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	fuzz_streams_init(&streams);
	memset(&uart, 0, sizeof(uart));
	uart.streams = &streams;
	uart.out = streams.out;
	uart_init(&uart);
	for (int steps = 0; input.size && steps < STEPS_MAX; steps++)
		step(&input);
	check_works();
	uart_finish(&uart);
	return 0;
}
