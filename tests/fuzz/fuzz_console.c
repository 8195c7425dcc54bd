/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio console under a hostile driver and a host that types, breaks and kicks. A round
 * of either ends after a bounded number of reads and writes; and whatever happened before, a
 * driver that resets it and follows the rules has a console that works. */
#include <errno.h>

#include "tests/fuzz/support/driver.h"
#include "tests/fuzz/support/streams.h"
#include "vmm/dev/virtio_console.h"

enum { RECEIVE, TRANSMIT };
enum { STEPS_MAX = 512, WRITES_MAX = 256 * 64 + 64, READS_MAX = 3 * 256 + 3 };

static struct virtio_console console;
static struct streams streams;
static struct memory memory;
static struct driver driver;

static void step(struct input *input)
{
	uint8_t kind = input_u8(input) % 8;

	fuzz_streams.reads = fuzz_streams.writes = 0;
	if (kind == 0)
		fuzz_streams_act(input);
	else if (kind == 1)
		fuzz_streams_dispatch(&streams);
	else
		driver_act(&driver, input);
	check(fuzz_streams.writes <= WRITES_MAX);
	check(fuzz_streams.reads <= READS_MAX);
	check(!console.transmitting);
}

static void check_works(void)
{
	static const char text[] = "still here";

	fuzz_streams.interrupt = 0;
	fuzz_streams.write_error = 0;
	fuzz_streams.last_length = 0;
	driver_start(&driver);
	driver_offer(&driver, TRANSMIT, text, sizeof(text), DRIVER_READABLE);
	driver_notify(&driver, TRANSMIT);
	check(driver_used(&driver, TRANSMIT) == 1);
	check(fuzz_streams.last_length == sizeof(text));
	check(!memcmp(fuzz_streams.last, text, sizeof(text)));
	if (console.input_ended)
		return;
	fuzz_streams.typed = (const uint8_t *)text;
	fuzz_streams.typed_length = sizeof(text);
	driver_offer(&driver, RECEIVE, NULL, 64, DRIVER_WRITABLE);
	driver_notify(&driver, RECEIVE);
	fuzz_streams_dispatch(&streams);
	check(driver_used(&driver, RECEIVE) == 1);
	check(!memcmp(driver_data(&driver, RECEIVE), text, sizeof(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	ram_init(&memory, DRIVER_SIZE);
	fuzz_streams_init(&streams);
	memset(&console, 0, sizeof(console));
	console.virtio.memory = &memory;
	console.streams = &streams;
	virtio_console_init(&console);
	driver = (struct driver){.virtio = &console.virtio};
	driver_start(&driver);
	for (int steps = 0; input.size && steps < STEPS_MAX; steps++)
		step(&input);
	check_works();
	virtio_console_finish(&console);
	ram_finish(&memory);
	return 0;
}
