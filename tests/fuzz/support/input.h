/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share: the fuzzer's bytes taken one number at a time, zeros behind
 * their end, and a check that ends the process with a name for the crash. */
#ifndef MOTE_FUZZ_INPUT_H
#define MOTE_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct input {
	const uint8_t *data;
	size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* At most length bytes; *length says how many there were. */
static inline const uint8_t *input_bytes(struct input *input, size_t *length)
{
	const uint8_t *bytes = input->data;

	if (*length > input->size)
		*length = input->size;
	input->data += *length;
	input->size -= *length;
	return bytes;
}

/* size: 1 … 8 bytes, little-endian */
static inline uint64_t input_number(struct input *input, size_t size)
{
	const uint8_t *bytes = input_bytes(input, &size);
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static inline uint8_t input_u8(struct input *input)
{
	return (uint8_t)input_number(input, 1);
}

static inline uint16_t input_u16(struct input *input)
{
	return (uint16_t)input_number(input, 2);
}

static inline uint32_t input_u32(struct input *input)
{
	return (uint32_t)input_number(input, 4);
}

/* One line that can be shown: what every message must be. */
static inline void check_message(const char *message)
{
	check(*message);
	for (; *message; message++)
		check((unsigned char)*message >= ' ' && *message != 0x7f);
}

#endif
