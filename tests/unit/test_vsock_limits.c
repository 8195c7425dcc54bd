/* SPDX-License-Identifier: Apache-2.0 */
/* What neither end can make the other, or the device, hold. */
#include "tests/unit/vsock_fixture.h"

static void test_packets_of_no_stream(void **state)
{
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);

	(void)state;
	offer(16);
	send_packet(p);
	assert_got(VSOCK_RESET);
	p.operation = VSOCK_RESET; /* is not answered */
	send_packet(p);
	assert_nothing();
	p = from_guest(VSOCK_REQUEST, 52);
	p.to_cid = 3;
	send_packet(p);
	assert_int_equal(assert_got(VSOCK_RESET).from_cid, 3);
	p = from_guest(VSOCK_REQUEST, 52);
	p.type = 2;
	send_packet(p);
	assert_int_equal(assert_got(VSOCK_RESET).type, 2);
	p = from_guest(VSOCK_REQUEST, 52);
	p.from_cid = CID + 1; /* another guest's */
	send_packet(p);
	assert_nothing();
	put(&p, NULL, 0);
	ring_descriptor(&rings[TX], 0, rings[TX].data, VSOCK_HEADER_SIZE - 1, 0, 0);
	notify(TX);
	assert_nothing();
}

static void test_a_length_that_is_not_there_ends_the_stream(void **state)
{
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);
	int fd = guest_dials();

	(void)state;
	p.length = 100;
	put(&p, "only these", 10);
	notify(TX);
	assert_got(VSOCK_RESET);
	assert_closed(fd);
	close(fd);
}

static void test_host_has_no_room_and_the_guest_waits_for_credit(void **state)
{
	static char block[512], got[VSOCK_ROOM];
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);
	int fd = guest_dials(), small = 1;
	size_t sent = 0, read_in_all = 0;
	ssize_t count;

	(void)state;
	/* Until the socket is full and the room in the device is, too. */
	setsockopt(vsock.links.links[0]->source.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	p.length = sizeof(block);
	do {
		memset(block, (int)(sent / sizeof(block)), sizeof(block));
		put(&p, block, sizeof(block));
		notify(TX);
		sent += sizeof(block);
	} while (vsock.links.links[0]->held_count + sizeof(block) <= VSOCK_ROOM);
	assert_int_equal(vsock.links.links[0]->held_count, VSOCK_ROOM);
	while ((count = read(fd, got, sizeof(got))) > 0) {
		for (ssize_t i = 0; i < count; i++, read_in_all++)
			assert_int_equal(got[i], (char)(read_in_all / sizeof(block)));
		turn();
	}
	assert_int_equal(read_in_all, sent);
	assert_null(vsock.links.links[0]->held);
	do
		assert_true(get(&p));
	while (received != ring_used(&rings[RX]));
	assert_int_equal(p.operation, VSOCK_CREDIT_UPDATE);
	assert_true(sent - p.forwarded < VSOCK_ROOM / 2);
	close(fd);
}

