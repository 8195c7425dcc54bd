/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio-mmio transport, version 2 (modern only): registers, status, feature bits and
 * queue set-up, the same for every device behind it. Source: VIRTIO 1.2, section 4.2. */
#ifndef MOTE_VIRTIO_MMIO_H
#define MOTE_VIRTIO_MMIO_H

#include <pthread.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/dev/virtqueue.h"
#include "vmm/irq.h"
#include "vmm/memory.h"

enum { VIRTIO_MMIO_SIZE = 0x1000, VIRTIO_QUEUES_MAX = 4 };
#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio;

struct virtio_device {
	uint32_t id; /* section 5: 3 = console, 19 = socket */
	uint64_t features; /* VIRTIO_F_VERSION_1 included */
	unsigned int queue_count;
	/* One byte of the configuration space; called with the lock held. */
	uint8_t (*config_read)(void *context, uint64_t offset);
	/* The driver says "look at this queue". The vCPU's thread, lock not held; 0 or -EINTR
	 * as for a bus write. */
	int (*notify)(void *context, unsigned int queue);
};

struct virtio {
	const struct virtio_device *device;
	void *context;
	const struct memory *memory;
	struct irq_line irq;
	pthread_mutex_t lock; /* guards everything below */
	uint32_t status;
	uint32_t device_features_select, driver_features_select, queue_select;
	uint64_t driver_features;
	uint32_t interrupt_status;
	uint32_t resets; /* counts, so that a device sees that one came in between */
	struct virtqueue queues[VIRTIO_QUEUES_MAX];
};

extern const struct bus_device virtio_mmio_bus;

/* device, context, memory and irq are set before. */
void virtio_mmio_init(struct virtio *virtio);
void virtio_mmio_finish(struct virtio *virtio);

/* Their fields in a device's section; lock held, or before threads start. */
void virtio_mmio_save(const struct virtio *virtio, struct state_writer *writer);
void virtio_mmio_load(struct virtio *virtio, struct state_reader *reader);

/* Lock held: a queue that works, or NULL while the driver has not set the device up. */
struct virtqueue *virtio_queue(struct virtio *virtio, unsigned int index);

/* Lock held: takes a chain; a driver's mistake puts the device into "needs reset". */
int virtio_pop(struct virtio *virtio, unsigned int index, struct virtqueue_chain *chain);

/* Lock held: gives a chain back and interrupts the driver if it wants that; or in two steps, so
 * that one interrupt does for many. */
void virtio_push(struct virtio *virtio, unsigned int index, uint16_t head, uint32_t written);
void virtio_give(struct virtio *virtio, unsigned int index, uint16_t head, uint32_t written);
void virtio_given(struct virtio *virtio, unsigned int index);

#endif
