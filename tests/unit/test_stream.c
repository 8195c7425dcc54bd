/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/pipes.h"

static struct pipes pipes;
static int first_calls, second_calls;
static bool first_takes;

static int setup(void **state)
{
	(void)state;
	pipes_init(&pipes);
	first_calls = second_calls = 0;
	first_takes = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kicks_stop();
	pipes_finish(&pipes);
	return 0;
}

static bool first(void *context)
{
	assert_ptr_equal(context, &first_calls);
	first_calls++;
	return first_takes;
}

static bool second(void *context)
{
	assert_ptr_equal(context, &second_calls);
	second_calls++;
	return true;
}

static void listen_both(void)
{
	streams_listen(&pipes.streams, first, &first_calls);
	streams_listen(&pipes.streams, second, &second_calls);
}

static void test_read_takes_what_is_there(void **state)
{
	char buffer[8] = "";

	(void)state;
	assert_int_equal(streams_read(&pipes.streams, buffer, 8), -EAGAIN);
	assert_int_equal(streams_read(&pipes.streams, NULL, 0), -EAGAIN);
	pipes_type(&pipes, "abcdef");
	assert_int_equal(streams_read(&pipes.streams, NULL, 0), 1);
	assert_int_equal(streams_read(&pipes.streams, buffer, 4), 4);
	assert_memory_equal(buffer, "abcd", 4);
	assert_int_equal(streams_read(&pipes.streams, buffer, 8), 2);
	pipes_close(&pipes.in);
	assert_int_equal(streams_read(&pipes.streams, NULL, 0), 1);
	assert_int_equal(streams_read(&pipes.streams, buffer, 8), 0);
}

static void test_read_of_a_closed_descriptor_is_an_error(void **state)
{
	char byte;

	(void)state;
	close(pipes.streams.in);
	assert_int_equal(streams_read(&pipes.streams, &byte, 1), -EBADF);
	pipes.streams.in = -1;
}

static void test_listeners_are_asked_in_order_once_an_arming(void **state)
{
	(void)state;
	listen_both();
	pipes_type(&pipes, "x");
	pipes_dispatch(&pipes);
	assert_int_equal(first_calls, 0); /* nobody armed it */
	streams_arm(&pipes.streams);
	pipes_dispatch(&pipes);
	assert_int_equal(first_calls, 1);
	assert_int_equal(second_calls, 1);
	first_takes = true;
	streams_arm(&pipes.streams);
	streams_arm(&pipes.streams);
	pipes_dispatch(&pipes);
	assert_int_equal(first_calls, 2);
	assert_int_equal(second_calls, 1);
}

static void test_forgotten_listeners_are_not_asked(void **state)
{
	(void)state;
	listen_both();
	streams_arm(&pipes.streams);
	pipes_type(&pipes, "x");
	streams_forget(&pipes.streams);
	pipes_dispatch(&pipes);
	assert_int_equal(first_calls + second_calls, 0);
}

static void test_end_of_input_is_an_event(void **state)
{
	(void)state;
	listen_both();
	streams_arm(&pipes.streams);
	pipes_close(&pipes.in);
	pipes_dispatch(&pipes);
	assert_int_equal(second_calls, 1);
}

/* epoll does not take what is always readable; a listener wants to be called all the same. */
static void test_files_are_always_ready(void **state)
{
	static const char *const paths[] = {"/dev/null", "/proc/self/exe"};

	for (size_t i = 0; i < LENGTH(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		teardown(state);
		setup(state);
		listen_both();
		dup2(fd, pipes.streams.in);
		close(fd);
		for (int armed = 1; armed <= 2; armed++) {
			streams_arm(&pipes.streams);
			pipes_dispatch(&pipes);
			assert_int_equal(second_calls, armed);
		}
	}
}

static void test_hold_remembers_what_was_armed(void **state)
{
	(void)state;
	listen_both();
	for (int armed_before = 0; armed_before <= 1; armed_before++) {
		first_calls = 0;
		first_takes = true;
		if (armed_before)
			streams_arm(&pipes.streams);
		streams_hold(&pipes.streams);
		streams_hold(&pipes.streams);
		if (!armed_before)
			streams_arm(&pipes.streams);
		pipes_type(&pipes, "x");
		pipes_dispatch(&pipes);
		assert_int_equal(first_calls, 0);
		streams_release(&pipes.streams);
		pipes_dispatch(&pipes);
		assert_int_equal(first_calls, 1);
	}
}

static void test_release_of_unarmed_streams_calls_nobody(void **state)
{
	(void)state;
	listen_both();
	streams_arm(&pipes.streams);
	pipes_type(&pipes, "x");
	pipes_dispatch(&pipes);
	assert_int_equal(second_calls, 1);
	streams_hold(&pipes.streams);
	streams_release(&pipes.streams);
	pipes_dispatch(&pipes);
	assert_int_equal(second_calls, 1);
}

static void test_write_goes_on_from_done(void **state)
{
	size_t done = 2;

	(void)state;
	assert_int_equal(stream_write(pipes.streams.out, "abcdef", 6, &done), 0);
	assert_int_equal(done, 6);
	assert_string_equal(pipes_drain(pipes.out), "cdef");
	assert_int_equal(stream_write(pipes.streams.out, "abcdef", 6, &done), 0);
	assert_string_equal(pipes_drain(pipes.out), "");
}

static void test_kick_leaves_the_progress(void **state)
{
	static char bytes[2 * PIPE_SIZE];
	size_t done = 0;

	(void)state;
	kicks_start();
	assert_int_equal(stream_write(pipes.streams.out, bytes, sizeof(bytes), &done), -EINTR);
	assert_int_equal(done, PIPE_SIZE);
	assert_int_equal(stream_write(pipes.streams.out, bytes, sizeof(bytes), &done), -EINTR);
	assert_int_equal(done, PIPE_SIZE);
}

static void test_kick_interrupts_the_wait_for_a_non_blocking_descriptor(void **state)
{
	static char bytes[2 * PIPE_SIZE];
	size_t done = 0;

	(void)state;
	fcntl(pipes.streams.out, F_SETFL, O_NONBLOCK);
	kicks_start();
	assert_int_equal(stream_write(pipes.streams.out, bytes, sizeof(bytes), &done), -EINTR);
	assert_int_equal(done, PIPE_SIZE);
}

static void test_write_errors_are_returned(void **state)
{
	size_t done = 0;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(stream_write(full, "x", 1, &done), -ENOSPC);
	close(full);
	pipes_close(&pipes.out);
	assert_int_equal(stream_write(pipes.streams.out, "x", 1, &done), -EPIPE);
	assert_int_equal(stream_write(-1, "x", 1, &done), -EBADF);
	assert_int_equal(done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read_takes_what_is_there),
		TEST(test_read_of_a_closed_descriptor_is_an_error),
		TEST(test_listeners_are_asked_in_order_once_an_arming),
		TEST(test_forgotten_listeners_are_not_asked),
		TEST(test_end_of_input_is_an_event),
		TEST(test_files_are_always_ready),
		TEST(test_hold_remembers_what_was_armed),
		TEST(test_release_of_unarmed_streams_calls_nobody),
		TEST(test_write_goes_on_from_done),
		TEST(test_kick_leaves_the_progress),
		TEST(test_kick_interrupts_the_wait_for_a_non_blocking_descriptor),
		TEST(test_write_errors_are_returned),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
