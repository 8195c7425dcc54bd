/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio.h"

#include <linux/errno.h>

#include "arch.h"

#define DEVICE_ID 0x008
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SELECT 0x024
#define QUEUE_SELECT 0x030
#define QUEUE_COUNT 0x038
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define STATUS 0x070
#define QUEUE_DESCRIPTORS 0x080
#define QUEUE_AVAILABLE 0x090
#define QUEUE_USED 0x0a0
#define CONFIG 0x100

#define STATUS_DRIVER 3 /* and ACKNOWLEDGE */
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define FEATURES_VERSION_1 1 /* of the upper half */

#define WRITABLE 2
#define NO_INTERRUPT 1
#define NO_NOTIFY 1

static void set(const struct virtio *device, unsigned offset, uint32_t value)
{
	cpu_store_device32(device->registers + offset, value);
}

static uint32_t get(const struct virtio *device, unsigned offset)
{
	return cpu_load_device32(device->registers + offset);
}

uint32_t virtio_config(const struct virtio *device, unsigned offset)
{
	return get(device, CONFIG + offset);
}

int virtio_start(struct virtio *device, uint64_t registers, uint32_t id)
{
	device->registers = linear(registers);
	if (get(device, DEVICE_ID) != id)
		return -ENODEV;
	set(device, STATUS, 0);
	set(device, STATUS, STATUS_DRIVER);
	set(device, DRIVER_FEATURES_SELECT, 1);
	set(device, DRIVER_FEATURES, FEATURES_VERSION_1);
	set(device, STATUS, STATUS_DRIVER | STATUS_FEATURES_OK);
	return get(device, STATUS) & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

void virtio_go(struct virtio *device)
{
	set(device, STATUS, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

static void set_address(const struct queue *queue, unsigned offset, const void *place)
{
	set(queue->device, offset, (uint32_t)physical(place));
	set(queue->device, offset + 4, (uint32_t)(physical(place) >> 32));
}

void queue_start(struct queue *queue, struct virtio *device, uint32_t number, void *page)
{
	char *area = page;

	*queue = (struct queue){.device = device, .number = number};
	queue->descriptors = page;
	queue->available = (void *)(area + sizeof(*queue->descriptors) * QUEUE_SIZE);
	queue->used = (void *)(area + QUEUE_AREA - sizeof(*queue->used));
	set(device, QUEUE_SELECT, number);
	set(device, QUEUE_COUNT, QUEUE_SIZE);
	set_address(queue, QUEUE_DESCRIPTORS, queue->descriptors);
	set_address(queue, QUEUE_AVAILABLE, queue->available);
	set_address(queue, QUEUE_USED, queue->used);
	set(device, QUEUE_READY, 1);
}

void queue_offer(struct queue *queue, uint16_t slot, void *buffer, uint32_t length, bool writable)
{
	queue->descriptors[slot].address = physical(buffer);
	queue->descriptors[slot].length = length;
	queue->descriptors[slot].flags = writable ? WRITABLE : 0;
	queue->available->ring[queue->published++ % QUEUE_SIZE] = slot;
	__atomic_store_n(&queue->available->index, queue->published, __ATOMIC_RELEASE);
}

bool queue_take(struct queue *queue, uint16_t *slot, uint32_t *length)
{
	unsigned at = queue->taken % QUEUE_SIZE;

	if (__atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) == queue->taken)
		return false;
	*slot = (uint16_t)queue->used->ring[at].id;
	*length = queue->used->ring[at].length;
	queue->taken++;
	return true;
}

void queue_interrupts(struct queue *queue, bool wanted)
{
	__atomic_store_n(&queue->available->flags, wanted ? 0 : NO_INTERRUPT, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* before the look at what came meanwhile */
}

void queue_notify(struct queue *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* what is offered, before the device's wish */
	if (!(__atomic_load_n(&queue->used->flags, __ATOMIC_RELAXED) & NO_NOTIFY))
		set(queue->device, QUEUE_NOTIFY, queue->number);
}
