/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/control_fixture.h"
#include "tests/unit/threads.h"

static int send_signal(int signal)
{
	return request(&(struct request){.operation = OP_SIGNAL_APPLICATION, .signal = signal});
}

static void assert_application(enum application_state expected, int code, int signal,
			       const char *reason)
{
	assert_ok(ask(OP_GET_APPLICATION), err);
	assert_int_equal(reply.application.state, expected);
	assert_int_equal(reply.application.exit_code, code);
	assert_int_equal(reply.application.signal, signal);
	assert_string_equal(reply.application.reason, reason);
}

/* ---- every operation in every state ---- */

static int ask_with_body(enum operation operation)
{
	int result;

	switch (operation) {
	case OP_PUT_MACHINE_CONFIG:
		return put_machine(1, 16);
	case OP_PUT_BOOT_SOURCE:
		return put_boot_source("app");
	case OP_PUT_APPLICATION:
		return put_application("app");
	case OP_SIGNAL_APPLICATION:
		return send_signal(15);
	case OP_PUT_LOGGER:
		return request(&(struct request){.operation = operation, .logger.level = -1});
	case OP_PUT_SERIAL:
	case OP_PUT_METRICS:
		return put_path(operation, "out");
	case OP_PUT_CORE:
	case OP_PUT_DEBUG:
		return put_path(operation, "gdb");
	case OP_SNAPSHOT_CREATE:
		return create_snapshot("s", "m", STATE_FULL);
	case OP_SNAPSHOT_LOAD:
		return load_snapshot("s", "m", true);
	case OP_GET_METRICS:
		result = ask(operation);
		free(reply.text);
		return result;
	default:
		return ask(operation);
	}
}

/* The state table as it is promised: N not started, R running, P paused, S a snapshot is being
 * written, E ended. */
static const struct {
	enum operation operation;
	const char *allowed;
} table[] = {
	{OP_GET_INSTANCE, "NRPSE"},
	{OP_GET_VERSION, "NRPSE"},
	{OP_GET_VM_CONFIG, "NRPSE"},
	{OP_GET_APPLICATION, "NRPSE"},
	{OP_PUT_MACHINE_CONFIG, "N"},
	{OP_GET_MACHINE_CONFIG, "NRPSE"},
	{OP_PUT_APPLICATION, "N"},
	{OP_PUT_BOOT_SOURCE, "N"},
	{OP_SIGNAL_APPLICATION, "RP"},
	{OP_INSTANCE_START, "N"},
	{OP_FLUSH_METRICS, "RPSE"},
	{OP_SEND_CTRL_ALT_DEL, "RP"},
	{OP_GET_METRICS, "NRPSE"},
	{OP_PATCH_MACHINE_CONFIG, "N"},
	{OP_PUT_LOGGER, "N"},
	{OP_PUT_METRICS, "N"},
	{OP_PUT_SERIAL, "N"},
	{OP_PUT_WATCHDOG, "N"},
	{OP_PUT_VSOCK, "N"},
	{OP_PUT_DEBUG, "NRP"},
	{OP_PUT_CORE, "N"},
	{OP_GET_REGISTERS, "PE"},
	{OP_PAUSE, "RP"},
	{OP_RESUME, "RP"},
	{OP_SNAPSHOT_CREATE, "P"},
	{OP_SNAPSHOT_LOAD, "N"},
	{OP_SNAPSHOT_RESET, "RP"},
};

/* For a process that has not yet done anything. */
static void leave_snapshot(void)
{
	few_registers();
	start();
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
}

static void enter_state(char name, enum operation operation)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 0);

	if (name == 'N' && operation == OP_SNAPSHOT_LOAD) {
		leave_snapshot();
		return;
	}
	if (strchr("RP", name) && operation == OP_SNAPSHOT_RESET) {
		leave_snapshot();
		assert_ok(load_snapshot("s", "m", name == 'R'), err);
		return;
	}
	if (name == 'N') {
		if (operation == OP_INSTANCE_START)
			assert_ok(put_application("app"), err);
		return;
	}
	if (name == 'E')
		fake_kvm_run(0, &off);
	start();
	if (name == 'P' || name == 'S')
		assert_ok(ask(OP_PAUSE), err);
	if (name == 'S')
		assert_ok(create_snapshot("s", "m", STATE_FULL), err);
	if (name == 'E')
		assert_ok(loop_run(pipes.loop, &err), err);
}

static const char *refusal_of(char name, const char *allowed)
{
	if (name == 'N')
		return "not supported before starting the microVM";
	if (name == 'S' && strcmp(allowed, "N"))
		return "A snapshot is being written";
	if (!strcmp(allowed, "P"))
		return "microVM that is paused";
	if (!strcmp(allowed, "PE"))
		return "paused or has ended";
	return strcmp(allowed, "N") ? "has ended" : "not supported after starting the microVM";
}

