/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/ring.h"

enum { SIZE = 128 };

#define END (TEST_RAM + (uint64_t)TEST_RAM_SIZE)

static struct memory memory;
static struct ring ring;
static struct virtqueue queue;
static struct virtqueue_chain chain;

static int setup(void **state)
{
	(void)state;
	ram_init(&memory);
	ring_init(&ring, &memory, TEST_RAM, SIZE);
	queue = (struct virtqueue){
		.descriptors = ring.descriptors,
		.available = ring.available,
		.used = ring.used,
		.size = SIZE,
		.ready = true,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_finish(&memory);
	return 0;
}

static int pop(void)
{
	return virtqueue_pop(&queue, &memory, &chain);
}

static void test_nothing_offered(void **state)
{
	(void)state;
	assert_int_equal(pop(), 0);
}

static void test_queue_that_is_not_ready_gives_nothing(void **state)
{
	(void)state;
	ring_send(&ring, 0, "x");
	queue.ready = false;
	assert_int_equal(pop(), 0);
}

static void test_chain_of_readable_and_writable_buffers(void **state)
{
	(void)state;
	ring_descriptor(&ring, 5, TEST_RAM, 16, RING_NEXT, 2);
	ring_descriptor(&ring, 2, TEST_RAM + 0x100, 32, RING_NEXT | RING_WRITE, 9);
	ring_descriptor(&ring, 9, TEST_RAM + 0x200, 64, RING_WRITE, 0);
	ring_publish(&ring, 5);
	assert_int_equal(pop(), 1);
	assert_int_equal(chain.head, 5);
	assert_int_equal(chain.count, 3);
	assert_int_equal(chain.readable, 1);
	assert_int_equal(chain.buffers[1].address, TEST_RAM + 0x100);
	assert_int_equal(chain.buffers[2].length, 64);
	assert_int_equal(pop(), 0);
}

static void test_a_chain_that_was_put_back_comes_again(void **state)
{
	(void)state;
	ring_send(&ring, 3, "x");
	assert_int_equal(pop(), 1);
	virtqueue_unpop(&queue);
	assert_int_equal(pop(), 1);
	assert_int_equal(chain.head, 3);
	assert_int_equal(pop(), 0);
}

/* Readable 4 and 6 bytes, writable 0, 5 and 7. */
static void offer_five(void)
{
	static const uint32_t lengths[] = {4, 6, 0, 5, 7};

	for (uint16_t i = 0; i < LENGTH(lengths); i++)
		ring_descriptor(&ring, i, TEST_RAM + 0x8000 + 0x100u * i, lengths[i],
				(uint16_t)((i < 4 ? RING_NEXT : 0) | (i >= 2 ? RING_WRITE : 0)),
				(uint16_t)(i + 1));
	memory_write(&memory, TEST_RAM + 0x8000, "abcd", 4);
	memory_write(&memory, TEST_RAM + 0x8100, "efghij", 6);
	ring_publish(&ring, 0);
	assert_int_equal(pop(), 1);
}

static void test_a_chain_is_read_and_written_over_its_buffers(void **state)
{
	char got[16] = "";

	(void)state;
	offer_five();
	assert_int_equal(virtqueue_chain_read(&chain, &memory, got, 7), 0);
	assert_string_equal(got, "abcdefg");
	assert_int_equal(virtqueue_chain_read(&chain, &memory, got, 11), -EINVAL);
	assert_int_equal(virtqueue_chain_write(&chain, &memory, "0123456", 7), 0);
	memory_read(&memory, TEST_RAM + 0x8300, got, 5);
	assert_memory_equal(got, "01234", 5);
	memory_read(&memory, TEST_RAM + 0x8400, got, 2);
	assert_memory_equal(got, "56", 2);
	assert_int_equal(virtqueue_chain_write(&chain, &memory, "0123456789abc", 13), -EINVAL);
}

static void test_spans_behind_a_head(void **state)
{
	struct iovec spans[VIRTQUEUE_CHAIN_MAX];
	size_t length;

	(void)state;
	offer_five();
	assert_int_equal(virtqueue_chain_spans(&chain, &memory, false, 3, 4, spans, &length), 2);
	assert_int_equal(length, 4);
	assert_memory_equal(spans[0].iov_base, "d", 1);
	assert_int_equal(spans[1].iov_len, 3);
	assert_memory_equal(spans[1].iov_base, "efg", 3);
	assert_int_equal(virtqueue_chain_spans(&chain, &memory, true, 5, 100, spans, &length), 1);
	assert_int_equal(length, 7);
	assert_int_equal(virtqueue_chain_spans(&chain, &memory, true, 0, 100, spans, &length), 2);
	assert_int_equal(length, 12);
	assert_int_equal(virtqueue_chain_spans(&chain, &memory, false, 10, 100, spans, &length), 0);
	assert_int_equal(length, 0);
}

static void test_the_driver_is_told_whether_to_notify(void **state)
{
	(void)state;
	virtqueue_ask_notify(&queue, &memory, false);
	assert_int_equal(ring_load(&ring, ring.used, 2), 1);
	virtqueue_ask_notify(&queue, &memory, true);
	assert_int_equal(ring_load(&ring, ring.used, 2), 0);
}

static void test_indices_wrap_around(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 0x10000 + 3; i++) {
		uint16_t head = (uint16_t)(i % SIZE);

		ring_descriptor(&ring, head, TEST_RAM, 1, 0, 0);
		ring_publish(&ring, head);
		if (pop() != 1 || chain.head != head ||
		    virtqueue_push(&queue, &memory, head, i) < 0 ||
		    ring_used_length(&ring, (uint16_t)i) != i)
			fail_msg("at %u", i);
	}
	assert_int_equal(ring_used(&ring), 3);
}

