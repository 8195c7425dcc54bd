/* SPDX-License-Identifier: Apache-2.0 */
/* Integers in byte buffers, independent of the host's order and alignment. */
#ifndef MOTE_BYTES_H
#define MOTE_BYTES_H

#include <stdint.h>

/* size: 1 … 8 bytes */
static inline uint64_t bytes_load_le(const uint8_t *data, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = size; i-- > 0;)
		value = value << 8 | data[i];
	return value;
}

static inline void bytes_store_le(uint8_t *data, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++, value >>= 8)
		data[i] = (uint8_t)value;
}

#endif
