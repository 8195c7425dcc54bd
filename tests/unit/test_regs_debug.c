/* SPDX-License-Identifier: Apache-2.0 */
/* S3 in a debug build: the process stops at a register that there is not. */
#define MOTE_DEBUG 1
#include "vmm/regs.c"

#include "tests/unit/regs_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void read_unknown(void)
{
	get(REGISTERS);
}

static void write_unknown(void)
{
	set(REGISTERS, 1);
}

static void read_missing(void)
{
	get(ESR);
}

static void write_missing(void)
{
	set(ESR, 1);
	flush();
}

static void read_known(void)
{
	get(FAR);
}

/* How a process ends that does this. */
static int status_of(void (*act)(void))
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGILL, SIG_DFL); /* not the sanitizer's */
		signal(SIGTRAP, SIG_DFL);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void assert_stops(void (*act)(void))
{
	int status = status_of(act);

	assert_true(WIFSIGNALED(status));
	assert_true(WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
}

static void test_s3_a_debug_build_stops_at_a_register_that_there_is_not(void **state)
{
	(void)state;
	host_without(ESR);
	assert_stops(read_unknown);
	assert_stops(write_unknown);
	assert_stops(read_missing);
	assert_stops(write_missing);
	assert_int_equal(status_of(read_known), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_s3_a_debug_build_stops_at_a_register_that_there_is_not),
	};

	return cmocka_run_group_tests_name("regs_debug", tests, log_setup, scratch_teardown);
}
