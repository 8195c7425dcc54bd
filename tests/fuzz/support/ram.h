/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory of a few pages with nothing that is ours on either side: a byte too far is
 * a report of the address sanitizer. */
#ifndef MOTE_FUZZ_RAM_H
#define MOTE_FUZZ_RAM_H

#include "tests/fuzz/support/input.h"
#include "vmm/memory.h"

#define RAM 0x40000000ull

static inline void ram_init(struct memory *memory, size_t size)
{
	*memory = (struct memory){.base = RAM, .size = size, .host = aligned_alloc(64, size)};
	check(memory->host);
	memset(memory->host, 0, size);
}

static inline void ram_finish(struct memory *memory)
{
	free(memory->host);
}

/* An address: most lie in memory or just around its ends, some anywhere. */
static inline uint64_t ram_address(const struct memory *memory, struct input *input)
{
	uint8_t kind = input_u8(input);

	if (kind < 0xe0)
		return memory->base + input_u16(input) % memory->size;
	if (kind < 0xf0)
		return memory->base + memory->size - 64 + input_u8(input) % 128;
	if (kind < 0xf8)
		return memory->base - 64 + input_u8(input) % 128;
	return input_number(input, 8);
}

/* The guest stores some bytes somewhere. */
static inline void ram_poke(const struct memory *memory, struct input *input)
{
	uint64_t address = ram_address(memory, input);
	size_t length = input_u8(input);
	const uint8_t *bytes = input_bytes(input, &length);

	memory_write(memory, address, bytes, length);
}

#endif
