/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/virtqueue.h"

#include <errno.h>

#include "vmm/bytes.h"

enum { DESC_SIZE = 16, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/* Not over the end of addresses: RAM may begin at 0. */
static bool area_ends(uint64_t start, uint64_t length)
{
	return start + (length - 1) >= start;
}

bool virtqueue_is_sane(const struct virtqueue *queue)
{
	return queue->size && queue->size <= VIRTQUEUE_SIZE_MAX &&
	       !(queue->size & (queue->size - 1)) && !(queue->descriptors & 15) &&
	       !(queue->available & 1) && !(queue->used & 3) &&
	       area_ends(queue->descriptors, 16u * queue->size) &&
	       area_ends(queue->available, 6 + 2u * queue->size) &&
	       area_ends(queue->used, 6 + 8u * queue->size);
}

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

void virtqueue_unpop(struct virtqueue *queue)
{
	queue->next_available--;
}

/* The part of one buffer that is left behind `skip` bytes of the chain, which are counted down. */
static size_t buffer_rest(const struct virtqueue_chain *chain, unsigned int index, size_t *skip,
			  uint64_t *address)
{
	size_t length = chain->buffers[index].length;
	size_t over = *skip < length ? *skip : length;

	*skip -= over;
	*address = chain->buffers[index].address + over;
	return length - over;
}

unsigned int virtqueue_chain_spans(const struct virtqueue_chain *chain, const struct memory *memory,
				   bool writable, size_t skip, size_t limit,
				   struct iovec spans[VIRTQUEUE_CHAIN_MAX], size_t *length)
{
	unsigned int count = 0, end = writable ? chain->count : chain->readable;

	*length = 0;
	for (unsigned int i = writable ? chain->readable : 0; i < end && *length < limit; i++) {
		uint64_t address;
		size_t rest = buffer_rest(chain, i, &skip, &address);

		if (rest > limit - *length)
			rest = limit - *length;
		if (!rest)
			continue;
		spans[count].iov_base = writable ? memory_write_span(memory, address, rest)
						 : (void *)memory_read_span(memory, address, rest);
		spans[count++].iov_len = rest;
		*length += rest;
	}
	return count;
}

int virtqueue_chain_read(const struct virtqueue_chain *chain, const struct memory *memory,
			 void *buffer, size_t length)
{
	uint8_t *to = buffer;

	for (unsigned int i = 0; length && i < chain->readable; i++) {
		size_t part = chain->buffers[i].length < length ? chain->buffers[i].length : length;

		memory_read(memory, chain->buffers[i].address, to, part);
		to += part;
		length -= part;
	}
	return length ? -EINVAL : 0;
}

int virtqueue_chain_write(const struct virtqueue_chain *chain, const struct memory *memory,
			  const void *buffer, size_t length)
{
	const uint8_t *from = buffer;

	for (unsigned int i = chain->readable; length && i < chain->count; i++) {
		size_t part = chain->buffers[i].length < length ? chain->buffers[i].length : length;

		memory_write(memory, chain->buffers[i].address, from, part);
		from += part;
		length -= part;
	}
	return length ? -EINVAL : 0;
}

void virtqueue_ask_notify(const struct virtqueue *queue, const struct memory *memory, bool wanted)
{
	memory_store16(memory, queue->used, wanted ? 0 : USED_NO_NOTIFY);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
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

void virtqueue_save(const struct virtqueue *queue, struct state_writer *writer)
{
	state_put(writer, queue->descriptors, 8);
	state_put(writer, queue->available, 8);
	state_put(writer, queue->used, 8);
	state_put(writer, queue->size, 2);
	state_put(writer, queue->ready, 1);
	state_put(writer, queue->next_available, 2);
	state_put(writer, queue->next_used, 2);
}

void virtqueue_load(struct virtqueue *queue, struct state_reader *reader)
{
	queue->descriptors = state_take(reader, 8);
	queue->available = state_take(reader, 8);
	queue->used = state_take(reader, 8);
	queue->size = (uint16_t)state_take(reader, 2);
	queue->ready = state_take_bool(reader);
	queue->next_available = (uint16_t)state_take(reader, 2);
	queue->next_used = (uint16_t)state_take(reader, 2);
	if (queue->size > VIRTQUEUE_SIZE_MAX || (queue->ready && !virtqueue_is_sane(queue)))
		state_refuse(reader);
}

void virtqueue_chain_save(const struct virtqueue_chain *chain, struct state_writer *writer)
{
	state_put(writer, chain->head, 2);
	state_put(writer, chain->count, 4);
	state_put(writer, chain->readable, 4);
	for (unsigned int i = 0; i < chain->count; i++) {
		state_put(writer, chain->buffers[i].address, 8);
		state_put(writer, chain->buffers[i].length, 4);
	}
}

void virtqueue_chain_load(struct virtqueue_chain *chain, const struct memory *memory,
			  struct state_reader *reader)
{
	chain->head = (uint16_t)state_take(reader, 2);
	chain->count = (unsigned int)state_take(reader, 4);
	chain->readable = (unsigned int)state_take(reader, 4);
	if (chain->count > VIRTQUEUE_CHAIN_MAX || chain->readable > chain->count) {
		chain->count = chain->readable = 0;
		state_refuse(reader);
	}
	for (unsigned int i = 0; i < chain->count; i++) {
		chain->buffers[i].address = state_take(reader, 8);
		chain->buffers[i].length = (uint32_t)state_take(reader, 4);
		if (!memory_contains(memory, chain->buffers[i].address, chain->buffers[i].length))
			state_refuse(reader);
	}
}
