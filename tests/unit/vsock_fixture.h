/* SPDX-License-Identifier: Apache-2.0 */
/* A socket device between a driver of the test's and Unix sockets of the test's, in the test's
 * directory. Included once by each test program. */
#ifndef MOTE_TEST_VSOCK_FIXTURE_H
#define MOTE_TEST_VSOCK_FIXTURE_H

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/fake/kvm.h"
#include "tests/unit/virtio_driver.h"
#include "vmm/dev/virtio_vsock.h"

enum { RX, TX, EVENTS };
enum { CID = 7, GUEST_PORT = 1000, ROOM = 8192, RING = 128 };

static struct memory memory;
static struct loop *loop;
static struct virtio_vsock vsock;
static struct ring rings[3];
static uint16_t received; /* that the test has seen of RX */

static UNUSED void turn(void)
{
	for (int i = 0; i < 8; i++)
		loop_turn(loop);
}

static UNUSED void notify(unsigned int queue)
{
	assert_int_equal(vwrite(&vsock.virtio, REG_QUEUE_NOTIFY, queue), 0);
	turn();
}

static UNUSED int setup(void **state)
{
	struct error err = {0};

	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	for (int i = 0; i < 3; i++)
		ring_init(&rings[i], &memory, TEST_RAM + 0x40000u * (unsigned int)i, RING);
	received = 0;
	loop = loop_create(&err);
	vsock = (struct virtio_vsock){.guest_cid = CID, .path = "v.sock"};
	vsock.virtio.memory = &memory;
	assert_ok(virtio_vsock_init(&vsock, loop, &err), err);
	driver_start(&vsock.virtio, rings);
	driver_queue(&vsock.virtio, EVENTS, &rings[EVENTS]);
	virtio_vsock_release(&vsock);
	turn();
	return 0;
}

static UNUSED int teardown(void **state)
{
	(void)state;
	virtio_vsock_finish(&vsock);
	loop_destroy(loop);
	memory_finish(&memory);
	unlink("v.sock_52");
	return access("v.sock", F_OK) == 0 ? -1 : 0;
}

/* ---- the driver ---- */

static UNUSED struct vsock_packet from_guest(enum vsock_operation operation, uint32_t host_port)
{
	return (struct vsock_packet){
		.from_cid = CID,
		.to_cid = VSOCK_CID_HOST,
		.from_port = GUEST_PORT,
		.to_port = host_port,
		.type = VSOCK_STREAM,
		.operation = (uint16_t)operation,
		.room = ROOM,
	};
}

/* A packet with so many bytes behind it, whatever its header says. */
static UNUSED void put(const struct vsock_packet *packet, const void *bytes, uint32_t length)
{
	struct ring *ring = &rings[TX];
	uint16_t index = ring->published % RING;
	uint64_t at = ring->data + 0x400u * index;
	uint8_t raw[VSOCK_HEADER_SIZE];

	vsock_packet_store(raw, packet);
	memory_write(&memory, at, raw, sizeof(raw));
	if (length)
		memory_write(&memory, at + sizeof(raw), bytes, length);
	ring_descriptor(ring, index, at, VSOCK_HEADER_SIZE + length, 0, 0);
	ring_publish(ring, index);
}

static UNUSED void send_packet(struct vsock_packet packet)
{
	put(&packet, NULL, 0);
	notify(TX);
}

static UNUSED void send_bytes(uint32_t host_port, const char *bytes)
{
	struct vsock_packet packet = from_guest(VSOCK_DATA, host_port);

	packet.length = (uint32_t)strlen(bytes);
	put(&packet, bytes, packet.length);
	notify(TX);
}

static UNUSED void offer(int count)
{
	for (struct ring *ring = &rings[RX]; count > 0; count--) {
		uint16_t index = ring->published % RING;

		ring_descriptor(ring, index, ring->data + 0x400u * index, 0x400, RING_WRITE, 0);
		ring_publish(ring, index);
	}
	notify(RX);
}

/* The next packet that the driver got; its bytes as a string. */
static char bytes[0x400];

static UNUSED bool get(struct vsock_packet *packet)
{
	uint8_t raw[VSOCK_HEADER_SIZE];
	uint64_t at;

	if (received == ring_used(&rings[RX]))
		return false;
	at = rings[RX].data + 0x400u * ring_used_id(&rings[RX], received);
	memory_read(&memory, at, raw, sizeof(raw));
	*packet = vsock_packet_load(raw);
	assert_int_equal(ring_used_length(&rings[RX], received),
			 VSOCK_HEADER_SIZE + packet->length);
	memset(bytes, 0, sizeof(bytes));
	memory_read(&memory, at + sizeof(raw), bytes, packet->length);
	received++;
	return true;
}

static UNUSED struct vsock_packet assert_got(enum vsock_operation operation)
{
	struct vsock_packet packet = {0};

	assert_true(get(&packet));
	assert_int_equal(packet.operation, operation);
	assert_int_equal(packet.to_cid, CID);
	return packet;
}

static UNUSED void assert_nothing(void)
{
	assert_int_equal(received, ring_used(&rings[RX]));
}

/* ---- the host ---- */

static UNUSED struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	return address;
}

static UNUSED int host_listen(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 200), 0);
	return fd;
}

static UNUSED int host_connect(const char *greeting)
{
	const struct sockaddr_un address = address_of("v.sock");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, greeting, strlen(greeting)), strlen(greeting));
	turn();
	return fd;
}

static UNUSED void assert_reads(int fd, const char *text)
{
	char got[256] = "";

	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
	assert_string_equal(got, text);
}

static UNUSED void assert_would_block(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static UNUSED void assert_closed(int fd)
{
	char byte;

	ssize_t got = read(fd, &byte, 1);

	assert_true(got == 0 || (got < 0 && errno != EAGAIN));
}

/* A stream that the guest began; the host's end. */
static UNUSED int guest_dials(void)
{
	int listener = host_listen("v.sock_52"), fd;

	offer(16);
	send_packet(from_guest(VSOCK_REQUEST, 52));
	assert_got(VSOCK_RESPONSE);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fd >= 0);
	close(listener);
	return fd;
}

/* A stream that the host began; its port. */
static UNUSED uint32_t host_dials(int *fd)
{
	char line[64];
	struct vsock_packet request, response;

	offer(16);
	*fd = host_connect("CONNECT 1000\n");
	request = assert_got(VSOCK_REQUEST);
	assert_int_equal(request.to_port, GUEST_PORT);
	assert_would_block(*fd);
	response = from_guest(VSOCK_RESPONSE, request.from_port);
	send_packet(response);
	snprintf(line, sizeof(line), "OK %u\n", request.from_port);
	assert_reads(*fd, line);
	return request.from_port;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
