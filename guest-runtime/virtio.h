/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's side of a virtio device behind virtio-mmio, and of its split queues. What is in a
 * queue is physically contiguous. The monitor is trusted. Source: VIRTIO 1.2, sections 2.7, 4.2. */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct virtio {
	volatile char *registers;
};

/* A queue lies in one page: its rings, and behind them QUEUE_FREE bytes for others. */
#define QUEUE_SIZE 64
#define QUEUE_AREA 2048 /* with the rings */

struct queue {
	struct virtio *device;
	uint32_t number;
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} * descriptors;
	struct {
		uint16_t flags, index, ring[QUEUE_SIZE];
	} * available;
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, length;
		} ring[QUEUE_SIZE];
	} * used;
	uint16_t published, taken;
};

/* From the reset to the feature bits; then a queue in a page of zeros, each; then the device goes.
 * -ENODEV: it is another device or does not take us. */
int virtio_start(struct virtio *device, uint64_t registers, uint32_t id);
void queue_start(struct queue *queue, struct virtio *device, uint32_t number, void *page);
void virtio_go(struct virtio *device);
uint32_t virtio_config(const struct virtio *device, unsigned offset);

/* One buffer, as descriptor `slot`, that the device reads or writes; seen by it at once. */
void queue_offer(struct queue *queue, uint16_t slot, void *buffer, uint32_t length, bool writable);
/* A buffer that the device is through with: its slot and how much was written; false: none. */
bool queue_take(struct queue *queue, uint16_t *slot, uint32_t *length);
/* Whether the device takes interrupts as wanted from now on. */
void queue_interrupts(struct queue *queue, bool wanted);
/* Tells the device of what was offered, if it wants to be told. */
void queue_notify(struct queue *queue);
#endif
