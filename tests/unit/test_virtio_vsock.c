/* SPDX-License-Identifier: Apache-2.0 */
/* Streams from their beginning to their end. */
#include "tests/unit/vsock_fixture.h"

static void test_is_a_socket_device_with_a_cid(void **state)
{
	(void)state;
	assert_int_equal(vread(&vsock.virtio, REG_DEVICE_ID), 19);
	assert_int_equal(vread(&vsock.virtio, REG_CONFIG), CID);
	assert_int_equal(vread(&vsock.virtio, REG_CONFIG + 4), 0);
	assert_int_equal(vread(&vsock.virtio, REG_CONFIG + 8), 0);
}

static void test_guest_dials_and_bytes_go_both_ways(void **state)
{
	int fd = guest_dials();

	(void)state;
	send_bytes(52, "hello ");
	send_bytes(52, "host");
	assert_reads(fd, "hello host");
	assert_int_equal(write(fd, "hello guest", 11), 11);
	turn();
	assert_int_equal(assert_got(VSOCK_DATA).length, 11);
	assert_string_equal(bytes, "hello guest");
	close(fd);
}

static void test_host_dials_and_bytes_go_both_ways(void **state)
{
	int fd;
	uint32_t port = host_dials(&fd);

	(void)state;
	assert_true(port >= 1u << 30);
	send_bytes(port, "hello host");
	assert_reads(fd, "hello host");
	assert_int_equal(write(fd, "hello guest", 11), 11);
	turn();
	assert_got(VSOCK_DATA);
	assert_string_equal(bytes, "hello guest");
	close(fd);
}

static void test_what_follows_the_greeting_is_the_streams(void **state)
{
	int fd;
	struct vsock_packet request;

	(void)state;
	offer(16);
	fd = host_connect("CONNE");
	assert_nothing();
	assert_int_equal(write(fd, "CT 1000\nhello", 13), 13);
	turn();
	request = assert_got(VSOCK_REQUEST);
	assert_nothing();
	send_packet(from_guest(VSOCK_RESPONSE, request.from_port));
	assert_got(VSOCK_DATA);
	assert_string_equal(bytes, "hello");
	close(fd);
}

static void test_a_greeting_that_is_none_closes(void **state)
{
	static const char *const lines[] = {
		"HELLO\n",
		"\n",
		"CONNECT \n",
		"CONNECT -1\n",
		"CONNECT 4294967296\n",
		"CONNECT 99999999999999999999\n",
		"CONNECT 12 \n",
		"connect 12\n",
		"CONNECT 00000000000000000000000000000001\n",
	};

	(void)state;
	offer(4);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		int fd = host_connect(lines[i]);

		assert_closed(fd);
		close(fd);
		assert_int_equal(vsock.links.count, 0);
	}
	assert_nothing();
}