static void test_full_queue_can_be_taken(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < SIZE; i++) {
		ring_descriptor(&ring, i, TEST_RAM, 1, 0, 0);
		ring_publish(&ring, i);
	}
	for (uint16_t i = 0; i < SIZE; i++)
		assert_int_equal(pop(), 1);
	assert_int_equal(pop(), 0);
}

static void test_longest_chain_that_we_take(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < VIRTQUEUE_CHAIN_MAX; i++)
		ring_descriptor(&ring, i, TEST_RAM, 1, i + 1 < VIRTQUEUE_CHAIN_MAX ? RING_NEXT : 0,
				(uint16_t)(i + 1));
	ring_publish(&ring, 0);
	assert_int_equal(pop(), 1);
	assert_int_equal(chain.count, VIRTQUEUE_CHAIN_MAX);
}

/* What a driver must not do; each one makes the queue unusable, none takes a chain. */
static void offer_loop(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, RING_NEXT, 1);
	ring_descriptor(&ring, 1, TEST_RAM, 1, RING_NEXT, 0);
	ring_publish(&ring, 0);
}
static void offer_loop_on_itself(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, RING_NEXT, 0);
	ring_publish(&ring, 0);
}
static void offer_chain_longer_than_we_take(void)
{
	for (uint16_t i = 0; i <= VIRTQUEUE_CHAIN_MAX; i++)
		ring_descriptor(&ring, i, TEST_RAM, 1, RING_NEXT, (uint16_t)(i + 1));
	ring_publish(&ring, 0);
}
static void offer_chain_longer_than_the_queue(void)
{
	queue.size = 4;
	ring_descriptor(&ring, 3, TEST_RAM, 1, RING_NEXT, 4);
	ring_descriptor(&ring, 4, TEST_RAM, 1, 0, 0);
	ring_publish(&ring, 3);
}
static void offer_head_behind_the_table(void)
{
	ring_publish(&ring, SIZE);
}
static void offer_head_far_behind(void)
{
	ring_publish(&ring, 0xffff);
}
static void offer_next_behind_the_table(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, RING_NEXT, SIZE);
	ring_publish(&ring, 0);
}
static void offer_more_than_the_queue_holds(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, 0, 0);
	ring_store(&ring, ring.available + 2, SIZE + 1, 2);
}
static void offer_index_that_went_back(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, 0, 0);
	ring_store(&ring, ring.available + 2, 0xffff, 2);
}
static void offer_indirect(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 16, RING_INDIRECT, 0);
	ring_publish(&ring, 0);
}
static void offer_read_after_write(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, 1, RING_WRITE | RING_NEXT, 1);
	ring_descriptor(&ring, 1, TEST_RAM, 1, 0, 0);
	ring_publish(&ring, 0);
}
static void offer_buffer_below_memory(void)
{
	ring_descriptor(&ring, 0, TEST_RAM - 1, 2, 0, 0);
	ring_publish(&ring, 0);
}
static void offer_buffer_behind_memory(void)
{
	ring_descriptor(&ring, 0, END - 1, 2, RING_WRITE, 0);
	ring_publish(&ring, 0);
}
static void offer_buffer_that_wraps(void)
{
	ring_descriptor(&ring, 0, UINT64_MAX - 1, UINT32_MAX, 0, 0);
	ring_publish(&ring, 0);
}
static void offer_longest_buffer(void)
{
	ring_descriptor(&ring, 0, TEST_RAM, UINT32_MAX, 0, 0);
	ring_publish(&ring, 0);
}
static void place_descriptors_outside(void)
{
	ring_publish(&ring, 0);
	queue.descriptors = END - 8;
}
static void place_descriptors_so_that_they_wrap(void)
{
	ring_publish(&ring, 1);
	queue.descriptors = UINT64_MAX - 15;
}
static void place_available_outside(void)
{
	queue.available = END;
}
static void place_available_so_that_it_wraps(void)
{
	queue.available = UINT64_MAX - 1;
}
static void place_available_so_that_only_flags_are_inside(void)
{
	queue.available = END - 2;
}
static void place_available_so_that_the_ring_is_outside(void)
{
	queue.available = END - 4;
	ring_store(&ring, END - 2, 1, 2);
}

