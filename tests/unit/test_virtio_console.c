/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "tests/unit/pipes.h"
#include "tests/unit/virtio_driver.h"
#include "vmm/dev/virtio_console.h"

enum { RX, TX };

static struct memory memory;
static struct pipes pipes;
static struct virtio_console console;
static struct ring rings[2];

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	pipes_init(&pipes);
	ring_init_pair(rings, &memory);
	memset(&console, 0, sizeof(console));
	console.virtio.memory = &memory;
	console.virtio.irq.line = 77;
	console.streams = &pipes.streams;
	virtio_console_init(&console);
	driver_start(&console.virtio, rings);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kicks_stop();
	virtio_console_finish(&console);
	pipes_finish(&pipes);
	memory_finish(&memory);
	return 0;
}

static int notify(unsigned int queue)
{
	return vwrite(&console.virtio, REG_QUEUE_NOTIFY, queue);
}

/* A writable buffer, offered. */
static void offer(uint16_t index, uint32_t length)
{
	ring_descriptor(&rings[RX], index, rings[RX].data + 0x100u * index, length, RING_WRITE, 0);
	ring_publish(&rings[RX], index);
}

static void assert_received(uint16_t nth, const char *text)
{
	uint32_t index = ring_used_id(&rings[RX], nth);
	char bytes[256] = "";

	assert_int_equal(ring_used_length(&rings[RX], nth), strlen(text));
	memory_read(&memory, rings[RX].data + 0x100u * index, bytes, strlen(text));
	assert_string_equal(bytes, text);
}

static void test_is_a_console(void **state)
{
	(void)state;
	assert_int_equal(vread(&console.virtio, REG_DEVICE_ID), 3);
	assert_int_equal(vread(&console.virtio, REG_CONFIG), 0);
}

static void test_output_in_order_and_buffers_come_back(void **state)
{
	(void)state;
	ring_send(&rings[TX], 4, "hello, ");
	ring_send(&rings[TX], 1, "");
	ring_send(&rings[TX], 2, "world\n");
	assert_int_equal(notify(TX), 0);
	assert_string_equal(pipes_drain(pipes.out), "hello, world\n");
	assert_int_equal(ring_used(&rings[TX]), 3);
	assert_int_equal(ring_used_id(&rings[TX], 0), 4);
	assert_int_equal(ring_used_id(&rings[TX], 2), 2);
	assert_int_equal(ring_used_length(&rings[TX], 2), 0);
	assert_int_equal(fake_kvm_count(KVM_IRQ_LINE), 6);
}

static void test_chain_of_buffers_is_one_text(void **state)
{
	(void)state;
	memory_write(&memory, rings[TX].data, "abcdef", 6);
	ring_descriptor(&rings[TX], 0, rings[TX].data, 3, RING_NEXT, 1);
	ring_descriptor(&rings[TX], 1, rings[TX].data + 3, 3, RING_NEXT, 2);
	ring_descriptor(&rings[TX], 2, rings[TX].data + 3, 3, RING_WRITE, 0);
	ring_publish(&rings[TX], 0);
	assert_int_equal(notify(TX), 0);
	assert_string_equal(pipes_drain(pipes.out), "abcdef");
}

static char *long_text(size_t length)
{
	char *text = malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i * 7 % 26);
	text[length] = '\0';
	return text;
}

static void send_long(uint16_t index, const char *text)
{
	uint64_t at = rings[TX].data + 0x4000;

	memory_write(&memory, at, text, strlen(text));
	ring_descriptor(&rings[TX], index, at, (uint32_t)strlen(text), 0, 0);
	ring_publish(&rings[TX], index);
}

static void test_kick_interrupts_output_which_goes_on_where_it_stopped(void **state)
{
	char *text = long_text(3 * PIPE_SIZE + 5), *seen = calloc(1, 4 * PIPE_SIZE);
	int kicks = 0;

	(void)state;
	send_long(0, text);
	ring_send(&rings[TX], 1, "!");
	kicks_start();
	for (int result = notify(TX); result; result = notify(TX)) {
		assert_int_equal(result, -EINTR);
		assert_int_equal(ring_used(&rings[TX]), 0);
		strcat(seen, pipes_drain(pipes.out));
		kicks++;
	}
	strcat(seen, pipes_drain(pipes.out));
	assert_int_equal(kicks, 3);
	assert_int_equal(strlen(seen), strlen(text) + 1);
	assert_memory_equal(seen, text, strlen(text));
	assert_int_equal(ring_used(&rings[TX]), 2);
	free(text);
	free(seen);
}

/* However much a driver offers and however fast it goes out, the vCPU can be called away. */
static void test_much_output_goes_out_in_pieces(void **state)
{
	int again = 0;

	(void)state;
	dup2(open("/dev/null", O_WRONLY), pipes.streams.out);
	for (uint16_t i = 0; i < 8; i++) {
		ring_descriptor(&rings[TX], i, TEST_RAM, TEST_RAM_SIZE / 2, 0, 0);
		ring_publish(&rings[TX], i);
	}
	while (notify(TX) == -EINTR)
		again++;
	assert_in_range(again, 8, 32);
	assert_int_equal(ring_used(&rings[TX]), 8);
	assert_int_equal(notify(TX), 0);
}

