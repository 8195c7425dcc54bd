/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to access a device that a processor has: ARCH/lib/ways.c. */
#ifndef TEST_GUEST_WAYS_H
#define TEST_GUEST_WAYS_H

#include "tests/guests/guest.h"

struct way {
	const char *name;
	bool swapped; /* big-endian: the device sees the bytes the other way round */
	uint64_t (*load)(uint64_t address, unsigned int size);
	void (*store)(uint64_t address, unsigned int size, uint64_t value);
};

extern const struct way ways[]; /* the last one has no name */

#endif
