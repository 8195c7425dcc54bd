/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include "tests/guests/guest.h"

struct queue queue;

void print(const char *text)
{
	while (*text)
		store(UART, 1, (uint8_t)*text++);
}

void print_hex(uint64_t value)
{
	char text[19] = "0x";
	int length = 2, shift = 60;

	while (shift > 0 && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		text[length++] = "0123456789abcdef"[value >> shift & 15];
	text[length] = 0;
	print(text);
}

void print_value(const char *name, uint64_t value)
{
	print(name);
	print(" ");
	print_hex(value);
	print("\n");
}

__attribute__((weak)) uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	print_value("exception", (uint32_t)syndrome);
	print_value("address", address);
	print_value("at", at);
	guest_power_off();
}

__attribute__((weak)) void guest_second(void)
{
}

uint64_t random_next(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The compiler calls it. */
void *memset(void *to, int value, unsigned long length);
void *memset(void *to, int value, unsigned long length)
{
	for (volatile uint8_t *next = to; length; length--)
		*next++ = (uint8_t)value;
	return to;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static uint32_t big(uint64_t address)
{
	return __builtin_bswap32((uint32_t)load(address, 4));
}

const char *tree_chosen(uint64_t tree, const char *name)
{
	uint64_t at = tree + big(tree + 8), names = tree + big(tree + 12);
	bool chosen = false;

	for (;;) {
		uint32_t token = big(at);

		at += 4;
		if (token == 1) {
			chosen = same((const char *)at, "chosen");
			while (load(at, 1))
				at++;
			at = (at + 4) & ~3ull;
		} else if (token == 3) {
			if (chosen && same((const char *)(names + big(at + 4)), name))
				return (const char *)(at + 8);
			at = (at + 8 + big(at) + 3) & ~3ull;
		} else if (token == 9) {
			return 0;
		}
	}
}

uint64_t boot_value(uint64_t tree)
{
	static const char name[] = "value=0x";
	const char *text = tree_chosen(tree, "bootargs");
	uint64_t value = 0;

	for (unsigned int matched = 0; text && *text && matched < sizeof(name) - 1; text++)
		matched = *text == name[matched] ? matched + 1 : 0;
	for (; text && *text && *text != ' '; text++)
		value = value << 4 | (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return value;
}

uint32_t virtio_read(uint32_t offset)
{
	return (uint32_t)load(VIRTIO + offset, 4);
}

void virtio_write(uint32_t offset, uint32_t value)
{
	guest_barrier();
	store(VIRTIO + offset, 4, value);
}

static void write_address(uint32_t offset, const volatile void *address)
{
	virtio_write(offset, (uint32_t)(uint64_t)address);
	virtio_write(offset + 4, (uint32_t)((uint64_t)address >> 32));
}

void virtio_start(void)
{
	queue = (struct queue){0};
	virtio_write(0x70, 0); /* Status */
	virtio_write(0x70, 1 | 2);
	virtio_write(0x24, 1); /* DriverFeaturesSel */
	virtio_write(0x20, 1); /* VIRTIO_F_VERSION_1 */
	virtio_write(0x70, 1 | 2 | 8);
	virtio_write(0x30, 1); /* QueueSel: transmit */
	virtio_write(0x38, QUEUE_SIZE);
	write_address(0x80, queue.descriptors);
	write_address(0x90, &queue.available);
	write_address(0xa0, &queue.used);
	virtio_write(0x44, 1); /* QueueReady */
	virtio_write(0x70, 1 | 2 | 8 | 4);
}

void descriptor(int index, const void *address, uint32_t length, uint16_t flags, uint16_t next)
{
	queue.descriptors[index].address = (uint64_t)address;
	queue.descriptors[index].length = length;
	queue.descriptors[index].flags = flags;
	queue.descriptors[index].next = next;
}

void virtio_send(uint16_t head)
{
	queue.available.ring[queue.available.index % QUEUE_SIZE] = head;
	guest_barrier();
	queue.available.index++;
	virtio_write(0x50, 1);
}

void virtio_verdict(void)
{
	static const char works[] = "works again\n";

	print(virtio_read(0x70) & STATUS_NEEDS_RESET ? "needs reset\n" : "no reset asked\n");
	virtio_start();
	descriptor(0, works, sizeof(works) - 1, 0, 0);
	virtio_send(0);
	guest_barrier();
	print_value("used", *(volatile uint16_t *)&queue.used.index);
}
