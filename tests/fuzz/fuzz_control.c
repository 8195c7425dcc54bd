/* SPDX-License-Identifier: Apache-2.0 */
/* The control device: any stores to its registers, any bytes in its page. How the guest ended
 * is judged and can be printed; a step makes at most one read and one write. */
#include <errno.h>
#include <jansson.h>

#include "tests/fuzz/support/ram.h"
#include "tests/fuzz/support/streams.h"
#include "vmm/dev/control_page.h"
#include "vmm/metrics.h"

enum { SIZE = 0x4000, PAGE = SIZE - CONTROL_PAGE_SIZE, STEPS_MAX = 1024 };

static struct memory memory;
static struct streams streams;
static struct control_page_device device;
static bool metrics_checked; /* once for each input: it is slow */

static void on_ended(void *context, const struct control_exit *ended)
{
	check(context == &device);
	check(ended->kind >= CONTROL_EXITED && ended->kind <= CONTROL_NOEXEC);
	check(ended->code >= 0 && ended->code <= 255);
	check(ended->kind != CONTROL_SIGNALED || (ended->signal >= 1 && ended->signal <= 64));
	check(strnlen(ended->reason, sizeof(ended->reason)) < sizeof(ended->reason));
	if (ended->reason[0])
		check_message(ended->reason);
}

static bool on_stop(void *context, const struct control_stop *stop)
{
	check(context == &device);
	check(stop->signal >= 0 && stop->signal <= 64);
	if (stop->reason[0])
		check_message(stop->reason);
	return stop->fault;
}

static void store(uint64_t offset, unsigned int size, uint64_t value)
{
	uint64_t progress = 0;
	int result = control_page_bus.write(&device, offset, size, value, &progress);

	if (result == -EINTR)
		result = control_page_bus.write(&device, offset, size, value, &progress);
	check(result == 0 || result == -EINTR || result == -ECANCELED);
}

/* What the guest left in its page for the metrics is text and JSON all the same. */
static void check_metrics(void)
{
	static struct metrics metrics;
	char *text, *line;
	json_t *json;

	metrics_checked = true;
	metrics.count = 0;
	control_page_metrics(&device, &metrics);
	text = metrics_text(&metrics);
	line = metrics_json(&metrics, 1);
	check(text && line);
	for (const char *c = text; *c; c++)
		check(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	check(json_is_object(json));
	json_decref(json);
	free(text);
	free(line);
}

static void store_buffer(struct input *input)
{
	uint64_t offset = input_u8(input) % 4 * 8;
	uint64_t address = ram_address(&memory, input) & ((1ull << CONTROL_ADDRESS_BITS) - 1);

	store(offset, 8, CONTROL_BUFFER(address, input_u16(input) % (2 * SIZE)));
}

static void step(struct input *input)
{
	uint8_t kind = input_u8(input);
	uint64_t beat = 0;

	fuzz_streams.reads = fuzz_streams.writes = 0;
	switch (kind % 8) {
	case 0:
	case 1:
		store_buffer(input);
		break;
	case 2:
		store(input_u8(input), 1u << kind / 8 % 4, input_number(input, 8));
		break;
	case 3:
		control_page_bus.read(&device, input_u8(input), 1u << kind / 8 % 4);
		break;
	case 4:
		ram_poke(&memory, input);
		break;
	case 5:
		fuzz_streams_act(input);
		break;
	case 6:
		fuzz_streams_dispatch(&streams);
		break;
	default:
		control_page_signal(&device, 1 + kind / 8);
		control_page_booted(&device);
		control_page_alive(&device, &beat);
		control_page_ping(&device);
		if (kind == 0xff && !metrics_checked)
			check_metrics();
		break;
	}
	check(fuzz_streams.reads <= 1 && fuzz_streams.writes <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct error err;

	metrics_checked = false;
	ram_init(&memory, SIZE);
	fuzz_streams_init(&streams);
	device = (struct control_page_device){
		.memory = &memory,
		.page = RAM + PAGE,
		.streams = &streams,
		.ended = on_ended,
		.stop = on_stop,
		.stop_context = &device,
		.context = &device,
	};
	control_page_listen(&device);
	check(control_page_init(&device, &err) == 0);
	for (int steps = 0; input.size && steps < STEPS_MAX; steps++)
		step(&input);
	ram_finish(&memory);
	return 0;
}
