/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails while a snapshot is written or read: every call that touches it, one after the
 * other, in each way that there is. The linker puts these calls in the place of the host's (--wrap;
 * the Makefile has the list). What was there before is there still, the VM goes on, and the message
 * names a file and what happened. */
#include "tests/unit/control_fixture.h"

#include <errno.h>
#include <sys/stat.h>

enum way { FAILS, HALF, NOTHING };

/* The call that is to fail, and how; left: how many of its kind do not before. */
static struct {
	const char *call;
	enum way way;
	int code;
	long left; /* atomic: the worker writes */
} fault = {.left = -1};

static bool strikes(const char *call)
{
	return fault.call && !strcmp(fault.call, call) &&
	       __atomic_fetch_sub(&fault.left, 1, __ATOMIC_RELAXED) == 0;
}

static void arm(const char *call, enum way way, int code, long left)
{
	fault.call = call;
	fault.way = way;
	fault.code = code;
	fault.left = left;
}

/* Whether it came to that call. */
static bool disarm(void)
{
	fault.call = NULL;
	return fault.left < 0;
}

/* What is left of a transfer of `length` bytes; -1: an error. */
static ssize_t broken(size_t length)
{
	errno = fault.code;
	return fault.way == FAILS ? -1 : fault.way == HALF ? (ssize_t)(length + 1) / 2 : 0;
}

ssize_t __real_pwrite(int fd, const void *from, size_t length, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t length, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t length, off_t at)
{
	ssize_t part = (ssize_t)length;

	if (strikes("pwrite"))
		part = broken(length);
	return part <= 0 ? part : __real_pwrite(fd, from, (size_t)part, at);
}

ssize_t __real_pread(int fd, void *to, size_t length, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t length, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t length, off_t at)
{
	ssize_t part = (ssize_t)length;

	if (strikes("pread"))
		part = broken(length);
	return part <= 0 ? part : __real_pread(fd, to, (size_t)part, at);
}

#define FAULT(name, parameters, arguments)                                                         \
	int __real_##name parameters;                                                              \
	int __wrap_##name parameters;                                                              \
	int __wrap_##name parameters                                                               \
	{                                                                                          \
		return strikes(#name) ? (int)broken(0) : __real_##name arguments;                  \
	}

FAULT(fsync, (int fd), (fd))
FAULT(rename, (const char *from, const char *to), (from, to))
FAULT(ftruncate, (int fd, off_t size), (fd, size))

/* A snapshot s, m of a VM that is paused. */
static void make(void)
{
	few_registers();
	start();
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	assert_int_equal(scratch_files(), 3); /* with the program */
}

/* The message names one of the files, or the directory that they are in, and then says why. */
static void expect_reason(const char *reason)
{
	const char *message = err.message, *load = "Load snapshot error: ";

	if (!strncmp(message, load, strlen(load)))
		message += strlen(load);
	if (!strchr("sm.", message[0]) || message[1] != ':')
		fail_msg("\"%s\" names no file", err.message);
	assert_contains(message, reason);
}

/* ---- writing ---- */

/* Once for every call of a kind; each time there is a snapshot before and one after. */
static void each_write_breaks(const char *call, enum way way, int code, const char *reason)
{
	bool struck = true;
	long calls = 0;

	make();
	for (; struck; calls++) {
		int result;

		arm(call, way, code, calls);
		result = write_snapshot("s", "m", STATE_FULL);
		struck = disarm();
		if (struck && reason) {
			assert_int_equal(result, -code);
			expect_reason(reason);
		} else {
			assert_ok(result, err);
		}
		/* The VM goes on, and what is there can be loaded. */
		assert_ok(ask(OP_RESUME), err);
		begin_anew();
		assert_ok(load_snapshot("s", "m", true), err);
		assert_ok(ask(OP_PAUSE), err);
	}
	assert_int_equal(scratch_files(), 3);
	assert_true(calls > 1);
}

static void test_a_write_that_fails(void **state)
{
	(void)state;
	each_write_breaks("pwrite", FAILS, EIO, "Input/output error");
}

static void test_a_disk_without_room(void **state)
{
	(void)state;
	each_write_breaks("pwrite", FAILS, ENOSPC, "No space left");
}

static void test_a_short_write_is_gone_on_with(void **state)
{
	(void)state;
	each_write_breaks("pwrite", HALF, 0, NULL);
}

static void test_a_write_that_takes_nothing(void **state)
{
	(void)state;
	each_write_breaks("pwrite", NOTHING, EIO, "nothing more is taken");
}

static void test_what_can_not_be_made_safe(void **state)
{
	(void)state;
	each_write_breaks("fsync", FAILS, EIO, "Input/output error");
}

static void test_a_name_that_is_not_given(void **state)
{
	(void)state;
	each_write_breaks("rename", FAILS, EIO, "Input/output error");
}

static void test_a_size_that_is_not_taken(void **state)
{
	(void)state;
	each_write_breaks("ftruncate", FAILS, EFBIG, "File too large");
}

/* ---- reading ---- */

static void each_read_breaks(enum way way, int code, const char *reason)
{
	bool struck = true;
	long calls = 0;

	make();
	for (; struck; calls++) {
		int result;

		begin_anew();
		arm("pread", way, code, calls);
		result = load_snapshot("s", "m", true);
		struck = disarm();
		ask(OP_GET_INSTANCE);
		if (!struck || !reason) {
			assert_ok(result, err);
			assert_int_equal(reply.instance, VM_RUNNING);
			continue;
		}
		assert_int_equal(reply.instance, VM_NOT_STARTED);
		assert_int_equal(fake_kvm_calls(), 0);
		arm("pread", way, code, calls);
		assert_int_equal(load_snapshot("s", "m", true), -code);
		disarm();
		expect_reason(reason);
		assert_ok(load_snapshot("s", "m", true), err);
	}
	assert_true(calls > 2); /* both files */
}

static void test_a_read_that_fails(void **state)
{
	(void)state;
	each_read_breaks(FAILS, EIO, "Input/output error");
}

static void test_a_short_read_is_gone_on_with(void **state)
{
	(void)state;
	each_read_breaks(HALF, 0, NULL);
}

static void test_a_file_that_is_cut_off_meanwhile(void **state)
{
	(void)state;
	each_read_breaks(NOTHING, EIO, "shorter than it was");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_write_that_fails),
		TEST(test_a_disk_without_room),
		TEST(test_a_short_write_is_gone_on_with),
		TEST(test_a_write_that_takes_nothing),
		TEST(test_what_can_not_be_made_safe),
		TEST(test_a_name_that_is_not_given),
		TEST(test_a_size_that_is_not_taken),
		TEST(test_a_read_that_fails),
		TEST(test_a_short_read_is_gone_on_with),
		TEST(test_a_file_that_is_cut_off_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
