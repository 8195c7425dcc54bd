/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/bus.h"

#include <errno.h>
#include <stddef.h>

#include "vmm/bytes.h"

int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_device *device,
	    void *context, struct error *err)
{
	for (int i = 0; i < bus->count; i++) {
		const struct bus_range *range = &bus->ranges[i];

		/* By last addresses: a range may end where addresses end. */
		if (base <= range->base + (range->size - 1) && range->base <= base + (size - 1))
			return error_set(err, EEXIST, "bus: 0x%llx overlaps 0x%llx",
					 (unsigned long long)base, (unsigned long long)range->base);
	}
	if (bus->count >= BUS_RANGES_MAX)
		return error_set(err, ENOSPC, "bus: more than %d ranges", BUS_RANGES_MAX);
	bus->ranges[bus->count++] = (struct bus_range){base, size, device, context};
	return 0;
}

static const struct bus_range *bus_find(const struct bus *bus, uint64_t address, unsigned int size)
{
	for (int i = 0; i < bus->count; i++) {
		const struct bus_range *range = &bus->ranges[i];

		if (size <= range->size && address >= range->base &&
		    address - range->base <= range->size - size)
			return range;
	}
	return NULL;
}

int bus_write(const struct bus *bus, uint64_t address, const uint8_t *data, unsigned int size,
	      uint64_t *progress)
{
	const struct bus_range *range = bus_find(bus, address, size);

	if (!range)
		return 0;
	return range->device->write(range->context, address - range->base, size,
				    bytes_load_le(data, size), progress);
}

void bus_read(const struct bus *bus, uint64_t address, uint8_t *data, unsigned int size)
{
	const struct bus_range *range = bus_find(bus, address, size);
	uint64_t value = 0;

	if (range)
		value = range->device->read(range->context, address - range->base, size);
	bytes_store_le(data, size, value);
}
