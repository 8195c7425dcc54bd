/* SPDX-License-Identifier: Apache-2.0 */
/* The guest-physical addresses that are not RAM: ranges, each with a device behind it.
 * The map is complete before threads start and never changes then; a device's handlers are
 * called from any vCPU's thread, several at once, and lock for themselves. */
#ifndef MOTE_BUS_H
#define MOTE_BUS_H

#include <stdint.h>

#include "vmm/error.h"

enum { BUS_RANGES_MAX = 16 };

/* Accesses are 1, 2, 4 or 8 bytes and lie inside the range. Reads of what isn't there give
 * zero, writes to it do nothing: a guest's mistake is never an error here. */
struct bus_device {
	uint64_t (*read)(void *context, uint64_t offset, unsigned int size);
	/* 0; or -EINTR: the vCPU was kicked before the write had its whole effect. It is
	 * made again before the guest goes on, with the same value and with the progress
	 * that the device noted; at the first time *progress is 0. -ECANCELED: the guest
	 * ended by it, the vCPU does not go on. */
	int (*write)(void *context, uint64_t offset, unsigned int size, uint64_t value,
		     uint64_t *progress);
};

struct bus {
	struct bus_range {
		uint64_t base, size;
		const struct bus_device *device;
		void *context;
	} ranges[BUS_RANGES_MAX];
	int count;
};

/* The ranges must not overlap; context outlives the bus. */
int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_device *device,
	    void *context, struct error *err);

/* data: size bytes in the guest's order, as KVM hands them over (little-endian). */
int bus_write(const struct bus *bus, uint64_t address, const uint8_t *data, unsigned int size,
	      uint64_t *progress);
void bus_read(const struct bus *bus, uint64_t address, uint8_t *data, unsigned int size);

#endif
