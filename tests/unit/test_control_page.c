/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include "tests/fake/kvm.h"
#include "tests/unit/pipes.h"
#include "vmm/dev/control_page.h"

enum { PAGE = TEST_RAM + 0x10000, BUFFER = TEST_RAM + 0x20000 };

#define END (TEST_RAM + (uint64_t)TEST_RAM_SIZE)

static struct memory memory;
static struct pipes pipes;
static struct control_page_device device;
static struct control_exit ended;
static int ended_count;

static void on_ended(void *context, const struct control_exit *exit)
{
	assert_ptr_equal(context, &device);
	ended = *exit;
	ended_count++;
}

static int setup(void **state)
{
	struct error err = {0};

	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	pipes_init(&pipes);
	device = (struct control_page_device){
		.memory = &memory,
		.page = PAGE,
		.irq = {5, 34},
		.streams = &pipes.streams,
		.ended = on_ended,
		.context = &device,
	};
	ended_count = 0;
	control_page_listen(&device);
	assert_ok(control_page_init(&device, &err), err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kicks_stop();
	pipes_finish(&pipes);
	memory_finish(&memory);
	return 0;
}

static struct control_page page(void)
{
	struct control_page copy;

	assert_int_equal(memory_read(&memory, PAGE, &copy, sizeof(copy)), 0);
	return copy;
}

static int put(uint64_t offset, uint64_t value, uint64_t *progress)
{
	return control_page_bus.write(&device, offset, 8, value, progress);
}

static int64_t guest_read(uint64_t address, uint64_t length)
{
	uint64_t progress = 0;

	assert_int_equal(put(CONTROL_STDIN, CONTROL_BUFFER(address, length), &progress), 0);
	return page().stdin_result;
}

static unsigned int pulses(void)
{
	return fake_kvm_count(KVM_IRQ_LINE) / 2;
}

static void test_page_at_the_start(void **state)
{
	struct control_page first, second;

	first = page();
	assert_int_equal(first.version, CONTROL_VERSION);
	assert_int_equal(first.tty, 0);
	assert_int_equal(first.rows, 0);
	assert_int_equal(first.signals, 0);
	teardown(state);
	setup(state);
	second = page();
	assert_memory_not_equal(first.generation, second.generation, sizeof(first.generation));
	assert_memory_not_equal(first.entropy, second.entropy, sizeof(first.entropy));
}

static void test_terminals_are_told_and_whether_they_are_raw(void **state)
{
	const struct winsize size = {.ws_row = 33, .ws_col = 101};
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct streams *streams = &pipes.streams;
	const struct streams before = *streams;
	struct termios settings;
	struct error err = {0};

	(void)state;
	if (master < 0)
		skip();
	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	streams->in = streams->err = slave;
	streams_forget(streams);
	assert_ok(control_page_init(&device, &err), err);
	assert_int_equal(page().tty, 1 | 4);
	assert_int_equal(page().rows, 33);
	assert_int_equal(page().columns, 101);
	assert_int_equal(tcgetattr(slave, &settings), 0);
	cfmakeraw(&settings);
	assert_int_equal(tcsetattr(slave, TCSANOW, &settings), 0);
	streams_forget(streams);
	assert_ok(control_page_init(&device, &err), err);
	assert_int_equal(page().tty, 1 | 4 | CONTROL_RAW(0) | CONTROL_RAW(2));
	settings.c_lflag |= ISIG;
	assert_int_equal(tcsetattr(slave, TCSANOW, &settings), 0);
	streams_forget(streams);
	assert_ok(control_page_init(&device, &err), err);
	assert_int_equal(page().tty, 1 | 4);
	streams->in = before.in;
	streams->err = before.err;
	close(slave);
	close(master);
}

static void test_page_outside_memory_is_an_error(void **state)
{
	struct error err = {0};

	(void)state;
	device.page = END - CONTROL_PAGE_SIZE / 8;
	assert_error(control_page_init(&device, &err), err, EFAULT, "control page");
}

/* ---- standard input ---- */

static void test_input_arrives_in_the_buffer(void **state)
{
	(void)state;
	pipes_type(&pipes, "abcdef");
	assert_int_equal(guest_read(BUFFER, 4), 4);
	assert_memory_equal(memory_read_span(&memory, BUFFER, 6), "abcd\0\0", 6);
	assert_int_equal(guest_read(BUFFER, 100), 2);
	assert_int_equal(pulses(), 0);
}

static void test_input_that_is_not_there_interrupts_when_it_comes(void **state)
{
	(void)state;
	assert_int_equal(guest_read(BUFFER, 4), -EAGAIN);
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 0);
	pipes_type(&pipes, "ab");
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->id, 34);
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
	assert_int_equal(guest_read(BUFFER, 4), 2);
	pipes_type(&pipes, "cd"); /* nobody asked */
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
}