static void (*const mistakes[])(void) = {
	offer_loop,
	offer_loop_on_itself,
	offer_chain_longer_than_we_take,
	offer_chain_longer_than_the_queue,
	offer_head_behind_the_table,
	offer_head_far_behind,
	offer_next_behind_the_table,
	offer_more_than_the_queue_holds,
	offer_index_that_went_back,
	offer_indirect,
	offer_read_after_write,
	offer_buffer_below_memory,
	offer_buffer_behind_memory,
	offer_buffer_that_wraps,
	offer_longest_buffer,
	place_descriptors_outside,
	place_descriptors_so_that_they_wrap,
	place_available_outside,
	place_available_so_that_it_wraps,
	place_available_so_that_only_flags_are_inside,
	place_available_so_that_the_ring_is_outside,
};

static void test_mistakes_are_noticed(void **state)
{
	for (size_t i = 0; i < LENGTH(mistakes); i++) {
		teardown(state);
		setup(state);
		mistakes[i]();
		if (pop() != -EINVAL)
			fail_msg("mistake %zu was taken", i);
		assert_int_equal(queue.next_available, 0);
	}
}

static void test_used_ring_outside_memory(void **state)
{
	static const uint64_t places[] = {END, END - 4, TEST_RAM - 4, UINT64_MAX - 3, 0};

	(void)state;
	for (size_t i = 0; i < LENGTH(places); i++) {
		queue.used = places[i];
		assert_true(virtqueue_push(&queue, &memory, 0, 1) < 0);
	}
}

static void test_push_stores_entry_and_index(void **state)
{
	(void)state;
	assert_int_equal(virtqueue_push(&queue, &memory, 7, 0x12345), 0);
	assert_int_equal(ring_used(&ring), 1);
	assert_int_equal(ring_used_id(&ring, 0), 7);
	assert_int_equal(ring_used_length(&ring, 0), 0x12345);
}

static void test_interrupt_is_the_drivers_choice(void **state)
{
	(void)state;
	assert_true(virtqueue_wants_interrupt(&queue, &memory));
	ring_store(&ring, ring.available, 1, 2);
	assert_false(virtqueue_wants_interrupt(&queue, &memory));
	queue.available = 0;
	assert_true(virtqueue_wants_interrupt(&queue, &memory));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_offered),
		TEST(test_queue_that_is_not_ready_gives_nothing),
		TEST(test_chain_of_readable_and_writable_buffers),
		TEST(test_indices_wrap_around),
		TEST(test_the_driver_is_told_whether_to_notify),
		TEST(test_spans_behind_a_head),
		TEST(test_a_chain_is_read_and_written_over_its_buffers),
		TEST(test_a_chain_that_was_put_back_comes_again),
		TEST(test_full_queue_can_be_taken),
		TEST(test_longest_chain_that_we_take),
		TEST(test_mistakes_are_noticed),
		TEST(test_used_ring_outside_memory),
		TEST(test_push_stores_entry_and_index),
		TEST(test_interrupt_is_the_drivers_choice),
	};

	return cmocka_run_group_tests_name("virtqueue", tests, NULL, NULL);
}
