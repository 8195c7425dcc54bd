/* SPDX-License-Identifier: Apache-2.0 */
/* One split queue anywhere in a small memory, its rings filled by the fuzzer. Chains lie in
 * memory, readable buffers first; a driver's mistake is noticed, and never taken twice. */
#include <errno.h>

#include "tests/fuzz/support/ram.h"
#include "vmm/dev/virtqueue.h"

enum { SIZE = 0x4000, STEPS_MAX = 2048 };

static void check_chain(const struct virtqueue_chain *chain, const struct memory *memory)
{
	check(chain->count >= 1 && chain->count <= VIRTQUEUE_CHAIN_MAX);
	check(chain->readable <= chain->count);
	for (unsigned int i = 0; i < chain->count; i++)
		check(memory_contains(memory, chain->buffers[i].address, chain->buffers[i].length));
}

static void pop(struct virtqueue *queue, const struct memory *memory, struct virtqueue_chain *chain)
{
	uint16_t before = queue->next_available;
	int result = virtqueue_pop(queue, memory, chain);

	check(result == 1 || result == 0 || result == -EINVAL);
	check((uint16_t)(queue->next_available - before) == (result == 1));
	if (result == 1)
		check_chain(chain, memory);
}

/* A descriptor whose fields are likely to mean something. */
static void describe(const struct virtqueue *queue, const struct memory *memory,
		     struct input *input)
{
	uint64_t at = queue->descriptors + 16ull * input_u8(input);
	uint8_t raw[16] = {0};
	uint64_t address = ram_address(memory, input);

	for (int i = 0; i < 8; i++)
		raw[i] = (uint8_t)(address >> 8 * i);
	raw[8] = input_u8(input);
	raw[9] = input_u8(input) & 0x3f;
	raw[12] = input_u8(input) & 7;
	raw[14] = input_u8(input);
	memory_write(memory, at, raw, sizeof(raw));
}

static void offer(const struct virtqueue *queue, const struct memory *memory, struct input *input)
{
	uint16_t index = queue->next_available;
	uint8_t head[2] = {input_u8(input), 0};

	memory_write(memory, queue->available + 4 + 2ull * (index % queue->size), head, 2);
	index++;
	memory_write(memory, queue->available + 2, &index, 2);
}

static void step(struct virtqueue *queue, const struct memory *memory, struct input *input)
{
	static struct virtqueue_chain chain;

	switch (input_u8(input) % 6) {
	case 0:
		describe(queue, memory, input);
		break;
	case 1:
		offer(queue, memory, input);
		break;
	case 2:
		ram_poke(memory, input);
		break;
	case 3:
		virtqueue_push(queue, memory, input_u16(input), input_u32(input));
		break;
	case 4:
		virtqueue_wants_interrupt(queue, memory);
		break;
	default:
		pop(queue, memory, &chain);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct memory memory;
	struct virtqueue queue = {.ready = true};

	ram_init(&memory, SIZE);
	queue.size = (uint16_t)(1u << input_u8(&input) % 9);
	queue.descriptors = ram_address(&memory, &input) & ~15ull;
	queue.available = ram_address(&memory, &input) & ~1ull;
	queue.used = ram_address(&memory, &input) & ~3ull;
	queue.next_available = queue.next_used = input_u16(&input);
	for (int steps = 0; input.size && steps < STEPS_MAX; steps++)
		step(&queue, &memory, &input);
	ram_finish(&memory);
	return 0;
}
