/* SPDX-License-Identifier: Apache-2.0 */
/* Working sets beside snapshots on the scripted KVM: when they are written, when they are
 * followed, and that nothing depends on them. */
#include "tests/unit/control_fixture.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vmm/log.h"
#include "vmm/prefetch.h"

#define SET "m.working-set"

static unsigned int advised;

int __real_madvise(void *at, size_t length, int advice);
int __wrap_madvise(void *at, size_t length, int advice);
int __wrap_madvise(void *at, size_t length, int advice)
{
	advised += advice == MADV_WILLNEED;
	return __real_madvise(at, length, advice);
}

static int restore(bool prefetch)
{
	struct request load = {
		.operation = OP_SNAPSHOT_LOAD,
		.load = {.state_path = strdup("s"),
			 .memory_path = strdup("m"),
			 .resume = true,
			 .prefetch = prefetch},
	};
	int result = request(&load);

	snapshot_load_finish(&load.load);
	return result;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A snapshot, and a restore of it that ran for a moment. */
static void make(bool prefetch)
{
	few_registers();
	start();
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
	assert_ok(restore(prefetch), err);
	assert_ok(ask(OP_PAUSE), err);
	begin_anew();
	advised = 0;
}

static void test_the_first_restore_writes_what_the_next_follows(void **state)
{
	(void)state;
	make(true);
	assert_true(is_there(SET));
	assert_int_equal(scratch_files(), 4);
	assert_ok(restore(true), err);
	assert_true(advised > 0);
}

static void test_it_is_not_written_again(void **state)
{
	struct stat before, after;

	(void)state;
	make(true);
	assert_int_equal(stat(SET, &before), 0);
	assert_ok(restore(true), err);
	assert_ok(ask(OP_PAUSE), err);
	assert_int_equal(stat(SET, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void test_it_is_switched(void **state)
{
	(void)state;
	make(false);
	assert_false(is_there(SET));
	assert_ok(restore(true), err);
	assert_ok(ask(OP_PAUSE), err);
	begin_anew();
	advised = 0;
	assert_ok(restore(false), err);
	assert_int_equal(advised, 0);
}

static void stop_when_there(void *context, uint32_t events)
{
	(void)context, (void)events;
	if (is_there(SET))
		loop_stop(pipes.loop);
}

/* Always ready: looks again and again. */
static void test_the_first_moments_end_by_themselves(void **state)
{
	struct loop_source look = {eventfd(1, 0), stop_when_there, NULL};

	(void)state;
	make(false);
	assert_ok(restore(true), err);
	assert_false(is_there(SET));
	assert_ok(loop_add(pipes.loop, &look, EPOLLIN, &err), err);
	assert_ok(loop_run(pipes.loop, &err), err);
	loop_remove(pipes.loop, &look);
	close(look.fd);
}

static void test_a_vm_that_never_ran_has_none(void **state)
{
	(void)state;
	make(false);
	assert_ok(load_snapshot("s", "m", false), err);
	assert_ok(ask(OP_PAUSE), err);
	assert_false(is_there(SET));
}

static void test_garbage_is_ignored_and_replaced(void **state)
{
	(void)state;
	make(false);
	write_file(SET, "garbage that is longer than a header of a working set", 53);
	assert_ok(restore(true), err);
	assert_int_equal(advised, 0);
	assert_ok(ask(OP_PAUSE), err);
	begin_anew();
	assert_ok(restore(true), err);
	assert_true(advised > 0);
}

static void test_what_can_not_be_written_does_not_matter(void **state)
{
	(void)state;
	make(false);
	assert_int_equal(mkdir(SET, 0700), 0);
	assert_ok(restore(true), err);
	assert_ok(ask(OP_PAUSE), err);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_PAUSED);
	assert_int_equal(scratch_files(), 4);
	assert_int_equal(rmdir(SET), 0);
}

static void test_a_new_snapshot_takes_the_old_ones_away(void **state)
{
	(void)state;
	make(true);
	write_file(SET ".00112233445566778899aabbccddeeff", "x", 1);
	assert_ok(restore(true), err);
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	assert_int_equal(scratch_files(), 3);
}

static void test_not_with_a_handler_of_page_faults(void **state)
{
	struct request load = {
		.operation = OP_SNAPSHOT_LOAD,
		.load = {.state_path = strdup("s"),
			 .backend_path = strdup("socket"),
			 .backend = BACKEND_UFFD,
			 .prefetch = true},
	};

	(void)state;
	assert_error(request(&load), err, EINVAL, "`prefetch`");
	snapshot_load_finish(&load.load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_restore_writes_what_the_next_follows),
		TEST(test_it_is_not_written_again),
		TEST(test_it_is_switched),
		TEST(test_the_first_moments_end_by_themselves),
		TEST(test_a_vm_that_never_ran_has_none),
		TEST(test_garbage_is_ignored_and_replaced),
		TEST(test_what_can_not_be_written_does_not_matter),
		TEST(test_a_new_snapshot_takes_the_old_ones_away),
		TEST(test_not_with_a_handler_of_page_faults),
	};
	struct error none;

	log_open(NULL, LOG_OFF, &none);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