static void test_end_of_input(void **state)
{
	(void)state;
	assert_int_equal(guest_read(BUFFER, 4), -EAGAIN);
	pipes_close(&pipes.in);
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
	assert_int_equal(guest_read(BUFFER, 0), 1);
	assert_int_equal(guest_read(BUFFER, 4), 0);
	assert_int_equal(guest_read(BUFFER, 4), 0);
}

static void test_length_zero_only_asks(void **state)
{
	(void)state;
	assert_int_equal(guest_read(BUFFER, 0), -EAGAIN);
	pipes_type(&pipes, "a");
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
	assert_int_equal(guest_read(0, 0), 1);
	assert_int_equal(guest_read(BUFFER, 1), 1);
}

static void test_input_into_a_buffer_outside_memory(void **state)
{
	static const struct {
		uint64_t address, length;
	} rows[] = {
		{0, 1}, {END, 1}, {END - 1, 2}, {TEST_RAM - 1, 2}, {(1ull << 44) - 1, 0xfffff},
	};
	char left[4];

	(void)state;
	pipes_type(&pipes, "abc");
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(guest_read(rows[i].address, rows[i].length), -EFAULT);
	assert_int_equal(read(pipes.streams.in, left, 4), 3); /* nothing was lost */
}

static void test_error_of_standard_input(void **state)
{
	int dir = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	dup2(dir, pipes.streams.in);
	close(dir);
	assert_int_equal(guest_read(BUFFER, 4), -EISDIR);
}

/* ---- standard output ---- */

static void test_output_by_stream(void **state)
{
	uint64_t progress = 0;

	(void)state;
	memory_write(&memory, BUFFER, "outerr", 6);
	assert_int_equal(put(CONTROL_STDOUT, CONTROL_BUFFER(BUFFER, 3), &progress), 0);
	progress = 0;
	assert_int_equal(put(CONTROL_STDERR, CONTROL_BUFFER(BUFFER + 3, 3), &progress), 0);
	progress = 0;
	assert_int_equal(put(CONTROL_STDERR, CONTROL_BUFFER(BUFFER, 0), &progress), 0);
	assert_string_equal(pipes_drain(pipes.out), "out");
	assert_string_equal(pipes_drain(pipes.err), "err");
	assert_int_equal(page().stream_error[1], 0);
}

static void test_kick_interrupts_output_which_goes_on_where_it_stopped(void **state)
{
	enum { LENGTH_ALL = 3 * PIPE_SIZE + 7 };
	char *text = malloc(LENGTH_ALL), *seen = calloc(1, LENGTH_ALL + 1);
	uint64_t progress = 0;
	int kicks = 0;

	(void)state;
	for (int i = 0; i < LENGTH_ALL; i++)
		text[i] = (char)('a' + i * 7 % 26);
	memory_write(&memory, BUFFER, text, LENGTH_ALL);
	kicks_start();
	while (put(CONTROL_STDOUT, CONTROL_BUFFER(BUFFER, LENGTH_ALL), &progress) == -EINTR) {
		assert_int_equal(progress, PIPE_SIZE * ++kicks);
		strcat(seen, pipes_drain(pipes.out));
	}
	strcat(seen, pipes_drain(pipes.out));
	assert_int_equal(kicks, 3);
	assert_memory_equal(seen, text, LENGTH_ALL);
	assert_int_equal(page().stream_error[1], 0);
	free(text);
	free(seen);
}

