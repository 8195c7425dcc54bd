/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/support/driver.h"

#include <errno.h>

#include "vmm/bytes.h"

/* VIRTIO 1.2, section 4.2.2 */
enum {
	FEATURES = 0x20,
	FEATURES_SELECT = 0x24,
	QUEUE_SELECT = 0x30,
	QUEUE_SIZE = 0x38,
	QUEUE_READY = 0x44,
	QUEUE_NOTIFY = 0x50,
	STATUS = 0x70,
	DESCRIPTORS = 0x80,
	DRIVER_RINGS = 0x90,
	DEVICE_RINGS = 0xa0,
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { AREA = DRIVER_SIZE / DRIVER_QUEUES, USED = 0x400, DATA = 0x800 };

/* An interrupted write is made again, as the vCPU does; it must come to an end. */
enum { AGAIN_MAX = 64 };

void driver_write(struct driver *driver, uint64_t offset, uint32_t value)
{
	uint64_t progress = 0;
	int again = 0;

	while (virtio_mmio_bus.write(driver->virtio, offset, 4, value, &progress) == -EINTR)
		check(++again < AGAIN_MAX);
}

uint32_t driver_read(struct driver *driver, uint64_t offset)
{
	return (uint32_t)virtio_mmio_bus.read(driver->virtio, offset, 4);
}

static void write64(struct driver *driver, uint64_t offset, uint64_t value)
{
	driver_write(driver, offset, (uint32_t)value);
	driver_write(driver, offset + 4, (uint32_t)(value >> 32));
}

static void queue_set_up(struct driver *driver, unsigned int queue)
{
	driver_write(driver, QUEUE_SELECT, queue);
	driver_write(driver, QUEUE_SIZE, driver->rings[queue].size);
	write64(driver, DESCRIPTORS, driver->rings[queue].descriptors);
	write64(driver, DRIVER_RINGS, driver->rings[queue].available);
	write64(driver, DEVICE_RINGS, driver->rings[queue].used);
	driver_write(driver, QUEUE_READY, 1);
}

static void set_up(struct driver *driver)
{
	driver_write(driver, STATUS, 0);
	driver_write(driver, STATUS, ACKNOWLEDGE | DRIVER);
	driver_write(driver, FEATURES_SELECT, 1);
	driver_write(driver, FEATURES, VIRTIO_F_VERSION_1 >> 32);
	driver_write(driver, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	for (unsigned int queue = 0; queue < DRIVER_QUEUES; queue++)
		queue_set_up(driver, queue);
	driver_write(driver, STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

static void place_rings(struct driver *driver)
{
	for (unsigned int queue = 0; queue < DRIVER_QUEUES; queue++) {
		uint64_t base = RAM + queue * AREA;

		driver->rings[queue].descriptors = base;
		driver->rings[queue].available = base + DRIVER_RING * 16;
		driver->rings[queue].used = base + USED;
		driver->rings[queue].size = DRIVER_RING;
		driver->rings[queue].published = 0;
	}
}

void driver_start(struct driver *driver)
{
	place_rings(driver);
	memset(driver->virtio->memory->host, 0, driver->virtio->memory->size);
	set_up(driver);
	check(driver_read(driver, STATUS) == (ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK));
}

static void store(struct driver *driver, uint64_t address, uint64_t value, unsigned int size)
{
	uint8_t raw[8];

	bytes_store_le(raw, size, value);
	memory_write(driver->virtio->memory, address, raw, size);
}

static void describe(struct driver *driver, unsigned int queue, uint16_t index, uint64_t address,
		     uint32_t length, uint16_t flags, uint16_t next)
{
	uint64_t at = driver->rings[queue].descriptors + 16ull * index;

	store(driver, at, address, 8);
	store(driver, at + 8, length, 4);
	store(driver, at + 12, flags, 2);
	store(driver, at + 14, next, 2);
}

static void publish(struct driver *driver, unsigned int queue, uint16_t head)
{
	uint64_t ring = driver->rings[queue].available;
	uint16_t *published = &driver->rings[queue].published;

	if (driver->rings[queue].size)
		store(driver, ring + 4 + 2ull * (*published % driver->rings[queue].size), head, 2);
	store(driver, ring + 2, ++*published, 2);
}

void driver_offer(struct driver *driver, unsigned int queue, const void *bytes, uint32_t length,
		  uint16_t flags)
{
	uint64_t at = RAM + queue * AREA + DATA;

	if (bytes)
		memory_write(driver->virtio->memory, at, bytes, length);
	describe(driver, queue, 0, at, length, flags, 0);
	publish(driver, queue, 0);
}

uint16_t driver_used(struct driver *driver, unsigned int queue)
{
	uint16_t used = 0;

	memory_read(driver->virtio->memory, driver->rings[queue].used + 2, &used, sizeof(used));
	return used;
}

const uint8_t *driver_data(struct driver *driver, unsigned int queue)
{
	return driver->virtio->memory->host + queue * AREA + DATA;
}

void driver_notify(struct driver *driver, unsigned int queue)
{
	driver_write(driver, QUEUE_NOTIFY, queue);
}

/* ---- steps ---- */

static void bend_ring(struct driver *driver, struct input *input)
{
	const struct memory *memory = driver->virtio->memory;
	unsigned int queue = input_u8(input) % DRIVER_QUEUES;

	driver->rings[queue].descriptors = ram_address(memory, input);
	driver->rings[queue].available = ram_address(memory, input);
	driver->rings[queue].used = ram_address(memory, input);
	driver->rings[queue].size = (uint16_t)(1u << input_u8(input) % 10);
	driver->rings[queue].published = 0;
}

static void describe_any(struct driver *driver, struct input *input)
{
	unsigned int queue = input_u8(input) % DRIVER_QUEUES;
	uint16_t index = input_u8(input);
	uint64_t address = ram_address(driver->virtio->memory, input);
	uint32_t length = input_u16(input);
	uint8_t flags = input_u8(input);

	/* Rarely: longer than any memory. */
	describe(driver, queue, index, address, flags & 0x80 ? length << 16 : length & 0xfff,
		 flags & 7, flags >> 3 & 15);
}

static void access_any(struct driver *driver, struct input *input, bool write)
{
	uint64_t offset = input_u16(input) & 0x1ff, progress = 0;
	unsigned int size = 1u << input_u8(input) % 4;
	int again = 0;

	if (!write) {
		virtio_mmio_bus.read(driver->virtio, offset, size);
		return;
	}
	uint64_t value = input_u32(input);

	while (virtio_mmio_bus.write(driver->virtio, offset, size, value, &progress) == -EINTR)
		check(++again < AGAIN_MAX);
}

/* A register that exists. */
static void write_likely(struct driver *driver, struct input *input)
{
	static const uint8_t registers[] = {
		FEATURES,     FEATURES_SELECT, QUEUE_SELECT,    QUEUE_SIZE,
		QUEUE_READY,  QUEUE_NOTIFY,    STATUS,          DESCRIPTORS,
		DRIVER_RINGS, DEVICE_RINGS,    DESCRIPTORS + 4, 0x14,
		0x64,
	};
	uint64_t offset = registers[input_u8(input) % LENGTH(registers)];

	driver_write(driver, offset, input_u16(input));
}

void driver_act(struct driver *driver, struct input *input)
{
	switch (input_u8(input) % 10) {
	case 0:
		place_rings(driver);
		set_up(driver);
		break;
	case 1:
		bend_ring(driver, input);
		set_up(driver);
		break;
	case 2:
	case 3:
		describe_any(driver, input);
		break;
	case 4:
		publish(driver, input_u8(input) % DRIVER_QUEUES, input_u8(input));
		break;
	case 5:
		driver_notify(driver, input_u8(input) % DRIVER_QUEUES);
		break;
	case 6:
		ram_poke(driver->virtio->memory, input);
		break;
	case 7:
		write_likely(driver, input);
		break;
	default:
		access_any(driver, input, input_u8(input) & 1);
		break;
	}
}
