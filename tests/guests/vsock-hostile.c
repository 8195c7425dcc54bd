/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a driver of a socket device must not do, one after the other; after each, whether
 * the device still does what it should. Port 100 of the host gives everything back, port 101 never
 * reads. */
#include "tests/guests/guest.h"

enum { RX, TX };
enum { CID = 5, HOST = 2, ECHO = 100, DEAF = 101 };
enum { REQUEST = 1, RESPONSE, RESET, SHUTDOWN, DATA, CREDIT_UPDATE, CREDIT_REQUEST };
enum { ROUNDS = 3000 };

struct packet {
	uint64_t from_cid, to_cid;
	uint32_t from_port, to_port, length;
	uint16_t type, operation;
	uint32_t flags, room, forwarded;
	uint8_t bytes[4096 - 44];
} __attribute__((packed, aligned(4096)));

static struct queue queues[2];
static struct packet in[QUEUE_SIZE], out[QUEUE_SIZE];
static uint16_t seen; /* of RX */
static uint32_t port = 5000;

static void set(uint32_t offset, uint32_t value)
{
	guest_barrier();
	store(VIRTIO + VIRTIO_STRIDE + offset, 4, value);
}

static void set_address(uint32_t offset, const volatile void *address)
{
	set(offset, (uint32_t)(uint64_t)address);
	set(offset + 4, (uint32_t)((uint64_t)address >> 32));
}

static void describe(int which, int index, const void *address, uint32_t length, uint16_t flags)
{
	queues[which].descriptors[index].address = (uint64_t)address;
	queues[which].descriptors[index].length = length;
	queues[which].descriptors[index].flags = flags;
	queues[which].descriptors[index].next = (uint16_t)index;
}

static void offer(int which, uint16_t head)
{
	queues[which].available.ring[queues[which].available.index % QUEUE_SIZE] = head;
	guest_barrier();
	queues[which].available.index++;
}

static void notify(int which)
{
	set(0x50, (uint32_t)which);
}

static void start(void)
{
	set(0x70, 0);
	set(0x70, 1 | 2);
	set(0x24, 1);
	set(0x20, 1);
	set(0x70, 1 | 2 | 8);
	for (int i = RX; i <= TX; i++) {
		queues[i] = (struct queue){0};
		set(0x30, (uint32_t)i);
		set(0x38, QUEUE_SIZE);
		set_address(0x80, queues[i].descriptors);
		set_address(0x90, &queues[i].available);
		set_address(0xa0, &queues[i].used);
		set(0x44, 1);
	}
	set(0x70, 1 | 2 | 8 | 4);
	seen = 0;
	for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
		describe(RX, i, &in[i], sizeof(in[i]), DESC_WRITE);
		offer(RX, i);
	}
	notify(RX);
}

static uint16_t used(int which)
{
	guest_barrier();
	return *(volatile uint16_t *)&queues[which].used.index;
}

/* The next packet from the device; its buffer goes back. */
static struct packet *receive(void)
{
	struct packet *packet;
	uint16_t id;

	if (used(RX) == seen)
		return 0;
	guest_barrier();
	id = (uint16_t)queues[RX].used.ring[seen++ % QUEUE_SIZE].head;
	packet = &in[id];
	offer(RX, id);
	notify(RX);
	return packet;
}

/* A place in the transmit queue; what comes meanwhile is dropped. */
static uint16_t place(void)
{
	while ((uint16_t)(queues[TX].available.index - used(TX)) >= QUEUE_SIZE)
		receive();
	return queues[TX].available.index % QUEUE_SIZE;
}

static struct packet *packet(uint16_t operation, uint32_t to_port, uint32_t length)
{
	struct packet *p = &out[place()];

	p->from_cid = CID;
	p->to_cid = HOST;
	p->from_port = port;
	p->to_port = to_port;
	p->length = length;
	p->type = 1;
	p->operation = operation;
	p->flags = 0;
	p->room = 65536;
	p->forwarded = 0;
	return p;
}

