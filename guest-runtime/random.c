/* SPDX-License-Identifier: Apache-2.0 */
/* The generator: each block of ChaCha20 gives the next key (the old one is gone, nothing
 * that was given out can be computed again) and 32 bytes of output. RFC 8439, section 2.3,
 * with a zero nonce: no key is used twice. */
#include "random.h"

#include "control.h"
#include "string.h"

static struct {
	uint32_t key[8];
	uint64_t epoch;
} generator;

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void chacha(const uint32_t key[8], uint32_t out[16])
{
	uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(in + 4, key, 32);
	memcpy(out, in, sizeof(in));
	for (int round = 0; round < 20; round += 2) {
		for (int i = 0; i < 4; i++)
			quarter(&out[i], &out[4 + i], &out[8 + i], &out[12 + i]);
		for (int i = 0; i < 4; i++)
			quarter(&out[i], &out[4 + (i + 1) % 4], &out[8 + (i + 2) % 4],
				&out[12 + (i + 3) % 4]);
	}
	for (int i = 0; i < 16; i++)
		out[i] += in[i];
}

static void mix(const uint8_t *entropy)
{
	uint32_t block[16], words[8];

	memcpy(words, entropy, sizeof(words));
	for (int i = 0; i < 8; i++)
		generator.key[i] ^= words[i];
	chacha(generator.key, block);
	memcpy(generator.key, block, sizeof(generator.key));
}

static void reseed(void)
{
	mix(control_page()->entropy);
	mix(control_page()->entropy + 32);
}

void random_init(void)
{
	generator.epoch = control_epoch();
	reseed();
}

/* What became a copy in the middle of it begins again. */
void random_bytes(void *to, size_t length)
{
	uint32_t block[16];

	do {
		if (control_epoch() != generator.epoch)
			random_init();
		chacha(generator.key, block);
		memcpy(generator.key, block, sizeof(generator.key));
	} while (control_epoch() != generator.epoch);
	memcpy(to, block + 8, length);
	memset(block, 0, sizeof(block));
}