static void test_errors_of_output_are_the_guests_to_see(void **state)
{
	uint64_t progress = 0;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pipes_close(&pipes.out);
	assert_int_equal(put(CONTROL_STDOUT, CONTROL_BUFFER(BUFFER, 3), &progress), 0);
	assert_int_equal(page().stream_error[1], EPIPE);
	assert_int_equal(page().stream_error[2], 0);
	progress = 0;
	assert_int_equal(put(CONTROL_STDERR, CONTROL_BUFFER(END - 1, 2), &progress), 0);
	assert_int_equal(page().stream_error[2], EFAULT);
	assert_string_equal(pipes_drain(pipes.err), "");
	progress = 0;
	assert_int_equal(put(CONTROL_STDERR, CONTROL_BUFFER(BUFFER, 1), &progress), 0);
	assert_int_equal(page().stream_error[2], 0);
}

static void test_other_sizes_and_offsets_do_nothing(void **state)
{
	uint64_t progress = 0;

	(void)state;
	memory_write(&memory, BUFFER, "x", 1);
	for (unsigned int size = 1; size < 8; size++)
		for (uint64_t offset = 0; offset < 0x28; offset++)
			control_page_bus.write(&device, offset, size, CONTROL_BUFFER(BUFFER, 1),
					       &progress);
	for (uint64_t offset = 0; offset < 0x1000; offset++)
		if (offset % 8 || offset > CONTROL_EXIT)
			assert_int_equal(put(offset, CONTROL_BUFFER(BUFFER, 1), &progress), 0);
	assert_string_equal(pipes_drain(pipes.out), "");
	assert_int_equal(ended_count, 0);
}

static void test_wall_clock(void **state)
{
	uint64_t seconds;

	(void)state;
	seconds = control_page_bus.read(&device, CONTROL_WALL_CLOCK, 8) / 1000000000;
	assert_in_range(seconds, (uint64_t)time(NULL) - 5, (uint64_t)time(NULL) + 5);
	assert_int_equal(control_page_bus.read(&device, CONTROL_WALL_CLOCK, 4), 0);
	assert_int_equal(control_page_bus.read(&device, CONTROL_STDIN, 8), 0);
}

/* ---- the end ---- */

static void guest_exit(uint64_t status, const char *reason, size_t length)
{
	uint64_t progress = 0;

	memory_write(&memory, PAGE + offsetof(struct control_page, reason), reason, length);
	assert_int_equal(put(CONTROL_EXIT, status, &progress), -ECANCELED);
}

static void test_exit_kinds_are_judged(void **state)
{
	static const struct {
		uint64_t status;
		int kind, code, signal;
		const char *reason;
	} rows[] = {
		{CONTROL_EXIT_STATUS(CONTROL_EXITED, 0, 0), CONTROL_EXITED, 0, 0, ""},
		{CONTROL_EXIT_STATUS(CONTROL_EXITED, 0, 255), CONTROL_EXITED, 255, 0, ""},
		{CONTROL_EXIT_STATUS(CONTROL_SIGNALED, 1, 0), CONTROL_SIGNALED, 0, 1, ""},
		{CONTROL_EXIT_STATUS(CONTROL_SIGNALED, 64, 0), CONTROL_SIGNALED, 0, 64, ""},
		{CONTROL_EXIT_STATUS(CONTROL_SIGNALED, 0, 0), CONTROL_PANIC, 0, 0, "0x10000 means"},
		{CONTROL_EXIT_STATUS(CONTROL_SIGNALED, 65, 0), CONTROL_PANIC, 0, 65,
		 "0x14100 means"},
		{CONTROL_EXIT_STATUS(CONTROL_PANIC, 0, 0), CONTROL_PANIC, 0, 0, ""},
		{CONTROL_EXIT_STATUS(CONTROL_NOEXEC, 0, 0), CONTROL_NOEXEC, 0, 0, ""},
		{CONTROL_EXIT_STATUS(4, 0, 0), CONTROL_PANIC, 0, 0, "0x40000 means"},
		{UINT64_MAX, CONTROL_PANIC, 255, 255, "0xffffffffffffffff means"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		guest_exit(rows[i].status, "", 1);
		assert_int_equal(ended_count, i + 1);
		assert_int_equal(ended.kind, rows[i].kind);
		assert_int_equal(ended.code, rows[i].code);
		assert_int_equal(ended.signal, rows[i].signal);
		assert_non_null(strstr(ended.reason, rows[i].reason));
		assert_int_equal(!*ended.reason, !*rows[i].reason);
	}
}

static const struct {
	const char *raw, *shown;
} reasons[] = {
	{"plain text", "plain text"},
	{"", ""},
	{"two\nlines\r\x1b[31m\x7f", "two?lines??[31m?"},
	{"grün → 日本 ไทย 🌍", "grün → 日本 ไทย 🌍"},
	{"\xc2\x80 \xc2\x9b \xc2\xa0", "?? ?? \xc2\xa0"}, /* C1 controls */
	{"\xff\xfe\x80\xbf", "????"},
	{"\xc0\x80 \xc1\xbf", "?? ??"}, /* longer than needed */
	{"\xe0\x80\x80 \xf0\x80\x80\x80", "??? ????"},
	{"\xed\xa0\x80", "???"}, /* half of a surrogate pair */
	{"\xf4\x90\x80\x80 \xf5\x80\x80\x80", "???? ????"}, /* beyond U+10FFFF */
	{"cut \xc3", "cut ?"},
	{"cut \xe2\x82", "cut ??"},
	{"cut \xf0\x9f\x8c", "cut ???"},
	{"\xe2\x82z", "??z"},
};

static void test_hostile_reasons_become_printable(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(reasons); i++) {
		guest_exit(CONTROL_EXIT_STATUS(CONTROL_PANIC, 0, 0), reasons[i].raw,
			   strlen(reasons[i].raw) + 1);
		assert_string_equal(ended.reason, reasons[i].shown);
	}
}