/* So many bytes of it, whatever its header says. */
static void send(struct packet *p, uint32_t bytes)
{
	uint16_t index = (uint16_t)(p - out);

	describe(TX, index, p, 44 + bytes, 0);
	offer(TX, index);
	notify(TX);
}

/* What the device answers to a new port's REQUEST. */
static uint16_t connect(uint32_t to_port)
{
	struct packet *got;

	port++;
	send(packet(REQUEST, to_port, 0), 0);
	for (;;) {
		got = receive();
		if (got && got->to_port == port &&
		    (got->operation == RESPONSE || got->operation == RESET))
			return got->operation;
	}
}

static void verdict(const char *what)
{
	print(what);
	start();
	print(connect(ECHO) == RESPONSE ? ": works\n" : ": BROKEN\n");
	start();
}

static void flood_of_requests(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		port++;
		send(packet(REQUEST, i % 2 ? ECHO : DEAF, 0), 0);
	}
	verdict("requests");
}

/* Answers find no buffer. */
static void flood_without_buffers(void)
{
	start();
	for (int i = 0; i < ROUNDS; i++) {
		if ((uint16_t)(queues[TX].available.index - used(TX)) < QUEUE_SIZE)
			send(packet((uint16_t)(i % 9), 7, 0), 0);
	}
	verdict("answers without buffers");
}

static void nobodys_packets(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct packet *p = packet((uint16_t)random_next(), (uint32_t)random_next(), 0);

		p->from_port = (uint32_t)random_next();
		p->type = (uint16_t)(random_next() % 3);
		p->to_cid = random_next() % 4;
		send(p, 0);
	}
	verdict("packets of no stream");
}

static void lengths(void)
{
	static const uint32_t lies[] = {1,          4096,       0x10001,   0x7fffffff,
					0x80000000, 0xffffffd4, 0xffffffff};

	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		connect(ECHO);
		send(packet(DATA, ECHO, lies[i]), 0);
		connect(DEAF);
		for (int n = 0; n < 100; n++)
			send(packet(DATA, DEAF, 1000), 1000); /* far beyond the credit */
	}
	verdict("lengths and credit overrun");
}

static void credits(void)
{
	for (int i = 0; i < 100; i++) {
		struct packet *p;

		connect(ECHO);
		send(packet(DATA, ECHO, 4000), 4000);
		p = packet(CREDIT_UPDATE, ECHO, 0);
		p->room = (uint32_t)random_next();
		p->forwarded = (uint32_t)random_next();
		send(p, 0);
		send(packet(CREDIT_REQUEST, ECHO, 0), 0);
	}
	verdict("credits that lie");
}

static void ring_of(int which, uint64_t address, uint32_t length, uint16_t flags)
{
	start();
	describe(which, 0, (const void *)address, length, flags);
	offer(which, 0);
	notify(which);
	if (which == RX)
		send(packet(DATA, 7, 0), 0);
}

static void rings(void)
{
	for (int which = RX; which <= TX; which++) {
		uint16_t flags = which == RX ? DESC_WRITE : 0;

		ring_of(which, RAM, 10, flags);
		ring_of(which, RAM, 0, flags);
		ring_of(which, 0xfffffffffffffff0, 64, flags);
		ring_of(which, UART, 64, flags);
		ring_of(which, (uint64_t)&in[0], 0xffffffff, flags);
		ring_of(which, (uint64_t)&in[0], 64, flags ^ DESC_WRITE);
		ring_of(which, (uint64_t)&in[0], 64, flags | DESC_NEXT);
		ring_of(which, (uint64_t)&in[0], 64, flags | DESC_INDIRECT);
		queues[which].available.index += 1000;
		notify(which);
	}
	verdict("rings");
}

void guest_main(uint64_t tree)
{
	(void)tree;
	start();
	flood_of_requests();
	flood_without_buffers();
	nobodys_packets();
	lengths();
	credits();
	rings();
	print("end\n");
}
