/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/virtio_mmio.h"

#include <stddef.h>
#include <string.h>

enum virtio_register {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00c,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SELECT = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC_LOW = 0x080,
	QUEUE_DESC_HIGH = 0x084,
	QUEUE_DRIVER_LOW = 0x090,
	QUEUE_DRIVER_HIGH = 0x094,
	QUEUE_DEVICE_LOW = 0x0a0,
	QUEUE_DEVICE_HIGH = 0x0a4,
	SHM_LENGTH_LOW = 0x0b0,
	SHM_LENGTH_HIGH = 0x0b4,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

enum { MAGIC_VALUE = 0x74726976, VENDOR_VALUE = 0x65746f6d };
enum { INTERRUPT_USED = 1, INTERRUPT_CONFIG = 2 };
enum {
	STATUS_FEATURES_OK = 8,
	STATUS_DRIVER_OK = 4,
	STATUS_NEEDS_RESET = 64,
};

void virtio_mmio_init(struct virtio *virtio)
{
	pthread_mutex_init(&virtio->lock, NULL);
}

void virtio_mmio_finish(struct virtio *virtio)
{
	pthread_mutex_destroy(&virtio->lock);
}

static struct virtqueue *selected_queue(struct virtio *virtio)
{
	if (virtio->queue_select >= virtio->device->queue_count)
		return NULL;
	return &virtio->queues[virtio->queue_select];
}

struct virtqueue *virtio_queue(struct virtio *virtio, unsigned int index)
{
	if (!(virtio->status & STATUS_DRIVER_OK) || virtio->status & STATUS_NEEDS_RESET ||
	    !virtio->queues[index].ready)
		return NULL;
	return &virtio->queues[index];
}

static void virtio_interrupt(struct virtio *virtio, uint32_t cause)
{
	virtio->interrupt_status |= cause;
	irq_pulse(&virtio->irq);
}

static void virtio_needs_reset(struct virtio *virtio)
{
	virtio->status |= STATUS_NEEDS_RESET;
	virtio_interrupt(virtio, INTERRUPT_CONFIG);
}

int virtio_pop(struct virtio *virtio, unsigned int index, struct virtqueue_chain *chain)
{
	struct virtqueue *queue = virtio_queue(virtio, index);
	int result = queue ? virtqueue_pop(queue, virtio->memory, chain) : 0;

	if (result < 0)
		virtio_needs_reset(virtio);
	return result > 0;
}

void virtio_give(struct virtio *virtio, unsigned int index, uint16_t head, uint32_t written)
{
	struct virtqueue *queue = virtio_queue(virtio, index);

	if (queue && virtqueue_push(queue, virtio->memory, head, written) < 0)
		virtio_needs_reset(virtio);
}

void virtio_given(struct virtio *virtio, unsigned int index)
{
	const struct virtqueue *queue = virtio_queue(virtio, index);

	if (queue && virtqueue_wants_interrupt(queue, virtio->memory))
		virtio_interrupt(virtio, INTERRUPT_USED);
}

void virtio_push(struct virtio *virtio, unsigned int index, uint16_t head, uint32_t written)
{
	virtio_give(virtio, index, head, written);
	virtio_given(virtio, index);
}

static uint32_t register_read(struct virtio *virtio, uint64_t offset)
{
	const struct virtqueue *queue = selected_queue(virtio);

	switch (offset) {
	case MAGIC:
		return MAGIC_VALUE;
	case VERSION:
		return 2;
	case DEVICE_ID:
		return virtio->device->id;
	case VENDOR_ID:
		return VENDOR_VALUE;
	case DEVICE_FEATURES:
		if (virtio->device_features_select > 1)
			return 0;
		return (uint32_t)(virtio->device->features >>
				  (32 * virtio->device_features_select));
	case QUEUE_SIZE_MAX:
		return queue ? VIRTQUEUE_SIZE_MAX : 0;
	case QUEUE_READY:
		return queue && queue->ready;
	case INTERRUPT_STATUS:
		return virtio->interrupt_status;
	case STATUS:
		return virtio->status;
	case SHM_LENGTH_LOW:
	case SHM_LENGTH_HIGH:
		return UINT32_MAX; /* no such region */
	default:
		return 0;
	}
}

static uint64_t virtio_read(void *context, uint64_t offset, unsigned int size)
{
	struct virtio *virtio = context;
	uint64_t value = 0;

	pthread_mutex_lock(&virtio->lock);
	if (offset >= CONFIG)
		for (unsigned int i = size; i-- > 0;)
			value = value << 8 |
				virtio->device->config_read(virtio->context, offset - CONFIG + i);
	else if (size == 4)
		value = register_read(virtio, offset);
	pthread_mutex_unlock(&virtio->lock);
	return value;
}

static void set_half(uint64_t *address, uint32_t value, unsigned int shift)
{
	*address = (*address & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
}

static void virtio_reset(struct virtio *virtio)
{
	virtio->status = 0;
	virtio->driver_features = 0;
	virtio->interrupt_status = 0;
	virtio->resets++;
	memset(virtio->queues, 0, sizeof(virtio->queues));
}

static void status_write(struct virtio *virtio, uint32_t value)
{
	if (!value) {
		virtio_reset(virtio);
		return;
	}
	/* FEATURES_OK only sticks when what was accepted was offered and is modern. */
	if (virtio->driver_features & ~virtio->device->features ||
	    !(virtio->driver_features & VIRTIO_F_VERSION_1))
		value &= ~(uint32_t)(STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	virtio->status = value | (virtio->status & STATUS_NEEDS_RESET);
}

static void queue_ready_write(struct virtqueue *queue, uint32_t value)
{
	bool sane = virtqueue_is_sane(queue);

	if (value && sane && !queue->ready)
		queue->next_available = queue->next_used = 0;
	queue->ready = value && sane;
}

static void queue_write(struct virtqueue *queue, uint64_t offset, uint32_t value)
{
	if (offset == QUEUE_READY) {
		queue_ready_write(queue, value);
		return;
	}
	if (queue->ready)
		return;
	switch (offset) {
	case QUEUE_SIZE:
		queue->size = value > VIRTQUEUE_SIZE_MAX ? 0 : (uint16_t)value;
		break;
	case QUEUE_DESC_LOW:
	case QUEUE_DESC_HIGH:
		set_half(&queue->descriptors, value, offset == QUEUE_DESC_HIGH ? 32 : 0);
		break;
	case QUEUE_DRIVER_LOW:
	case QUEUE_DRIVER_HIGH:
		set_half(&queue->available, value, offset == QUEUE_DRIVER_HIGH ? 32 : 0);
		break;
	case QUEUE_DEVICE_LOW:
	case QUEUE_DEVICE_HIGH:
		set_half(&queue->used, value, offset == QUEUE_DEVICE_HIGH ? 32 : 0);
		break;
	default:
		break;
	}
}

static void register_write(struct virtio *virtio, uint64_t offset, uint32_t value)
{
	struct virtqueue *queue = selected_queue(virtio);

	switch (offset) {
	case DEVICE_FEATURES_SELECT:
		virtio->device_features_select = value;
		break;
	case DRIVER_FEATURES_SELECT:
		virtio->driver_features_select = value;
		break;
	case DRIVER_FEATURES:
		if (virtio->driver_features_select <= 1 && !(virtio->status & STATUS_FEATURES_OK))
			set_half(&virtio->driver_features, value,
				 32 * virtio->driver_features_select);
		break;
	case QUEUE_SELECT:
		virtio->queue_select = value;
		break;
	case INTERRUPT_ACK:
		virtio->interrupt_status &= ~value;
		break;
	case STATUS:
		status_write(virtio, value);
		break;
	default:
		if (queue)
			queue_write(queue, offset, value);
		break;
	}
}

static int virtio_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
			uint64_t *progress)
{
	struct virtio *virtio = context;

	(void)progress;
	if (size != 4 || offset >= CONFIG)
		return 0;
	if (offset == QUEUE_NOTIFY)
		return value < virtio->device->queue_count
			       ? virtio->device->notify(virtio->context, (unsigned int)value)
			       : 0;
	pthread_mutex_lock(&virtio->lock);
	register_write(virtio, offset, (uint32_t)value);
	pthread_mutex_unlock(&virtio->lock);
	return 0;
}

const struct bus_device virtio_mmio_bus = {.read = virtio_read, .write = virtio_write};

void virtio_mmio_save(const struct virtio *virtio, struct state_writer *writer)
{
	state_put(writer, virtio->status, 4);
	state_put(writer, virtio->device_features_select, 4);
	state_put(writer, virtio->driver_features_select, 4);
	state_put(writer, virtio->queue_select, 4);
	state_put(writer, virtio->driver_features, 8);
	state_put(writer, virtio->interrupt_status, 4);
	for (unsigned int i = 0; i < virtio->device->queue_count; i++)
		virtqueue_save(&virtio->queues[i], writer);
}

void virtio_mmio_load(struct virtio *virtio, struct state_reader *reader)
{
	virtio->status = (uint32_t)state_take(reader, 4);
	virtio->device_features_select = (uint32_t)state_take(reader, 4);
	virtio->driver_features_select = (uint32_t)state_take(reader, 4);
	virtio->queue_select = (uint32_t)state_take(reader, 4);
	virtio->driver_features = state_take(reader, 8);
	virtio->interrupt_status = (uint32_t)state_take(reader, 4);
	for (unsigned int i = 0; i < virtio->device->queue_count; i++)
		virtqueue_load(&virtio->queues[i], reader);
}