static void test_more_than_the_room_ends_the_stream(void **state)
{
	static char block[512];
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);
	int fd = guest_dials(), small = 1;

	(void)state;
	setsockopt(vsock.links.links[0]->source.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	p.length = sizeof(block);
	for (int i = 0; i < 1000 && vsock.links.count; i++) {
		put(&p, block, sizeof(block));
		notify(TX);
		if (vsock.links.count)
			assert_true(vsock.links.links[0]->held_count <= VSOCK_ROOM);
	}
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

static void test_guest_has_no_room_and_the_host_waits(void **state)
{
	static char block[4 * ROOM];
	struct vsock_packet p;
	int fd = guest_dials();
	size_t got = 0;

	(void)state;
	assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	turn();
	while (get(&p) && p.operation == VSOCK_DATA)
		got += p.length;
	assert_int_equal(p.operation, VSOCK_CREDIT_REQUEST);
	assert_int_equal(got, ROOM);
	offer(64);
	assert_nothing();
	p = from_guest(VSOCK_CREDIT_UPDATE, 52);
	p.forwarded = 100;
	send_packet(p);
	assert_int_equal(assert_got(VSOCK_DATA).length, 100);
	close(fd);
}

static void test_streams_take_turns(void **state)
{
	int fds[3], listener = host_listen("v.sock_52");
	struct vsock_packet p;
	unsigned int seen[3] = {0};
	static char block[3000];

	(void)state;
	offer(8);
	for (unsigned int i = 0; i < 3; i++) {
		p = from_guest(VSOCK_REQUEST, 52);
		p.from_port = i;
		send_packet(p);
		assert_got(VSOCK_RESPONSE);
		fds[i] = accept(listener, NULL, NULL);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(write(fds[i], block, sizeof(block)), sizeof(block));
	turn();
	assert_int_equal(ring_used(&rings[RX]), 8);
	while (get(&p))
		seen[p.to_port]++;
	for (int i = 0; i < 3; i++) {
		assert_true(seen[i] >= 1);
		close(fds[i]);
	}
	close(listener);
}

static void test_guest_leaves_and_its_words_are_still_read(void **state)
{
	static char block[512], got[0x100000];
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);
	int fd = guest_dials(), small = 1;
	size_t sent = 0, there = 0;
	ssize_t count;

	(void)state;
	setsockopt(vsock.links.links[0]->source.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (p.length = sizeof(block); vsock.links.links[0]->held_count < VSOCK_ROOM / 2;
	     sent += sizeof(block)) {
		put(&p, block, sizeof(block));
		notify(TX);
	}
	p = from_guest(VSOCK_SHUTDOWN, 52);
	p.flags = VSOCK_NEITHER;
	send_packet(p);
	assert_int_equal(vsock.links.count, 1);
	while ((count = read(fd, got, sizeof(got))) > 0) {
		there += (size_t)count;
		turn();
	}
	assert_int_equal(count, 0);
	assert_int_equal(there, sent);
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

static void test_no_more_than_so_many_streams(void **state)
{
	int listener = host_listen("v.sock_52"), fds[VSOCK_LINKS_MAX + 4];
	struct vsock_packet p = from_guest(VSOCK_REQUEST, 52);

	(void)state;
	for (unsigned int i = 0; i < LENGTH(fds); i++) {
		p.from_port = i;
		offer(1);
		send_packet(p);
		assert_got(i < VSOCK_LINKS_MAX ? VSOCK_RESPONSE : VSOCK_RESET);
		fds[i] = accept(listener, NULL, NULL);
	}
	assert_int_equal(vsock.links.count, VSOCK_LINKS_MAX);
	for (unsigned int i = 0; i < LENGTH(fds); i++)
		close(fds[i]);
	close(listener);
}

/* Answers wait for buffers, and then the packets that would need one do. */
static void test_flood_of_packets_of_no_stream(void **state)
{
	const struct vsock_packet p = from_guest(VSOCK_DATA, 52);

	(void)state;
	for (int i = 0; i < RING; i++)
		put(&p, NULL, 0);
	notify(TX);
	assert_int_equal(ring_used(&rings[TX]), VSOCK_REFUSALS_MAX);
	assert_int_equal(vsock.refusal_count, VSOCK_REFUSALS_MAX);
	offer(10);
	assert_int_equal(ring_used(&rings[TX]), VSOCK_REFUSALS_MAX + 10);
	for (int i = 0; i < 10; i++)
		assert_got(VSOCK_RESET);
	offer(RING);
	assert_int_equal(ring_used(&rings[TX]), RING);
	assert_int_equal(vsock.refusal_count, 0);
}

static void test_buffers_that_are_too_small_come_back_empty(void **state)
{
	(void)state;
	ring_descriptor(&rings[RX], 0, rings[RX].data, VSOCK_HEADER_SIZE - 1, RING_WRITE, 0);
	ring_publish(&rings[RX], 0);
	send_packet(from_guest(VSOCK_DATA, 52));
	assert_int_equal(ring_used(&rings[RX]), 1);
	assert_int_equal(ring_used_length(&rings[RX], 0), 0);
	received = 1;
	offer(1);
	assert_got(VSOCK_RESET);
}

/* Whether there are bytes is only known by a read. */
static void test_a_buffer_that_nothing_came_into_is_kept(void **state)
{
	int listener = host_listen("v.sock_52"), fd;

	(void)state;
	offer(3);
	send_packet(from_guest(VSOCK_REQUEST, 52));
	assert_got(VSOCK_RESPONSE);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(fd, "again", 5), 5);
		turn();
		assert_got(VSOCK_DATA);
		assert_string_equal(bytes, "again");
	}
	close(fd);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_packets_of_no_stream),
		TEST(test_a_buffer_that_nothing_came_into_is_kept),
		TEST(test_a_length_that_is_not_there_ends_the_stream),
		TEST(test_host_has_no_room_and_the_guest_waits_for_credit),
		TEST(test_more_than_the_room_ends_the_stream),
		TEST(test_guest_has_no_room_and_the_host_waits),
		TEST(test_streams_take_turns),
		TEST(test_guest_leaves_and_its_words_are_still_read),
		TEST(test_no_more_than_so_many_streams),
		TEST(test_flood_of_packets_of_no_stream),
		TEST(test_buffers_that_are_too_small_come_back_empty),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