static int refusal_code(char name, const char *allowed)
{
	return name == 'S' && strcmp(allowed, "N") ? EBUSY : EINVAL;
}

static void test_every_operation_in_every_state(void **state)
{
	assert_int_equal(LENGTH(table), OP_COUNT);
	for (const char *name = "NRPSE"; *name; name++)
		for (size_t i = 0; i < LENGTH(table); i++) {
			int result;

			teardown(state);
			setup(state);
			enter_state(*name, table[i].operation);
			result = ask_with_body(table[i].operation);
			if (strchr(table[i].allowed, *name))
				assert_ok(result, err);
			else
				assert_error(result, err, refusal_code(*name, table[i].allowed),
					     refusal_of(*name, table[i].allowed));
		}
}

static void test_refused_request_changes_nothing(void **state)
{
	(void)state;
	start();
	assert_int_equal(put_machine(2, 64), -EINVAL);
	ask(OP_GET_MACHINE_CONFIG);
	assert_int_equal(reply.config->machine.mem_size_mib, 16);
	assert_int_equal(put_application("app"), -EINVAL);
}

/* ---- configuration ---- */

static void test_configuration_is_what_was_put(void **state)
{
	(void)state;
	assert_string_equal(control_id(control), "an-id");
	assert_error(put_machine(0, 128), err, EINVAL, "vcpu_count");
	ask(OP_GET_VM_CONFIG);
	assert_int_equal(reply.config->machine.vcpu_count, 1);
	assert_ok(put_machine(4, 256), err);
	assert_ok(put_application("app"), err);
	assert_ok(put_application("app"), err); /* again: replaced */
	ask(OP_GET_VM_CONFIG);
	assert_int_equal(reply.config->machine.vcpu_count, 4);
	assert_string_equal(reply.config->application.path, "app");
}

static void test_application_and_boot_source_exclude_each_other(void **state)
{
	(void)state;
	assert_ok(put_application("app"), err);
	assert_error(put_boot_source("app"), err, EINVAL, "application is set already");
	teardown(state);
	setup(state);
	assert_ok(put_boot_source("app"), err);
	assert_error(put_application("app"), err, EINVAL, "boot source is set already");
}

static void test_unusable_application_is_refused_at_once(void **state)
{
	(void)state;
	assert_error(put_application("nothing"), err, ENOENT, "nothing");
	write_file("script", "#!/bin/sh\n", 10);
	assert_error(put_application("script"), err, ENOEXEC, "script");
	ask(OP_GET_VM_CONFIG);
	assert_null(reply.config->application.path);
}

/* ---- the life cycle ---- */

static void test_start_without_a_kernel(void **state)
{
	(void)state;
	assert_error(ask(OP_INSTANCE_START), err, EINVAL, "without kernel configuration");
	assert_ok(ask(OP_GET_INSTANCE), err);
	assert_int_equal(reply.instance, VM_NOT_STARTED);
}

static void test_failed_start_can_be_repeated(void **state)
{
	int before;

	(void)state;
	assert_ok(put_machine(1, 16), err);
	assert_ok(put_application("app"), err);
	before = open_descriptors();
	for (unsigned int call = 0; call < 100; call++) {
		fake_kvm_reset();
		fake_kvm_fail(call, EBUSY);
		if (ask(OP_INSTANCE_START) == 0)
			break;
		assert_int_equal(err.code, EBUSY);
		assert_int_equal(open_descriptors(), before);
		assert_ok(ask(OP_GET_INSTANCE), err);
		assert_int_equal(reply.instance, VM_NOT_STARTED);
		assert_application(APPLICATION_NONE, -1, -1, "");
		fake_kvm.fail_at = -1;
		if (call > 1)
			continue;
		/* And it does start then. */
		fake_kvm_reset();
		assert_ok(ask(OP_INSTANCE_START), err);
		teardown(state);
		setup(state);
		assert_ok(put_machine(1, 16), err);
		assert_ok(put_application("app"), err);
	}
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_RUNNING);
}

static void start_that_lacks_thread(int number)
{
	assert_ok(put_machine(2, 16), err);
	assert_ok(put_application("app"), err);
	thread_fails = number;
	assert_error(ask(OP_INSTANCE_START), err, EAGAIN, "thread");
	assert_application(APPLICATION_NONE, -1, -1, "");
}

static void test_start_that_fails_at_the_threads_can_be_repeated(void **state)
{
	(void)state;
	start_that_lacks_thread(0);
	start_that_lacks_thread(1);
	assert_ok(ask(OP_INSTANCE_START), err);
}

static void test_start_that_failed_leaves_nothing_to_destroy(void **state)
{
	(void)state;
	start_that_lacks_thread(1);
}

