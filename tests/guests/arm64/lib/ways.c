/* SPDX-License-Identifier: Apache-2.0 */
/* SCTLR_EL1.EE: accesses are big-endian, those to page tables too. So the MMU is off as well. */
#include "tests/guests/ways.h"

enum { SCTLR_MMU = 1 << 0, SCTLR_CACHE = 1 << 2, SCTLR_EE = 1 << 25 };

/* One access, and nothing else between the switches. */
#define BIG(access)                                                                                \
	__asm__ volatile("dsb sy; msr sctlr_el1, %[big]; isb; " access                             \
			 "; dsb sy; msr sctlr_el1, %[mode]; isb"                                   \
			 : [value] "+r"(value)                                                     \
			 : [at] "r"(address), [mode] "r"(mode),                                    \
			   [big] "r"((mode & ~(uint64_t)(SCTLR_MMU | SCTLR_CACHE)) | SCTLR_EE)     \
			 : "memory")

static uint64_t sctlr(void)
{
	uint64_t mode;

	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(mode));
	return mode;
}

static uint64_t big_load(uint64_t address, unsigned int size)
{
	uint64_t value = 0, mode = sctlr();

	switch (size) {
	case 1:
		BIG("ldrb %w[value], [%[at]]");
		break;
	case 2:
		BIG("ldrh %w[value], [%[at]]");
		break;
	case 4:
		BIG("ldr %w[value], [%[at]]");
		break;
	default:
		BIG("ldr %[value], [%[at]]");
		break;
	}
	return value;
}

static void big_store(uint64_t address, unsigned int size, uint64_t value)
{
	uint64_t mode = sctlr();

	switch (size) {
	case 1:
		BIG("strb %w[value], [%[at]]");
		break;
	case 2:
		BIG("strh %w[value], [%[at]]");
		break;
	case 4:
		BIG("str %w[value], [%[at]]");
		break;
	default:
		BIG("str %[value], [%[at]]");
		break;
	}
}

const struct way ways[] = {
	{"plain", false, load, store},
	{"big-endian", true, big_load, big_store},
	{0},
};
