/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's side of a split virtqueue, for tests. Source: VIRTIO 1.2, section 2.7. */
#ifndef MOTE_TEST_RING_H
#define MOTE_TEST_RING_H

#include "tests/unit/unit.h"
#include "vmm/bytes.h"
#include "vmm/dev/virtqueue.h"

enum { RING_NEXT = 1, RING_WRITE = 2, RING_INDIRECT = 4 };

/* Where a test puts one queue of up to 256 entries. */
struct ring {
	const struct memory *memory;
	uint64_t descriptors, available, used, data;
	uint16_t size, published;
};

static inline void ring_init(struct ring *ring, const struct memory *memory, uint64_t at,
			     uint16_t size)
{
	*ring = (struct ring){
		.memory = memory,
		.descriptors = at,
		.available = at + 0x1000,
		.used = at + 0x2000,
		.data = at + 0x4000,
		.size = size,
	};
}

/* Two queues of eight entries that do not meet. */
static UNUSED void ring_init_pair(struct ring rings[2], const struct memory *memory)
{
	ring_init(&rings[0], memory, TEST_RAM, 8);
	ring_init(&rings[1], memory, TEST_RAM + 0x40000, 8);
}

static inline void ring_store(const struct ring *ring, uint64_t address, uint64_t value,
			      unsigned int size)
{
	uint8_t raw[8];

	bytes_store_le(raw, size, value);
	assert_int_equal(memory_write(ring->memory, address, raw, size), 0);
}

static inline uint64_t ring_load(const struct ring *ring, uint64_t address, unsigned int size)
{
	uint8_t raw[8];

	assert_int_equal(memory_read(ring->memory, address, raw, size), 0);
	return bytes_load_le(raw, size);
}

static inline void ring_descriptor(const struct ring *ring, uint16_t index, uint64_t address,
				   uint32_t length, uint16_t flags, uint16_t next)
{
	uint64_t at = ring->descriptors + 16u * index;

	ring_store(ring, at, address, 8);
	ring_store(ring, at + 8, length, 4);
	ring_store(ring, at + 12, flags, 2);
	ring_store(ring, at + 14, next, 2);
}

/* Offers the chain that begins at head. */
static inline void ring_publish(struct ring *ring, uint16_t head)
{
	ring_store(ring, ring->available + 4 + 2u * (ring->published % ring->size), head, 2);
	ring_store(ring, ring->available + 2, ++ring->published, 2);
}

/* One readable descriptor with text, offered. */
static UNUSED void ring_send(struct ring *ring, uint16_t index, const char *text)
{
	uint64_t at = ring->data + 0x100u * index;

	assert_int_equal(memory_write(ring->memory, at, text, strlen(text)), 0);
	ring_descriptor(ring, index, at, (uint32_t)strlen(text), 0, 0);
	ring_publish(ring, index);
}

static inline uint16_t ring_used(const struct ring *ring)
{
	return (uint16_t)ring_load(ring, ring->used + 2, 2);
}

static inline uint32_t ring_used_id(const struct ring *ring, uint16_t nth)
{
	return (uint32_t)ring_load(ring, ring->used + 4 + 8u * (nth % ring->size), 4);
}

static inline uint32_t ring_used_length(const struct ring *ring, uint16_t nth)
{
	return (uint32_t)ring_load(ring, ring->used + 8 + 8u * (nth % ring->size), 4);
}

#endif