/* The API puts the reason into JSON, which takes valid UTF-8 only. */
static void test_every_reason_is_valid_json(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char raw[256];
		json_t *json;

		for (size_t i = 0; i < sizeof(raw); i++) {
			random = random * 1664525 + 1013904223;
			raw[i] = (char)(random >> 24 | (random & 0x300 ? 0x80 : 0));
		}
		guest_exit(CONTROL_EXIT_STATUS(CONTROL_PANIC, 0, 0), raw, sizeof(raw));
		assert_in_range(strlen(ended.reason), 0, 255);
		json = json_string(ended.reason);
		assert_non_null(json);
		json_decref(json);
	}
}

static void test_reason_without_an_end_is_cut(void **state)
{
	char raw[256];

	(void)state;
	memset(raw, 'a', sizeof(raw));
	memcpy(raw + 253, "\xe2\x82\xac", 3); /* its last byte has no room */
	guest_exit(CONTROL_EXIT_STATUS(CONTROL_PANIC, 0, 0), raw, sizeof(raw));
	assert_int_equal(strlen(ended.reason), 255);
	assert_string_equal(ended.reason + 252, "a??");
}

/* ---- from the host ---- */

static void test_signals_gather_and_interrupt(void **state)
{
	(void)state;
	control_page_signal(&device, 1);
	control_page_signal(&device, 15);
	control_page_signal(&device, 64);
	assert_int_equal(page().signals, 1ull << 63 | 1 << 14 | 1);
	assert_int_equal(pulses(), 3);
}

static void test_booted_is_one_and_nothing_else(void **state)
{
	static const uint32_t values[] = {0, 1, 2, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		memory_write(&memory, PAGE + offsetof(struct control_page, booted), &values[i], 4);
		assert_int_equal(control_page_booted(&device), values[i] == 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_page_at_the_start),
		TEST(test_page_outside_memory_is_an_error),
		TEST(test_terminals_are_told_and_whether_they_are_raw),
		TEST(test_input_arrives_in_the_buffer),
		TEST(test_input_that_is_not_there_interrupts_when_it_comes),
		TEST(test_end_of_input),
		TEST(test_length_zero_only_asks),
		TEST(test_input_into_a_buffer_outside_memory),
		TEST(test_error_of_standard_input),
		TEST(test_output_by_stream),
		TEST(test_kick_interrupts_output_which_goes_on_where_it_stopped),
		TEST(test_errors_of_output_are_the_guests_to_see),
		TEST(test_other_sizes_and_offsets_do_nothing),
		TEST(test_wall_clock),
		TEST(test_exit_kinds_are_judged),
		TEST(test_hostile_reasons_become_printable),
		TEST(test_every_reason_is_valid_json),
		TEST(test_reason_without_an_end_is_cut),
		TEST(test_signals_gather_and_interrupt),
		TEST(test_booted_is_one_and_nothing_else),
	};

	return cmocka_run_group_tests_name("control_page", tests, NULL, NULL);
}
