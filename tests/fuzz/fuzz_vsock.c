/* SPDX-License-Identifier: Apache-2.0 */
/* The socket device under a hostile driver and hosts that come, talk and leave. What it holds is
 * bounded all the time; and whatever happened before, a driver that resets it and follows the rules
 * has a device that works. */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fuzz/support/driver.h"
#include "vmm/dev/virtio_vsock.h"

enum { RECEIVE, TRANSMIT };
enum { STEPS_MAX = 512, CLIENTS = 8, CID = 3, PORT = 52 };

static struct virtio_vsock vsock;
static struct memory memory;
static struct driver driver;
static struct loop *loop;
static char path[64];
static int listener, clients[CLIENTS];

static struct sockaddr_un address_of(const char *suffix)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", path, suffix);
	return address;
}

static void client_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void client_connect(int *fd, struct input *input)
{
	const struct sockaddr_un address = address_of("");
	char line[32];
	int length = snprintf(line, sizeof(line), "CONNECT %u\n", input_u8(input) % 4);

	client_close(fd);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check(*fd >= 0);
	if (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    input_u8(input) & 3)
		send(*fd, line, (size_t)length, MSG_NOSIGNAL);
}

static void host_act(struct input *input)
{
	static char block[0x10000];
	int *fd = &clients[input_u8(input) % CLIENTS];
	size_t length = input_u8(input);
	const uint8_t *bytes;

	switch (input_u8(input) % 7) {
	case 0:
		client_connect(fd, input);
		break;
	case 1:
		client_close(fd);
		*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		break;
	case 2:
		bytes = input_bytes(input, &length);
		send(*fd, bytes, length, MSG_NOSIGNAL);
		break;
	case 3:
		send(*fd, block, length << 8, MSG_NOSIGNAL);
		break;
	case 4:
		recv(*fd, block, length << 8, 0);
		break;
	case 5:
		shutdown(*fd, length & 1 ? SHUT_WR : SHUT_RD);
		break;
	default:
		client_close(fd);
		break;
	}
}

/* A packet whose fields are likely to mean something. */
static void guest_send(struct input *input)
{
	uint8_t raw[VSOCK_HEADER_SIZE + 256] = {0};
	struct vsock_packet packet = {
		.from_cid = input_u8(input) < 0xf0 ? CID : 4,
		.to_cid = input_u8(input) < 0xf0 ? VSOCK_CID_HOST : 1,
		.from_port = input_u8(input) % 4,
		.to_port = input_u8(input) & 1 ? PORT : (1u << 30) + input_u8(input) % 8,
		.type = input_u8(input) < 0xf0 ? VSOCK_STREAM : 2,
		.operation = input_u8(input) % 9,
		.flags = input_u8(input) % 4,
		.room = input_u32(input),
		.forwarded = input_u16(input),
	};
	uint32_t length = input_u8(input);

	packet.length = input_u8(input) < 0xf0 ? length : input_u32(input);
	vsock_packet_store(raw, &packet);
	driver_offer(&driver, TRANSMIT, raw, VSOCK_HEADER_SIZE + length, DRIVER_READABLE);
	driver_notify(&driver, TRANSMIT);
}

static void step(struct input *input)
{
	switch (input_u8(input) % 6) {
	case 0:
		host_act(input);
		break;
	case 1:
		driver_act(&driver, input);
		break;
	case 2:
		guest_send(input);
		break;
	case 3:
		driver_offer(&driver, RECEIVE, NULL, input_u16(input) % 1024, DRIVER_WRITABLE);
		driver_notify(&driver, RECEIVE);
		break;
	default:
		loop_turn(loop);
		break;
	}
}

static void check_bounds(void)
{
	check(vsock.links.count <= VSOCK_LINKS_MAX);
	check(vsock.refusal_count <= VSOCK_REFUSALS_MAX);
	for (unsigned int i = 0; i < vsock.links.count; i++) {
		const struct vsock_link *link = vsock.links.links[i];

		check(link->held_count <= VSOCK_ROOM && link->held_at < VSOCK_ROOM);
		check(!link->held_count == !link->held);
		check(link->stream.state == VSOCK_ENDED ||
		      link->stream.received - link->stream.forwarded == link->held_count);
	}
}

static void check_works(void)
{
	const struct vsock_packet request = {.from_cid = CID,
					     .to_cid = VSOCK_CID_HOST,
					     .from_port = 1000,
					     .to_port = PORT,
					     .type = VSOCK_STREAM,
					     .operation = VSOCK_REQUEST};
	uint8_t raw[VSOCK_HEADER_SIZE];

	for (int i = 0; i < CLIENTS; i++)
		client_close(&clients[i]);
	driver_start(&driver);
	for (int i = 0; i < 16; i++) {
		driver_notify(&driver, TRANSMIT);
		loop_turn(loop);
	}
	check(vsock.links.count == 0 && vsock.refusal_count == 0);
	do
		clients[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	while (clients[0] >= 0 && close(clients[0]) == 0);
	vsock_packet_store(raw, &request);
	driver_offer(&driver, RECEIVE, NULL, 64, DRIVER_WRITABLE);
	driver_offer(&driver, TRANSMIT, raw, sizeof(raw), DRIVER_READABLE);
	driver_notify(&driver, TRANSMIT);
	loop_turn(loop);
	check(driver_used(&driver, TRANSMIT) == 1);
	check(driver_used(&driver, RECEIVE) == 1);
	check(vsock_packet_load(driver_data(&driver, RECEIVE)).operation == VSOCK_RESPONSE);
}

static void begin(void)
{
	struct sockaddr_un address;
	struct error err;

	snprintf(path, sizeof(path), "/tmp/mote-fuzz-vsock.%d", (int)getpid());
	address = address_of("_52");
	unlink(address.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check(bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
	check(listen(listener, 64) == 0);
	loop = loop_create(&err);
	memset(&vsock, 0, sizeof(vsock));
	vsock.virtio.memory = &memory;
	vsock.guest_cid = CID;
	vsock.path = path;
	check(virtio_vsock_init(&vsock, loop, &err) == 0);
	virtio_vsock_release(&vsock);
	memset(clients, -1, sizeof(clients));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	ram_init(&memory, DRIVER_SIZE);
	begin();
	driver = (struct driver){.virtio = &vsock.virtio};
	driver_start(&driver);
	for (int steps = 0; input.size && steps < STEPS_MAX; steps++) {
		step(&input);
		check_bounds();
	}
	check_works();
	virtio_vsock_finish(&vsock);
	loop_destroy(loop);
	close(listener);
	unlink(address_of("_52").sun_path);
	ram_finish(&memory);
	return 0;
}
