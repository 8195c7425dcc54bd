/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-reversed instructions, and a processor that is big-endian as a whole. */
#include "tests/guests/ways.h"

#define REVERSED_LOAD(name)                                                                        \
	__asm__ volatile(name " %0, 0, %1" : "=r"(value) : "r"(address) : "memory")
#define REVERSED_STORE(name)                                                                       \
	__asm__ volatile(name " %0, 0, %1" ::"r"(value), "r"(address) : "memory")

static uint64_t reversed_load(uint64_t address, unsigned int size)
{
	uint64_t value;

	switch (size) {
	case 1:
		return load(address, 1);
	case 2:
		REVERSED_LOAD("lhbrx");
		return value;
	case 4:
		REVERSED_LOAD("lwbrx");
		return value;
	default:
		REVERSED_LOAD("ldbrx");
		return value;
	}
}

static void reversed_store(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		store(address, 1, value);
		break;
	case 2:
		REVERSED_STORE("sthbrx");
		break;
	case 4:
		REVERSED_STORE("stwbrx");
		break;
	default:
		REVERSED_STORE("stdbrx");
		break;
	}
}

/* In big.S: one access by a big-endian processor; kind: log2 of the size, 4 more for a store. */
uint64_t big_access(uint64_t value, uint64_t address, uint64_t kind);

static uint64_t big_load(uint64_t address, unsigned int size)
{
	return big_access(0, address, (unsigned int)__builtin_ctz(size));
}

static void big_store(uint64_t address, unsigned int size, uint64_t value)
{
	big_access(value, address, 4 + (unsigned int)__builtin_ctz(size));
}

const struct way ways[] = {
	{"plain", false, load, store},
	{"byte-reversed", true, reversed_load, reversed_store},
	{"big-endian", true, big_load, big_store},
	{0},
};
