/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "vmm/dev/vsock.h"

enum { GUEST_PORT = 1000, HOST_PORT = 52, GUEST_ROOM = 4096 };

static struct vsock stream;

/* A packet of the guest's. */
static struct vsock_packet packet(enum vsock_operation operation, uint32_t length)
{
	return (struct vsock_packet){
		.from_cid = VSOCK_CID_GUEST,
		.to_cid = VSOCK_CID_HOST,
		.from_port = GUEST_PORT,
		.to_port = HOST_PORT,
		.length = length,
		.type = VSOCK_STREAM,
		.operation = (uint16_t)operation,
		.room = GUEST_ROOM,
	};
}

static enum vsock_news take(enum vsock_operation operation, uint32_t length)
{
	const struct vsock_packet p = packet(operation, length);

	return vsock_take(&stream, &p);
}

/* The next packet for the guest is that one. */
static struct vsock_packet assert_next(enum vsock_operation operation)
{
	struct vsock_packet next = {0};

	assert_true(vsock_next(&stream, &next));
	assert_int_equal(next.operation, operation);
	assert_int_equal(next.type, VSOCK_STREAM);
	assert_int_equal(next.from_port, HOST_PORT);
	assert_int_equal(next.to_port, GUEST_PORT);
	assert_int_equal(next.room, VSOCK_ROOM);
	return next;
}

static void assert_nothing(void)
{
	struct vsock_packet next;

	assert_false(vsock_next(&stream, &next));
}

/* Open, by the guest's wish. */
static int setup(void **state)
{
	const struct vsock_packet request = packet(VSOCK_REQUEST, 0);

	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_accept(&stream, &request);
	assert_next(VSOCK_RESPONSE);
	return 0;
}

static void test_header_is_packed_and_little_endian(void **state)
{
	static const uint8_t raw[VSOCK_HEADER_SIZE] = {
		1, 2, 0, 0,  0, 0, 0,  0,  3,  4,  0,  0,  0, 0, 0,  0x80, 5, 6, 0,  0,  7, 8,
		0, 0, 9, 10, 0, 0, 11, 12, 13, 14, 15, 16, 0, 0, 17, 18,   0, 0, 19, 20, 0, 0,
	};
	const struct vsock_packet p = vsock_packet_load(raw);
	uint8_t again[VSOCK_HEADER_SIZE];

	(void)state;
	assert_int_equal(p.from_cid, 0x201);
	assert_true(p.to_cid == 0x8000000000000403);
	assert_int_equal(p.from_port, 0x605);
	assert_int_equal(p.to_port, 0x807);
	assert_int_equal(p.length, 0xa09);
	assert_int_equal(p.type, 0xc0b);
	assert_int_equal(p.operation, 0xe0d);
	assert_int_equal(p.flags, 0x100f);
	assert_int_equal(p.room, 0x1211);
	assert_int_equal(p.forwarded, 0x1413);
	vsock_packet_store(again, &p);
	assert_memory_equal(raw, again, sizeof(raw));
}

static void test_host_asks_and_the_guest_accepts(void **state)
{
	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_ask(&stream, GUEST_PORT, HOST_PORT);
	assert_int_equal(vsock_credit(&stream), 0);
	assert_next(VSOCK_REQUEST);
	assert_int_equal(take(VSOCK_RESPONSE, 0), VSOCK_CONNECTED);
	assert_int_equal(stream.state, VSOCK_OPEN);
	assert_int_equal(vsock_credit(&stream), GUEST_ROOM);
	assert_nothing();
}

static void test_host_asks_and_the_guest_refuses(void **state)
{
	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_ask(&stream, GUEST_PORT, HOST_PORT);
	assert_next(VSOCK_REQUEST);
	assert_int_equal(take(VSOCK_RESET, 0), VSOCK_BROKEN);
	assert_int_equal(stream.state, VSOCK_ENDED);
	assert_nothing();
}

static void test_an_answer_before_the_question_is_refused(void **state)
{
	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_ask(&stream, GUEST_PORT, HOST_PORT);
	assert_int_equal(take(VSOCK_RESPONSE, 0), VSOCK_BROKEN);
	assert_next(VSOCK_RESET);
}

static void test_data_before_the_answer_is_refused(void **state)
{
	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_ask(&stream, GUEST_PORT, HOST_PORT);
	assert_next(VSOCK_REQUEST);
	assert_int_equal(take(VSOCK_DATA, 1), VSOCK_BROKEN);
	assert_next(VSOCK_RESET);
}

static void test_guest_may_send_what_there_is_room_for_and_no_byte_more(void **state)
{
	(void)state;
	assert_int_equal(take(VSOCK_DATA, VSOCK_ROOM - 1), VSOCK_BYTES);
	assert_int_equal(take(VSOCK_DATA, 1), VSOCK_BYTES);
	assert_int_equal(take(VSOCK_DATA, 0), VSOCK_BYTES);
	assert_int_equal(take(VSOCK_DATA, 1), VSOCK_BROKEN);
	assert_next(VSOCK_RESET);
	assert_nothing();
}

