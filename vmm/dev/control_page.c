/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/control_page.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define FIELD(device, name) ((device)->page + offsetof(struct control_page, name))

/* Standard input is there and the guest had asked for it. */
static bool control_input_ready(void *context)
{
	struct control_page_device *device = context;

	if (!__atomic_exchange_n(&device->asked, false, __ATOMIC_SEQ_CST))
		return false;
	irq_pulse(&device->irq);
	return true;
}

/* Neither edits lines nor processes output, as after cfmakeraw(3). */
static bool is_raw(int fd)
{
	struct termios settings;

	return !tcgetattr(fd, &settings) && !(settings.c_lflag & (ICANON | ECHO | ISIG)) &&
	       !(settings.c_oflag & OPOST);
}

/* Which streams are terminals, and raw; rows and columns of one of them. */
static uint32_t terminals(const struct streams *streams, uint16_t size[2])
{
	const int fds[] = {streams->in, streams->out, streams->err};
	struct winsize window;
	uint32_t tty = 0;

	for (unsigned int i = 0; i < 3; i++) {
		if (ioctl(fds[i], TIOCGWINSZ, &window) < 0)
			continue;
		tty |= 1u << i | (is_raw(fds[i]) ? CONTROL_RAW(i) : 0);
		size[0] = window.ws_row;
		size[1] = window.ws_col;
	}
	return tty;
}

/* What each machine has of its own, copies of others included. */
static int renew(const struct control_page_device *device, struct control_page *page,
		 struct error *err)
{
	uint8_t random[sizeof(page->generation) + sizeof(page->entropy)];
	uint16_t size[2] = {0};

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, "getrandom");
	memcpy(page->generation, random, sizeof(page->generation));
	memcpy(page->entropy, random + sizeof(page->generation), sizeof(page->entropy));
	explicit_bzero(random, sizeof(random));
	page->tty = terminals(device->streams, size);
	page->rows = size[0];
	page->columns = size[1];
	return 0;
}

static int write_page(const struct control_page_device *device, const struct control_page *page,
		      struct error *err)
{
	if (memory_write(device->memory, device->page, page, sizeof(*page)) < 0)
		return error_set(err, EFAULT, "control page: outside memory");
	return 0;
}

int control_page_init(struct control_page_device *device, struct error *err)
{
	struct control_page page = {
		.version = CONTROL_VERSION,
		.debugged = device->debugged,
		.vsock_interrupt = device->vsock_interrupt,
		.vsock_registers = device->vsock_registers,
	};
	int result = renew(device, &page, err);

	device->asked = device->writing = false;
	return result < 0 ? result : write_page(device, &page, err);
}

void control_page_listen(struct control_page_device *device)
{
	streams_listen(device->streams, control_input_ready, device);
}

void control_page_save(struct control_page_device *device, struct state_writer *writer)
{
	state_begin(writer, STATE_CONTROL);
	state_put(writer, __atomic_load_n(&device->asked, __ATOMIC_SEQ_CST), 1);
	state_end(writer);
}

int control_page_load(struct control_page_device *device, struct state_reader *reader,
		      struct error *err)
{
	struct control_page page;
	int result;

	device->asked = state_take_bool(reader);
	device->writing = false;
	if (memory_read(device->memory, device->page, &page, sizeof(page)) < 0)
		return error_set(err, EFAULT, "control page: outside memory");
	result = renew(device, &page, err);
	page.debugged = device->debugged;
	if (result == 0)
		result = write_page(device, &page, err);
	if (result < 0)
		return result;
	if (device->asked)
		streams_arm(device->streams);
	return 0;
}

void control_page_clock(struct control_page_device *device, uint64_t rest)
{
	uint64_t words[2] = {0};
	uint32_t waits = 0;

	memory_read(device->memory, FIELD(device, clock_epoch), words, sizeof(words));
	words[0]++;
	words[1] += rest;
	memory_write(device->memory, FIELD(device, clock_epoch), words, sizeof(words));
	memory_read(device->memory, FIELD(device, wall_waits), &waits, sizeof(waits));
	if (waits || rest)
		irq_pulse(&device->irq);
}

