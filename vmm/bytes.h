/* SPDX-License-Identifier: Apache-2.0 */
/* Integers in byte buffers, independent of the host's order and alignment. */
#ifndef MOTE_BYTES_H
#define MOTE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* size: 1 … 8 bytes */
static inline uint64_t bytes_load_le(const uint8_t *data, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, data, size); /* one load, where size is a constant */
	return le64toh(value);
}

static inline void bytes_store_le(uint8_t *data, unsigned int size, uint64_t value)
{
	value = htole64(value);
	memcpy(data, &value, size);
}

#endif