static void test_reset_in_between_forgets_the_interrupted_output(void **state)
{
	char *text = long_text(PIPE_SIZE + PIPE_SIZE / 2);

	(void)state;
	send_long(0, text);
	kicks_start();
	assert_int_equal(notify(TX), -EINTR);
	kicks_stop();
	pipes_drain(pipes.out);
	ring_init(&rings[TX], &memory, TEST_RAM + 0x80000, 8);
	driver_start(&console.virtio, rings);
	ring_send(&rings[TX], 3, "fresh");
	assert_int_equal(notify(TX), 0);
	assert_string_equal(pipes_drain(pipes.out), "fresh");
	assert_int_equal(ring_used(&rings[TX]), 1);
	assert_int_equal(ring_used_id(&rings[TX], 0), 3);
	free(text);
}

static void test_closed_reader_loses_output_not_the_queue(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pipes_close(&pipes.out);
	ring_send(&rings[TX], 0, "lost");
	assert_int_equal(notify(TX), 0);
	assert_int_equal(ring_used(&rings[TX]), 1);
}

static void test_mistake_in_the_output_queue_needs_reset(void **state)
{
	(void)state;
	ring_publish(&rings[TX], 100);
	assert_int_equal(notify(TX), 0);
	assert_true(vread(&console.virtio, REG_STATUS) & ST_NEEDS_RESET);
	assert_string_equal(pipes_drain(pipes.out), "");
}

static void test_input_that_waits_for_buffers(void **state)
{
	(void)state;
	pipes_type(&pipes, "typed");
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 0);
	offer(2, 64);
	assert_int_equal(notify(RX), 0);
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 1);
	assert_received(0, "typed");
	assert_int_equal(fake_kvm_count(KVM_IRQ_LINE), 2);
}

static void test_buffers_that_wait_for_input(void **state)
{
	(void)state;
	offer(0, 64);
	offer(1, 64);
	notify(RX);
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 0);
	pipes_type(&pipes, "one");
	pipes_dispatch(&pipes);
	pipes_type(&pipes, "two");
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 2);
	assert_received(0, "one");
	assert_received(1, "two");
}

static void test_long_input_fills_buffers_in_turn(void **state)
{
	(void)state;
	offer(0, 4);
	offer(1, 2);
	notify(RX);
	pipes_type(&pipes, "abcdefgh");
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 2);
	assert_received(0, "abcd");
	assert_received(1, "ef");
	offer(2, 8);
	notify(RX);
	pipes_dispatch(&pipes);
	assert_received(2, "gh");
}

static void test_input_stays_on_the_host_until_the_driver_is_there(void **state)
{
	char left[8] = "";

	(void)state;
	vwrite(&console.virtio, REG_STATUS, 0);
	pipes_type(&pipes, "keep");
	notify(RX);
	pipes_dispatch(&pipes);
	assert_int_equal(read(pipes.streams.in, left, sizeof(left)), 4);
}

/* No byte was put there, so none may be reported. */
static void test_buffers_without_room_get_nothing(void **state)
{
	(void)state;
	offer(0, 0);
	ring_send(&rings[RX], 1, "readable");
	notify(RX);
	pipes_type(&pipes, "x");
	pipes_dispatch(&pipes);
	for (uint16_t i = 0; i < ring_used(&rings[RX]); i++)
		assert_int_equal(ring_used_length(&rings[RX], i), 0);
}

/* A driver offers a used buffer again at once: an end of file that uses one each time would
 * never come to rest. */
static void test_end_of_input_comes_to_rest(void **state)
{
	(void)state;
	pipes_close(&pipes.in);
	for (uint16_t i = 0; i < 6; i++) {
		offer(i, 64);
		notify(RX);
		pipes_dispatch(&pipes);
	}
	assert_in_range(ring_used(&rings[RX]), 0, 1);
}

static void test_input_from_a_file(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	fputs("from a file", file);
	fflush(file);
	rewind(file);
	dup2(fileno(file), pipes.streams.in);
	fclose(file);
	offer(0, 64);
	notify(RX);
	pipes_dispatch(&pipes);
	assert_int_equal(ring_used(&rings[RX]), 1);
	assert_received(0, "from a file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_is_a_console),
		TEST(test_output_in_order_and_buffers_come_back),
		TEST(test_chain_of_buffers_is_one_text),
		TEST(test_kick_interrupts_output_which_goes_on_where_it_stopped),
		TEST(test_much_output_goes_out_in_pieces),
		TEST(test_reset_in_between_forgets_the_interrupted_output),
		TEST(test_closed_reader_loses_output_not_the_queue),
		TEST(test_mistake_in_the_output_queue_needs_reset),
		TEST(test_input_that_waits_for_buffers),
		TEST(test_buffers_that_wait_for_input),
		TEST(test_long_input_fills_buffers_in_turn),
		TEST(test_input_stays_on_the_host_until_the_driver_is_there),
		TEST(test_buffers_without_room_get_nothing),
		TEST(test_end_of_input_comes_to_rest),
		TEST(test_input_from_a_file),
	};

	return cmocka_run_group_tests_name("virtio_console", tests, NULL, NULL);
}