void control_page_mark(const struct control_page_device *device, const uint8_t id[16])
{
	memory_write(device->memory, FIELD(device, snapshot), id, 16);
}

static void control_stdin(struct control_page_device *device, uint64_t address, size_t length)
{
	void *buffer = memory_write_span(device->memory, address, length);
	int64_t result = -EFAULT;

	if (buffer || !length)
		result = streams_read(device->streams, buffer, length);
	if (result == -EAGAIN) {
		__atomic_store_n(&device->asked, true, __ATOMIC_SEQ_CST);
		streams_arm(device->streams);
	}
	memory_write(device->memory, FIELD(device, stdin_result), &result, sizeof(result));
}

static int control_output(struct control_page_device *device, unsigned int stream, uint64_t address,
			  size_t length, uint64_t *progress)
{
	const void *bytes = memory_read_span(device->memory, address, length);
	int fd = stream == 1 ? device->streams->out : device->streams->err;
	size_t done = *progress;
	int result = 0;
	uint32_t code;

	__atomic_store_n(&device->writing, true, __ATOMIC_RELAXED);
	if (bytes)
		result = stream_write(fd, bytes, length, &done);
	__atomic_store_n(&device->writing, false, __ATOMIC_RELAXED);
	if (!bytes && length)
		result = -EFAULT;
	*progress = done;
	if (result == -EINTR)
		return result;
	code = (uint32_t)-result;
	memory_write(device->memory, FIELD(device, stream_error) + stream * sizeof(code), &code,
		     sizeof(code));
	return 0;
}

/* How many bytes at text make one character that can be shown anywhere; 0: none do. Source:
 * Unicode 15, table 3-7, without control characters. */