static void test_nobody_listens_on_either_side(void **state)
{
	struct vsock_packet request, reset;
	int fd;

	(void)state;
	offer(4);
	send_packet(from_guest(VSOCK_REQUEST, 99));
	reset = assert_got(VSOCK_RESET);
	assert_int_equal(reset.from_port, 99);
	assert_int_equal(reset.to_port, GUEST_PORT);
	fd = host_connect("CONNECT 1000\n");
	request = assert_got(VSOCK_REQUEST);
	send_packet(from_guest(VSOCK_RESET, request.from_port));
	assert_closed(fd);
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

static void test_halves(void **state)
{
	struct vsock_packet p = from_guest(VSOCK_SHUTDOWN, 52);
	int fd = guest_dials();

	(void)state;
	send_bytes(52, "last words");
	p.flags = VSOCK_NO_SEND;
	send_packet(p);
	assert_reads(fd, "last words");
	assert_int_equal(read(fd, bytes, 1), 0);
	assert_int_equal(write(fd, "still", 5), 5);
	turn();
	assert_got(VSOCK_DATA);
	assert_string_equal(bytes, "still");
	shutdown(fd, SHUT_WR);
	turn();
	assert_int_equal(assert_got(VSOCK_SHUTDOWN).flags, VSOCK_NEITHER);
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

static void test_halves_the_other_way_round(void **state)
{
	struct vsock_packet p = from_guest(VSOCK_SHUTDOWN, 52);
	int fd = guest_dials();

	(void)state;
	shutdown(fd, SHUT_WR);
	turn();
	assert_int_equal(assert_got(VSOCK_SHUTDOWN).flags, VSOCK_NO_SEND);
	send_bytes(52, "still");
	assert_reads(fd, "still");
	assert_int_equal(vsock.links.count, 1);
	p.flags = VSOCK_NEITHER;
	send_packet(p);
	assert_got(VSOCK_RESET);
	assert_closed(fd);
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

static void test_host_leaves_with_words_behind_it(void **state)
{
	int fd = guest_dials();

	(void)state;
	assert_int_equal(write(fd, "bye", 3), 3);
	close(fd);
	turn();
	assert_got(VSOCK_DATA);
	assert_string_equal(bytes, "bye");
	assert_int_equal(assert_got(VSOCK_SHUTDOWN).flags, VSOCK_NEITHER);
	assert_int_equal(vsock.links.count, 0);
}

static void test_end_of_the_guest_delivers_what_was_sent(void **state)
{
	struct vsock_packet p = from_guest(VSOCK_DATA, 52);
	int fd = guest_dials();

	(void)state;
	p.length = 4;
	put(&p, "last", 4); /* without a notification */
	virtio_vsock_end(&vsock);
	assert_reads(fd, "last");
	assert_int_equal(read(fd, bytes, 1), 0);
	assert_int_equal(access("v.sock", F_OK), -1);
	close(fd);
}

static void test_held_it_does_nothing(void **state)
{
	int fd = guest_dials();

	(void)state;
	virtio_vsock_hold(&vsock);
	send_bytes(52, "later");
	assert_int_equal(write(fd, "as well", 7), 7);
	turn();
	assert_would_block(fd);
	assert_nothing();
	virtio_vsock_hold(&vsock);
	virtio_vsock_release(&vsock);
	turn();
	assert_reads(fd, "later");
	assert_got(VSOCK_DATA);
	close(fd);
}

static void test_reset_of_the_device_ends_all(void **state)
{
	int fd = guest_dials();

	(void)state;
	driver_start(&vsock.virtio, rings);
	notify(TX);
	assert_closed(fd);
	assert_int_equal(vsock.links.count, 0);
	close(fd);
}

/* What a snapshot's section says, in a device that has streams. */
static void test_restored_it_tells_that_all_streams_are_gone(void **state)
{
	struct state_writer writer = {0};
	struct state_reader reader;
	struct error err = {0};
	uint64_t buffer = rings[EVENTS].data;
	int fd = guest_dials();

	(void)state;
	ring_store(&rings[EVENTS], buffer, 0xffffffff, 4);
	ring_descriptor(&rings[EVENTS], 0, buffer, 4, RING_WRITE, 0);
	ring_publish(&rings[EVENTS], 0);
	notify(EVENTS);
	assert_int_equal(ring_used(&rings[EVENTS]), 0);
	virtio_vsock_hold(&vsock);
	virtio_vsock_save(&vsock, &writer);
	reader = (struct state_reader){.at = writer.data + STATE_HEADER_SIZE + 16,
				       .end = writer.data + writer.size,
				       .tag = STATE_VSOCK};
	memset(vsock.virtio.queues, 0, sizeof(vsock.virtio.queues));
	virtio_vsock_load(&vsock, &reader);
	assert_false(reader.failed);
	virtio_vsock_release(&vsock);
	turn();
	assert_closed(fd);
	assert_int_equal(ring_used(&rings[EVENTS]), 1);
	assert_int_equal(ring_used_length(&rings[EVENTS], 0), 4);
	assert_int_equal(ring_load(&rings[EVENTS], buffer, 4), 0);
	close(fd);
	fd = host_connect("CONNECT 1000\n"); /* the listener lives */
	assert_got(VSOCK_REQUEST);
	close(fd);
	assert_int_equal(err.code, 0);
	state_writer_free(&writer);
}

static void test_a_path_that_is_taken(void **state)
{
	struct virtio_vsock second = {.guest_cid = CID, .path = "v.sock"};
	struct error err = {0};

	(void)state;
	assert_error(virtio_vsock_init(&second, loop, &err), err, EADDRINUSE, "v.sock");
	virtio_vsock_finish(&second);
	assert_int_equal(access("v.sock", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_is_a_socket_device_with_a_cid),
		TEST(test_guest_dials_and_bytes_go_both_ways),
		TEST(test_host_dials_and_bytes_go_both_ways),
		TEST(test_what_follows_the_greeting_is_the_streams),
		TEST(test_a_greeting_that_is_none_closes),
		TEST(test_nobody_listens_on_either_side),
		TEST(test_halves),
		TEST(test_halves_the_other_way_round),
		TEST(test_host_leaves_with_words_behind_it),
		TEST(test_end_of_the_guest_delivers_what_was_sent),
		TEST(test_held_it_does_nothing),
		TEST(test_reset_of_the_device_ends_all),
		TEST(test_restored_it_tells_that_all_streams_are_gone),
		TEST(test_a_path_that_is_taken),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