static void test_a_length_that_wraps_is_refused(void **state)
{
	(void)state;
	assert_int_equal(take(VSOCK_DATA, 10), VSOCK_BYTES);
	assert_int_equal(take(VSOCK_DATA, UINT32_MAX), VSOCK_BROKEN);
}

static void test_guest_hears_of_free_room_when_half_of_it_is_news(void **state)
{
	(void)state;
	take(VSOCK_DATA, VSOCK_ROOM);
	vsock_forward(&stream, VSOCK_ROOM / 2 - 1);
	assert_nothing();
	vsock_forward(&stream, 1);
	assert_int_equal(assert_next(VSOCK_CREDIT_UPDATE).forwarded, VSOCK_ROOM / 2);
	assert_nothing();
	assert_int_equal(take(VSOCK_DATA, VSOCK_ROOM / 2), VSOCK_BYTES);
	assert_int_equal(take(VSOCK_DATA, 1), VSOCK_BROKEN);
}

static void test_any_packet_tells_of_the_room(void **state)
{
	struct vsock_packet data;

	(void)state;
	take(VSOCK_DATA, VSOCK_ROOM);
	vsock_forward(&stream, VSOCK_ROOM);
	vsock_data(&stream, 5, &data);
	assert_int_equal(data.operation, VSOCK_DATA);
	assert_int_equal(data.length, 5);
	assert_int_equal(data.forwarded, VSOCK_ROOM);
	assert_nothing();
}

static void test_counters_wrap_around(void **state)
{
	(void)state;
	stream.received = stream.forwarded = stream.told = UINT32_MAX - 10;
	assert_int_equal(take(VSOCK_DATA, VSOCK_ROOM), VSOCK_BYTES);
	vsock_forward(&stream, VSOCK_ROOM);
	assert_int_equal(assert_next(VSOCK_CREDIT_UPDATE).forwarded, VSOCK_ROOM - 11);
	stream.sent = stream.guest_forwarded = UINT32_MAX - 10;
	vsock_data(&stream, 100, &(struct vsock_packet){0});
	assert_int_equal(vsock_credit(&stream), GUEST_ROOM - 100);
}

static void test_nothing_is_sent_beyond_the_guests_room_and_it_is_asked_once(void **state)
{
	struct vsock_packet p;

	(void)state;
	vsock_data(&stream, GUEST_ROOM - 1, &p);
	assert_int_equal(vsock_credit(&stream), 1);
	assert_nothing();
	vsock_data(&stream, 1, &p);
	assert_int_equal(vsock_credit(&stream), 0);
	assert_next(VSOCK_CREDIT_REQUEST);
	take(VSOCK_CREDIT_UPDATE, 0); /* which gives none */
	assert_int_equal(vsock_credit(&stream), 0);
	assert_nothing();
	p = packet(VSOCK_CREDIT_UPDATE, 0);
	p.forwarded = 10;
	vsock_take(&stream, &p);
	assert_int_equal(vsock_credit(&stream), 10);
	vsock_data(&stream, 10, &p);
	assert_next(VSOCK_CREDIT_REQUEST);
}

static void test_a_guest_that_lies_about_its_room_gets_nothing(void **state)
{
	struct vsock_packet p = packet(VSOCK_CREDIT_UPDATE, 0);

	(void)state;
	p.forwarded = 1; /* that it was never sent */
	vsock_take(&stream, &p);
	assert_int_equal(vsock_credit(&stream), 0);
	p.forwarded = 0;
	p.room = 0;
	vsock_take(&stream, &p);
	assert_int_equal(vsock_credit(&stream), 0);
	p.room = UINT32_MAX;
	vsock_take(&stream, &p);
	assert_int_equal(vsock_credit(&stream), UINT32_MAX);
}

static void test_a_question_for_credit_is_answered_once(void **state)
{
	(void)state;
	take(VSOCK_CREDIT_REQUEST, 0);
	take(VSOCK_CREDIT_REQUEST, 0);
	assert_next(VSOCK_CREDIT_UPDATE);
	assert_nothing();
}

static struct vsock_packet shutdown_of(unsigned int flags)
{
	struct vsock_packet p = packet(VSOCK_SHUTDOWN, 0);

	p.flags = flags;
	return p;
}

