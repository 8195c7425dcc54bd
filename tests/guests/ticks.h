/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest `ticks` and the program that looks at it share, in a page of the guest's. All
 * times are counts of the guest's counter. The guest writes, the program reads, but for the first
 * part. */
#ifndef TEST_GUEST_TICKS_H
#define TEST_GUEST_TICKS_H

#include <stdint.h>

enum { TICKS_CPUS = 2, TICKS_OFFSET = 0x100000 }; /* in RAM */

struct ticks_cpu {
	uint64_t start; /* the first tick is a period later */
	uint64_t due; /* when the next tick is */
	uint64_t ticks; /* interrupts taken */
	uint64_t seen; /* the counter, read in a loop */
	uint64_t early; /* interrupts before they were due: a tick doubled */
	uint64_t moved; /* interrupts that found another comparator than the guest had set */
	uint64_t backwards; /* the counter was less than before */
	uint64_t strange; /* exceptions that are no tick */
	uint64_t end; /* when it was told to stop: ticks due by then are taken */
	uint64_t done;
	uint64_t padding[6];
};

struct ticks_page {
	uint64_t period, irqchip, cpus; /* set before the guest starts */
	uint64_t stop; /* set by the program */
	uint64_t padding[12];
	struct ticks_cpu cpu[TICKS_CPUS];
};

#endif
