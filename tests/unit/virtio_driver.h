/* SPDX-License-Identifier: Apache-2.0 */
/* A driver's accesses to a virtio-mmio device, for tests. Source: VIRTIO 1.2, section 4.2. */
#ifndef MOTE_TEST_VIRTIO_DRIVER_H
#define MOTE_TEST_VIRTIO_DRIVER_H

#include "tests/unit/ring.h"
#include "vmm/dev/virtio_mmio.h"

enum {
	REG_MAGIC = 0x00,
	REG_VERSION = 0x04,
	REG_DEVICE_ID = 0x08,
	REG_VENDOR_ID = 0x0c,
	REG_DEVICE_FEATURES = 0x10,
	REG_DEVICE_FEATURES_SELECT = 0x14,
	REG_DRIVER_FEATURES = 0x20,
	REG_DRIVER_FEATURES_SELECT = 0x24,
	REG_QUEUE_SELECT = 0x30,
	REG_QUEUE_SIZE_MAX = 0x34,
	REG_QUEUE_SIZE = 0x38,
	REG_QUEUE_READY = 0x44,
	REG_QUEUE_NOTIFY = 0x50,
	REG_INTERRUPT_STATUS = 0x60,
	REG_INTERRUPT_ACK = 0x64,
	REG_STATUS = 0x70,
	REG_DESC = 0x80,
	REG_DRIVER = 0x90,
	REG_DEVICE = 0xa0,
	REG_GENERATION = 0xfc,
	REG_CONFIG = 0x100,
};
enum {
	ST_ACKNOWLEDGE = 1,
	ST_DRIVER = 2,
	ST_DRIVER_OK = 4,
	ST_FEATURES_OK = 8,
	ST_NEEDS_RESET = 64,
};

static inline uint32_t vread(struct virtio *virtio, uint64_t offset)
{
	return (uint32_t)virtio_mmio_bus.read(virtio, offset, 4);
}

static inline int vwrite(struct virtio *virtio, uint64_t offset, uint32_t value)
{
	uint64_t progress = 0;

	return virtio_mmio_bus.write(virtio, offset, 4, value, &progress);
}

static inline void vwrite64(struct virtio *virtio, uint64_t offset, uint64_t value)
{
	vwrite(virtio, offset, (uint32_t)value);
	vwrite(virtio, offset + 4, (uint32_t)(value >> 32));
}

static inline void driver_features(struct virtio *virtio, uint64_t features)
{
	vwrite(virtio, REG_DRIVER_FEATURES_SELECT, 0);
	vwrite(virtio, REG_DRIVER_FEATURES, (uint32_t)features);
	vwrite(virtio, REG_DRIVER_FEATURES_SELECT, 1);
	vwrite(virtio, REG_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static inline void driver_queue(struct virtio *virtio, uint32_t index, const struct ring *ring)
{
	vwrite(virtio, REG_QUEUE_SELECT, index);
	vwrite(virtio, REG_QUEUE_SIZE, ring->size);
	vwrite64(virtio, REG_DESC, ring->descriptors);
	vwrite64(virtio, REG_DRIVER, ring->available);
	vwrite64(virtio, REG_DEVICE, ring->used);
	vwrite(virtio, REG_QUEUE_READY, 1);
}

/* Reset, features, two queues, DRIVER_OK. */
static inline void driver_start(struct virtio *virtio, const struct ring rings[2])
{
	vwrite(virtio, REG_STATUS, 0);
	vwrite(virtio, REG_STATUS, ST_ACKNOWLEDGE | ST_DRIVER);
	driver_features(virtio, VIRTIO_F_VERSION_1);
	vwrite(virtio, REG_STATUS, ST_ACKNOWLEDGE | ST_DRIVER | ST_FEATURES_OK);
	assert_true(vread(virtio, REG_STATUS) & ST_FEATURES_OK);
	driver_queue(virtio, 0, &rings[0]);
	driver_queue(virtio, 1, &rings[1]);
	vwrite(virtio, REG_STATUS, ST_ACKNOWLEDGE | ST_DRIVER | ST_FEATURES_OK | ST_DRIVER_OK);
	assert_true(vread(virtio, REG_STATUS) & ST_DRIVER_OK);
}

#endif
