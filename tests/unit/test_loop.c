/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "vmm/loop.h"

enum { SOURCES = 4 };

/* Sources that are all readable; each counts and may do something on its first call. */
struct probe {
	struct loop_source source;
	int calls;
	void (*act)(struct probe *self);
};

static struct loop *loop;
static struct probe *probes[SOURCES];
static int total, stop_after;

static void probe_ready(void *context, uint32_t events)
{
	struct probe *probe = context;

	assert_true(events & EPOLLIN);
	probe->calls++;
	if (++total >= stop_after)
		loop_stop(loop);
	if (probe->act)
		probe->act(probe);
}

static void probe_add(int index)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	struct error err = {0};

	probe->source = (struct loop_source){
		.fd = eventfd(1, EFD_CLOEXEC), .ready = probe_ready, .context = probe};
	probes[index] = probe;
	assert_ok(loop_add(loop, &probe->source, EPOLLIN, &err), err);
}

static void probe_free(int index)
{
	if (!probes[index])
		return;
	loop_remove(loop, &probes[index]->source);
	close(probes[index]->source.fd);
	free(probes[index]);
	probes[index] = NULL;
}

static int setup(void **state)
{
	struct error err = {0};

	(void)state;
	total = 0;
	loop = loop_create(&err);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < SOURCES; i++)
		probe_free(i);
	loop_destroy(loop);
	return 0;
}

static void run(int calls)
{
	struct error err = {0};

	stop_after = calls;
	assert_ok(loop_run(loop, &err), err);
}

static void test_all_ready_sources_are_called(void **state)
{
	(void)state;
	for (int i = 0; i < SOURCES; i++)
		probe_add(i);
	run(SOURCES);
	for (int i = 0; i < SOURCES; i++)
		assert_int_equal(probes[i]->calls, 1);
}

/* Frees all others: had the loop called one of the same batch, the sanitizer would tell. */
static void free_others(struct probe *self)
{
	for (int i = 0; i < SOURCES; i++)
		if (probes[i] != self)
			probe_free(i);
}

static void test_removed_source_of_the_same_batch_is_not_called(void **state)
{
	(void)state;
	for (int i = 0; i < SOURCES; i++) {
		probe_add(i);
		probes[i]->act = free_others;
	}
	run(3);
	assert_int_equal(total, 3);
}

static void free_self(struct probe *self)
{
	for (int i = 0; i < SOURCES; i++)
		if (probes[i] == self)
			probe_free(i);
}

static void test_handler_may_free_its_own_source(void **state)
{
	(void)state;
	probe_add(0);
	probes[0]->act = free_self;
	run(1);
	assert_null(probes[0]);
}

static void add_another(struct probe *self)
{
	self->act = NULL;
	probe_add(1);
}

static void test_handler_may_add_a_source(void **state)
{
	(void)state;
	probe_add(0);
	probes[0]->act = add_another;
	run(3);
	assert_true(probes[1]->calls >= 1);
}

static void test_modify_silences_and_revives(void **state)
{
	(void)state;
	probe_add(0);
	probe_add(1);
	loop_modify(loop, &probes[0]->source, 0);
	run(3);
	assert_int_equal(probes[0]->calls, 0);
	loop_modify(loop, &probes[0]->source, EPOLLIN);
	run(total + 2);
	assert_true(probes[0]->calls >= 1);
}

static void test_one_shot_fires_once(void **state)
{
	(void)state;
	probe_add(0);
	probe_add(1);
	loop_modify(loop, &probes[0]->source, EPOLLIN | EPOLLONESHOT);
	run(5);
	assert_int_equal(probes[0]->calls, 1);
}

static void test_unwatchable_descriptor_is_an_error(void **state)
{
	struct loop_source source = {.fd = -1, .ready = probe_ready};
	struct error err = {0};

	(void)state;
	assert_error(loop_add(loop, &source, EPOLLIN, &err), err, EBADF, "-1");
}

static void test_destroy_accepts_null_and_closes(void **state)
{
	struct error err = {0};
	int before = open_descriptors();

	(void)state;
	loop_destroy(NULL);
	loop_destroy(loop_create(&err));
	assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_ready_sources_are_called),
		TEST(test_removed_source_of_the_same_batch_is_not_called),
		TEST(test_handler_may_free_its_own_source),
		TEST(test_handler_may_add_a_source),
		TEST(test_modify_silences_and_revives),
		TEST(test_one_shot_fires_once),
		TEST(test_unwatchable_descriptor_is_an_error),
		TEST(test_destroy_accepts_null_and_closes),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