static size_t printable_length(const uint8_t *text)
{
	static const struct {
		uint8_t first, last, low, high; /* of the first byte, of the second */
		size_t length;
	} rows[] = {
		{0x20, 0x7e, 0x00, 0xff, 1}, {0xc2, 0xc2, 0xa0, 0xbf, 2},
		{0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text[0] < rows[i].first || text[0] > rows[i].last)
			continue;
		if (rows[i].length > 1 && (text[1] < rows[i].low || text[1] > rows[i].high))
			return 0;
		for (size_t more = 2; more < rows[i].length; more++)
			if ((text[more] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* One line that can be shown anywhere: control characters and broken UTF-8 become '?'. */
static void printable(char *text, size_t size)
{
	size_t i = 0;

	text[size - 1] = '\0';
	while (text[i]) {
		size_t length = printable_length((const uint8_t *)text + i);

		if (!length)
			text[i] = '?';
		i += length ? length : 1;
	}
}

static void control_exit(struct control_page_device *device, uint64_t status)
{
	struct control_exit ended = {
		.kind = (int)(status >> 16 & 0xff),
		.signal = (int)(status >> 8 & 0xff),
		.code = (int)(status & 0xff),
	};

	memory_read(device->memory, FIELD(device, reason), ended.reason, sizeof(ended.reason));
	printable(ended.reason, sizeof(ended.reason));
	if (ended.kind > CONTROL_NOEXEC ||
	    (ended.kind == CONTROL_SIGNALED && (ended.signal < 1 || ended.signal > 64))) {
		ended.kind = CONTROL_PANIC;
		if (!ended.reason[0])
			snprintf(ended.reason, sizeof(ended.reason),
				 "exit status 0x%" PRIx64 " means nothing", status);
	}
	device->ended(device->context, &ended);
}

static void control_stop(struct control_page_device *device, uint64_t value)
{
	uint64_t signal = value & ~(uint64_t)CONTROL_STOP_FAULT;
	struct control_stop stop = {.signal = (int)signal, .fault = value & CONTROL_STOP_FAULT};
	uint32_t stopped;

	memory_read(device->memory, FIELD(device, reason), stop.reason, sizeof(stop.reason));
	printable(stop.reason, sizeof(stop.reason));
	stopped = signal <= 64 && device->stop(device->stop_context, &stop);
	memory_write(device->memory, FIELD(device, stopped), &stopped, sizeof(stopped));
}

static int control_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
			 uint64_t *progress)
{
	struct control_page_device *device = context;
	uint64_t address = value & ((1ull << CONTROL_ADDRESS_BITS) - 1);
	size_t length = value >> CONTROL_ADDRESS_BITS;

	if (size != 8)
		return 0;
	switch (offset) {
	case CONTROL_STDIN:
		control_stdin(device, address, length);
		return 0;
	case CONTROL_STDOUT:
		return control_output(device, 1, address, length, progress);
	case CONTROL_STDERR:
		return control_output(device, 2, address, length, progress);
	case CONTROL_STOP:
		control_stop(device, value);
		return 0;
	case CONTROL_EXIT:
		control_exit(device, value);
		return -ECANCELED;
	default:
		return 0;
	}
}

static uint64_t control_read(void *context, uint64_t offset, unsigned int size)
{
	struct timespec now;

	(void)context;
	if (offset != CONTROL_WALL_CLOCK || size != 8)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

const struct bus_device control_page_bus = {.read = control_read, .write = control_write};

_Static_assert(offsetof(struct control_page, clock_rest) ==
		       offsetof(struct control_page, clock_epoch) + 8,
	       "written together");
_Static_assert(offsetof(struct control_page, columns) == offsetof(struct control_page, rows) + 2,
	       "written together");

void control_page_signal(struct control_page_device *device, int signal)
{
	uint16_t size[2] = {0};

	/* The news is the terminal's new size, which is there before the signal is. */
	if (signal == SIGWINCH && terminals(device->streams, size))
		memory_write(device->memory, FIELD(device, rows), size, sizeof(size));
	memory_or64(device->memory, FIELD(device, signals), 1ull << (signal - 1));
	irq_pulse(&device->irq);
}

uint64_t control_page_bias(const struct control_page_device *device)
{
	uint64_t base = 0;

	memory_read(device->memory, FIELD(device, program_base), &base, sizeof(base));
	return base;
}

bool control_page_booted(const struct control_page_device *device)
{
	uint32_t booted = 0;

	memory_read(device->memory, FIELD(device, booted), &booted, sizeof(booted));
	return booted == 1;
}

void control_page_ping(const struct control_page_device *device)
{
	irq_pulse(&device->irq);
}

bool control_page_alive(const struct control_page_device *device, uint64_t *beat)
{
	uint64_t before = *beat;
	uint32_t idle = 0;

	memory_read(device->memory, FIELD(device, heartbeat), beat, sizeof(*beat));
	memory_read(device->memory, FIELD(device, idle), &idle, sizeof(idle));
	return *beat != before || idle || __atomic_load_n(&device->writing, __ATOMIC_RELAXED);
}

/* The guest's name for a system call if it may be a label's value, else its number. */
static void label_unknown(char label[CONTROL_NAME_SIZE], const char name[CONTROL_NAME_SIZE],
			  uint32_t number)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	char text[CONTROL_NAME_SIZE];
	size_t length;

	memcpy(text, name, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	length = strspn(text, allowed);
	if (length && !text[length])
		memcpy(label, text, sizeof(text));
	else
		snprintf(label, CONTROL_NAME_SIZE, "%u", number);
}

void control_page_metrics(const struct control_page_device *device, struct metrics *metrics)
{
	struct control_page page;

	memory_read(device->memory, device->page, &page, sizeof(page));
	for (uint32_t i = 0; i < page.unknown_count && i < CONTROL_UNKNOWN_SYSCALLS; i++) {
		char label[CONTROL_NAME_SIZE];

		label_unknown(label, page.unknown[i].name, page.unknown[i].number);
		metrics_add(metrics, METRIC_UNKNOWN_SYSCALLS, page.unknown[i].count, label, NULL);
	}
}
