/* SPDX-License-Identifier: Apache-2.0 */
/* A load outside RAM that KVM cannot decode: one with a reservation. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	uint64_t value;

	(void)tree;
	__asm__ volatile("ldarx %0, 0, %1" : "=r"(value) : "r"(NOWHERE) : "memory");
	print("came back\n");
}