static const struct {
	unsigned int kind, signal, code;
	const char *reason;
	enum application_state state;
	int seen_code, seen_signal;
} ends[] = {
	{CONTROL_EXITED, 0, 0, "", APPLICATION_EXITED, 0, -1},
	{CONTROL_EXITED, 0, 255, "", APPLICATION_EXITED, 255, -1},
	{CONTROL_SIGNALED, 9, 0, "", APPLICATION_CRASHED, -1, 9},
	{CONTROL_PANIC, 0, 0, "out of memory", APPLICATION_CRASHED, -1, -1},
	{CONTROL_NOEXEC, 0, 0, "not for us", APPLICATION_CRASHED, 126, -1},
};

static int guest_waits; /* atomic */

static void guest_may_go_on(int fd)
{
	(void)fd;
	while (__atomic_load_n(&guest_waits, __ATOMIC_ACQUIRE))
		;
}

static void test_application_from_start_to_end(void **state)
{
	for (size_t i = 0; i < LENGTH(ends); i++) {
		struct fake_run run = guest_exits(ends[i].kind, ends[i].signal, ends[i].code);

		teardown(state);
		setup(state);
		run.enter = guest_may_go_on;
		__atomic_store_n(&guest_waits, 1, __ATOMIC_RELEASE);
		fake_kvm_run(0, &run);
		start();
		assert_application(APPLICATION_STARTING, -1, -1, "");
		guest_page(16)->booted = 1;
		assert_application(APPLICATION_RUNNING, -1, -1, "");
		strcpy(guest_page(16)->reason, ends[i].reason);
		__atomic_store_n(&guest_waits, 0, __ATOMIC_RELEASE);
		assert_ok(loop_run(pipes.loop, &err), err);
		assert_int_equal(changes, 1);
		assert_application(ends[i].state, ends[i].seen_code, ends[i].seen_signal,
				   ends[i].reason);
		assert_error(send_signal(15), err, EINVAL, "has ended");
		assert_ok(ask(OP_GET_INSTANCE), err);
		assert_int_equal(reply.instance, VM_ENDED);
		assert_error(ask(OP_INSTANCE_START), err, EINVAL, "after starting");
	}
}

static void test_pause_and_resume(void **state)
{
	(void)state;
	start();
	guest_page(16)->booted = 1;
	for (int round = 0; round < 3; round++) {
		assert_ok(ask(OP_PAUSE), err);
		assert_ok(ask(OP_PAUSE), err);
		assert_ok(ask(OP_GET_INSTANCE), err);
		assert_int_equal(reply.instance, VM_PAUSED);
		assert_application(APPLICATION_PAUSED, -1, -1, "");
		assert_ok(ask(OP_RESUME), err);
		assert_ok(ask(OP_RESUME), err);
		assert_ok(ask(OP_GET_INSTANCE), err);
		assert_int_equal(reply.instance, VM_RUNNING);
		assert_application(APPLICATION_RUNNING, -1, -1, "");
	}
}

static void test_end_that_came_before_the_pause_is_noticed_after_it(void **state)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 4);

	(void)state;
	fake_kvm_run(0, &off);
	start();
	assert_ok(ask(OP_PAUSE), err);
	ask(OP_RESUME);
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_application(APPLICATION_EXITED, 4, -1, "");
	assert_int_equal(changes, 1);
}

static void test_kernel_without_application_is_running_at_once(void **state)
{
	(void)state;
	assert_ok(put_boot_source("app"), err);
	assert_ok(ask(OP_INSTANCE_START), err);
	assert_application(APPLICATION_RUNNING, -1, -1, "");
}

static void test_signals_reach_the_page(void **state)
{
	static const int bad[] = {0, -1, 65, 1 << 30};

	(void)state;
	start();
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_error(send_signal(bad[i]), err, EINVAL, "signal");
	assert_ok(send_signal(1), err);
	assert_ok(send_signal(64), err);
	assert_int_equal(guest_page(16)->signals, 1ull << 63 | 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(vm_state_name(VM_NOT_STARTED), "Not started");
	assert_string_equal(vm_state_name(VM_PAUSED), "Paused");
	assert_string_equal(vm_state_name(VM_ENDED), "Running"); /* Firecracker has no word */
	assert_string_equal(application_state_name(APPLICATION_NONE), "none");
	assert_string_equal(application_state_name(APPLICATION_CRASHED), "crashed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_operation_in_every_state),
		TEST(test_refused_request_changes_nothing),
		TEST(test_configuration_is_what_was_put),
		TEST(test_application_and_boot_source_exclude_each_other),
		TEST(test_unusable_application_is_refused_at_once),
		TEST(test_start_without_a_kernel),
		TEST(test_failed_start_can_be_repeated),
		TEST(test_start_that_fails_at_the_threads_can_be_repeated),
		TEST(test_start_that_failed_leaves_nothing_to_destroy),
		TEST(test_application_from_start_to_end),
		TEST(test_pause_and_resume),
		TEST(test_end_that_came_before_the_pause_is_noticed_after_it),
		TEST(test_kernel_without_application_is_running_at_once),
		TEST(test_signals_reach_the_page),
		TEST(test_names),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
