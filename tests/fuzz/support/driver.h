/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile driver of one virtio-mmio device, the same for every device behind the transport:
 * sane set-ups that the fuzzer bends, and accesses without any sense. */
#ifndef MOTE_FUZZ_DRIVER_H
#define MOTE_FUZZ_DRIVER_H

#include "tests/fuzz/support/ram.h"
#include "vmm/dev/virtio_mmio.h"

enum { DRIVER_SIZE = 0x8000, DRIVER_QUEUES = 2, DRIVER_RING = 16 };

struct driver {
	struct virtio *virtio;
	struct {
		uint64_t descriptors, available, used;
		uint16_t size, published;
	} rings[DRIVER_QUEUES];
};

/* One step as the input says. */
void driver_act(struct driver *driver, struct input *input);

/* Resets and sets the device up as the specification says, all memory but data zero. */
void driver_start(struct driver *driver);

void driver_write(struct driver *driver, uint64_t offset, uint32_t value);
uint32_t driver_read(struct driver *driver, uint64_t offset);

/* Offers one buffer in the sane place for data; bytes NULL: as it is. flags: a descriptor's. */
enum { DRIVER_READABLE = 0, DRIVER_WRITABLE = 2 };
void driver_offer(struct driver *driver, unsigned int queue, const void *bytes, uint32_t length,
		  uint16_t flags);
uint16_t driver_used(struct driver *driver, unsigned int queue);
const uint8_t *driver_data(struct driver *driver, unsigned int queue);
void driver_notify(struct driver *driver, unsigned int queue);

#endif