static void test_guest_closes_one_half_then_the_other(void **state)
{
	struct vsock_packet p = shutdown_of(VSOCK_NO_SEND | 0xf0);

	(void)state;
	assert_int_equal(vsock_take(&stream, &p), VSOCK_SHUT);
	assert_int_equal(stream.guest_shut, VSOCK_NO_SEND);
	assert_int_equal(stream.state, VSOCK_OPEN);
	assert_nothing();
	assert_int_equal(vsock_credit(&stream), GUEST_ROOM);
	p = shutdown_of(VSOCK_NO_RECEIVE);
	assert_int_equal(vsock_take(&stream, &p), VSOCK_SHUT);
	assert_int_equal(stream.state, VSOCK_ENDED);
	assert_next(VSOCK_RESET);
	assert_nothing();
}

static void test_data_after_the_end_is_refused(void **state)
{
	const struct vsock_packet p = shutdown_of(VSOCK_NO_SEND);

	(void)state;
	vsock_take(&stream, &p);
	assert_int_equal(take(VSOCK_DATA, 1), VSOCK_BROKEN);
	assert_next(VSOCK_RESET);
}

static void test_host_closes_one_half_then_the_other(void **state)
{
	(void)state;
	vsock_shut(&stream, VSOCK_NO_SEND);
	assert_int_equal(assert_next(VSOCK_SHUTDOWN).flags, VSOCK_NO_SEND);
	vsock_shut(&stream, VSOCK_NO_SEND);
	assert_nothing();
	assert_int_equal(take(VSOCK_DATA, 10), VSOCK_BYTES);
	vsock_shut(&stream, VSOCK_NO_RECEIVE);
	assert_int_equal(stream.state, VSOCK_ENDED);
	assert_int_equal(assert_next(VSOCK_SHUTDOWN).flags, VSOCK_NEITHER);
	assert_nothing();
}

/* The answer to the REQUEST comes before the news that nobody is there any more. */
static void test_host_leaves_before_the_guest_knows_of_it(void **state)
{
	const struct vsock_packet request = packet(VSOCK_REQUEST, 0);

	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_accept(&stream, &request);
	vsock_shut(&stream, VSOCK_NEITHER);
	assert_next(VSOCK_RESPONSE);
	assert_next(VSOCK_SHUTDOWN);
	assert_nothing();
}

static void test_what_comes_after_the_end_changes_nothing(void **state)
{
	(void)state;
	vsock_end(&stream);
	assert_int_equal(take(VSOCK_DATA, 10), VSOCK_NOTHING);
	assert_int_equal(take(VSOCK_REQUEST, 0), VSOCK_NOTHING);
	assert_int_equal(take(VSOCK_CREDIT_REQUEST, 0), VSOCK_NOTHING);
	assert_next(VSOCK_RESET);
	assert_nothing();
}

static void test_operations_that_are_none_end_it(void **state)
{
	static const uint16_t operations[] = {0, VSOCK_REQUEST, VSOCK_RESPONSE, 8, 0xffff};

	for (size_t i = 0; i < LENGTH(operations); i++) {
		setup(state);
		assert_int_equal(take((enum vsock_operation)operations[i], 0), VSOCK_BROKEN);
		assert_next(VSOCK_RESET);
	}
}

static void test_nobody_is_told_of_one_that_never_asked(void **state)
{
	(void)state;
	memset(&stream, 0, sizeof(stream));
	vsock_end(&stream);
	assert_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_is_packed_and_little_endian),
		cmocka_unit_test(test_host_asks_and_the_guest_accepts),
		cmocka_unit_test(test_host_asks_and_the_guest_refuses),
		cmocka_unit_test(test_an_answer_before_the_question_is_refused),
		cmocka_unit_test(test_data_before_the_answer_is_refused),
		cmocka_unit_test_setup(test_guest_may_send_what_there_is_room_for_and_no_byte_more,
				       setup),
		cmocka_unit_test_setup(test_a_length_that_wraps_is_refused, setup),
		cmocka_unit_test_setup(test_guest_hears_of_free_room_when_half_of_it_is_news,
				       setup),
		cmocka_unit_test_setup(test_any_packet_tells_of_the_room, setup),
		cmocka_unit_test_setup(test_counters_wrap_around, setup),
		cmocka_unit_test_setup(
			test_nothing_is_sent_beyond_the_guests_room_and_it_is_asked_once, setup),
		cmocka_unit_test_setup(test_a_guest_that_lies_about_its_room_gets_nothing, setup),
		cmocka_unit_test_setup(test_a_question_for_credit_is_answered_once, setup),
		cmocka_unit_test_setup(test_guest_closes_one_half_then_the_other, setup),
		cmocka_unit_test_setup(test_data_after_the_end_is_refused, setup),
		cmocka_unit_test_setup(test_host_closes_one_half_then_the_other, setup),
		cmocka_unit_test(test_host_leaves_before_the_guest_knows_of_it),
		cmocka_unit_test_setup(test_what_comes_after_the_end_changes_nothing, setup),
		cmocka_unit_test_setup(test_operations_that_are_none_end_it, setup),
		cmocka_unit_test(test_nobody_is_told_of_one_that_never_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
