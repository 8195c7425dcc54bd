/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/virtqueue.h"

#include <errno.h>

#include "vmm/bytes.h"

enum { DESC_SIZE = 16, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

static int descriptor_read(const struct virtqueue *queue, const struct memory *memory,
			   uint16_t index, struct descriptor *descriptor)
{
	uint8_t raw[DESC_SIZE];

	if (index >= queue->size ||
	    memory_read(memory, queue->descriptors + (uint64_t)index * DESC_SIZE, raw,
			sizeof(raw)) < 0)
		return -EINVAL;
	*descriptor = (struct descriptor){
		.address = bytes_load_le(raw, 8),
		.length = (uint32_t)bytes_load_le(raw + 8, 4),
		.flags = (uint16_t)bytes_load_le(raw + 12, 2),
		.next = (uint16_t)bytes_load_le(raw + 14, 2),
	};
	return 0;
}

/* Adds a descriptor; readable ones must come first and all must lie in memory. */
static int chain_add(struct virtqueue_chain *chain, const struct memory *memory,
		     const struct descriptor *descriptor)
{
	bool writable = descriptor->flags & DESC_WRITE;

	if (chain->count >= VIRTQUEUE_CHAIN_MAX || descriptor->flags & DESC_INDIRECT ||
	    (!writable && chain->readable != chain->count) ||
	    !memory_contains(memory, descriptor->address, descriptor->length))
		return -EINVAL;
	chain->buffers[chain->count].address = descriptor->address;
	chain->buffers[chain->count].length = descriptor->length;
	chain->count++;
	if (!writable)
		chain->readable++;
	return 0;
}

int virtqueue_pop(struct virtqueue *queue, const struct memory *memory,
		  struct virtqueue_chain *chain)
{
	struct descriptor descriptor = {.flags = DESC_NEXT};
	uint16_t published;
	uint8_t raw[2];

	if (!queue->ready)
		return 0;
	if (memory_load16(memory, queue->available + 2, &published) < 0)
		return -EINVAL;
	if (published == queue->next_available)
		return 0;
	if ((uint16_t)(published - queue->next_available) > queue->size ||
	    memory_read(memory,
			queue->available + 4 + 2u * (queue->next_available & (queue->size - 1u)),
			raw, sizeof(raw)) < 0)
		return -EINVAL;
	chain->head = descriptor.next = (uint16_t)bytes_load_le(raw, 2);
	chain->count = chain->readable = 0;
	/* A loop ends at VIRTQUEUE_CHAIN_MAX. */
	while (descriptor.flags & DESC_NEXT)
		if (descriptor_read(queue, memory, descriptor.next, &descriptor) < 0 ||
		    chain_add(chain, memory, &descriptor) < 0)
			return -EINVAL;
	queue->next_available++;
	return 1;
}

int virtqueue_push(struct virtqueue *queue, const struct memory *memory, uint16_t head,
		   uint32_t written)
{
	uint8_t raw[8];

	bytes_store_le(raw, 4, head);
	bytes_store_le(raw + 4, 4, written);
	if (memory_write(memory, queue->used + 4 + 8u * (queue->next_used & (queue->size - 1u)),
			 raw, sizeof(raw)) < 0)
		return -EINVAL;
	queue->next_used++;
	return memory_store16(memory, queue->used + 2, queue->next_used);
}

bool virtqueue_wants_interrupt(const struct virtqueue *queue, const struct memory *memory)
{
	uint16_t flags = 0;

	/* The used index must be visible before the driver's wish is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memory_load16(memory, queue->available, &flags);
	return !(flags & AVAIL_NO_INTERRUPT);
}
