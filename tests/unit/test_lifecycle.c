/* SPDX-License-Identifier: Apache-2.0 */
/* What a control does beside its table of states: settings, metrics, the polite end, the
 * watchdog's verdict. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>

#include "tests/unit/control_fixture.h"
#include "vmm/log.h"

static int put_watchdog(uint32_t timeout_ms, int action)
{
	return request(
		&(struct request){.operation = OP_PUT_WATCHDOG, .watchdog = {timeout_ms, action}});
}

static int patch_machine(uint32_t vcpus, uint32_t mib)
{
	return request(&(struct request){.operation = OP_PATCH_MACHINE_CONFIG,
					 .machine = {vcpus, mib, 0, 0}});
}

static const struct vm_config *config(void)
{
	assert_ok(ask(OP_GET_VM_CONFIG), err);
	return reply.config;
}

static const char *contents(const char *path)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	assert_true(fd >= 0);
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(length >= 0);
	text[length] = '\0';
	return text;
}

/* ---- settings ---- */

static void test_patch_changes_only_what_it_names(void **state)
{
	(void)state;
	assert_ok(patch_machine(3, 0), err);
	assert_int_equal(config()->machine.vcpu_count, 3);
	assert_int_equal(config()->machine.mem_size_mib, 128);
	assert_ok(patch_machine(0, 64), err);
	assert_int_equal(config()->machine.vcpu_count, 3);
	assert_int_equal(config()->machine.mem_size_mib, 64);
	assert_error(patch_machine(33, 0), err, EINVAL, "vcpu_count");
	assert_int_equal(config()->machine.vcpu_count, 3);
}

static void test_watchdog_and_boot_source_exclude_each_other(void **state)
{
	(void)state;
	assert_ok(put_watchdog(100, WATCHDOG_STOP), err);
	assert_error(put_boot_source("app"), err, EINVAL, "watchdog");
	assert_ok(put_application("app"), err);
	assert_int_equal(config()->watchdog.timeout_ms, 100);
	teardown(state);
	setup(state);
	assert_ok(put_boot_source("app"), err);
	assert_error(put_watchdog(100, WATCHDOG_STOP), err, EINVAL, "boot source");
}

static void test_logger_says_where_and_what(void **state)
{
	struct request put = {.operation = OP_PUT_LOGGER,
			      .logger = {strdup("no/such/log"), LOG_INFO, false}};

	(void)state;
	assert_error(request(&put), err, ENOENT, "no/such/log");
	assert_false(config()->logger_set);
	free(put.logger.path);
	put.logger.path = strdup("log");
	assert_ok(request(&put), err);
	assert_null(put.logger.path);
	log_info("one");
	put.logger = (struct logger_config){NULL, -1, true};
	assert_ok(request(&put), err);
	log_info("two");
	log_debug("three");
	assert_string_equal(contents("log"), "mote-vmm: one\nmote-vmm: Info: two\n");
	assert_string_equal(config()->logger.path, "log");
	assert_int_equal(config()->logger.level, LOG_INFO);
	assert_true(config()->logger.show_level);
}

static void test_serial_output_goes_to_the_file(void **state)
{
	static const struct fake_run byte = {.reason = KVM_EXIT_MMIO,
					     .address = ARM64_UART,
					     .size = 1,
					     .write = true,
					     .data = 'x'};
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 0);

	(void)state;
	fake_kvm_run(0, &byte);
	fake_kvm_run(0, &off);
	assert_ok(put_path(OP_PUT_SERIAL, "no/such/file"), err);
	assert_ok(put_application("app"), err);
	assert_error(ask(OP_INSTANCE_START), err, ENOENT, "serial console no/such/file");
	assert_ok(put_path(OP_PUT_SERIAL, "serial"), err);
	start();
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_string_equal(contents("serial"), "x");
	assert_string_equal(pipes_drain(pipes.out), "");
}

/* ---- metrics ---- */

static json_t *line_of(const char *path, int number)
{
	const char *line = contents(path);
	json_t *root;

	while (number-- > 0)
		line = strchr(line, '\n') + 1;
	root = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(root);
	return root;
}

static void test_metrics_are_flushed_when_asked_and_at_the_end(void **state)
{
	json_t *root;

	assert_error(put_path(OP_PUT_METRICS, "no/such/file"), err, ENOENT, "no/such/file");
	assert_ok(put_path(OP_PUT_METRICS, "metrics"), err);
	start();
	assert_string_equal(contents("metrics"), "");
	assert_ok(ask(OP_FLUSH_METRICS), err);
	root = line_of("metrics", 0);
	assert_true(json_is_integer(
		json_object_get(json_object_get(root, "mote_exits_total"), "mmio")));
	json_decref(root);
	control_destroy(control);
	json_decref(line_of("metrics", 1));
	control = control_create("an-id", pipes.loop, &pipes.streams, &err);
	(void)state;
}

static void test_metrics_go_to_a_fifo_without_a_reader(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_ok(put_path(OP_PUT_METRICS, "fifo"), err);
	start();
	assert_ok(ask(OP_FLUSH_METRICS), err);
	for (int i = 0; i < 1000 && ask(OP_FLUSH_METRICS) == 0; i++)
		;
	assert_contains(err.message, "metrics fifo"); /* it is full, and nothing hangs */
}

static void test_flush_without_a_place_is_no_error(void **state)
{
	(void)state;
	start();
	assert_ok(ask(OP_FLUSH_METRICS), err);
}

static const char *metrics(void)
{
	static char text[16384];

	assert_ok(ask(OP_GET_METRICS), err);
	snprintf(text, sizeof(text), "%s", reply.text);
	free(reply.text);
	return text;
}

static void name_unknown(int index, uint32_t number, uint32_t count, const char *name)
{
	struct control_page *page = guest_page(16);

	page->unknown[index].number = number;
	page->unknown[index].count = count;
	memcpy(page->unknown[index].name, name, strlen(name));
	page->unknown_count = (uint32_t)index + 1;
}

static void test_unknown_system_calls_are_named(void **state)
{
	static const char forged[] = "x\"} 1\nmote_exits_total{";

	(void)state;
	start();
	name_unknown(0, 220, 3, "clone");
	name_unknown(1, 1234, 1, "");
	name_unknown(2, 7, 2, forged);
	name_unknown(3, 8, 4, "a_name_of_all_24_letters");
	name_unknown(4, 9, 5, "clone");
	assert_contains(metrics(), "mote_unknown_syscalls_total{name=\"clone\"} 8\n");
	assert_contains(metrics(), "mote_unknown_syscalls_total{name=\"1234\"} 1\n");
	assert_contains(metrics(), "mote_unknown_syscalls_total{name=\"7\"} 2\n");
	assert_contains(metrics(), "{name=\"a_name_of_all_24_letter\"} 4\n");
	guest_page(16)->unknown_count = UINT32_MAX;
	metrics();
}

static void test_exits_and_registers_are_counted(void **state)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 0);

	(void)state;
	fake_kvm_run(0, &off);
	start();
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_contains(metrics(), "mote_exits_total{reason=\"mmio\"} 1\n");
	assert_contains(metrics(), "mote_register_ioctls_total{class=\"runtime\",op=\"set\"} 2\n");
	assert_contains(metrics(), "\nmote_guest_resident_bytes ");
	assert_null(strstr(metrics(), "mote_guest_resident_bytes 0\n"));
}

/* ---- the end ---- */

static void test_polite_end_is_a_signal_to_the_application(void **state)
{
	(void)state;
	start();
	assert_ok(ask(OP_SEND_CTRL_ALT_DEL), err);
	assert_int_equal(guest_page(16)->signals, 1ull << (SIGTERM - 1));
}

static void test_polite_end_of_another_guest_is_refused(void **state)
{
	(void)state;
	assert_ok(put_boot_source("app"), err);
	assert_ok(ask(OP_INSTANCE_START), err);
	assert_error(ask(OP_SEND_CTRL_ALT_DEL), err, ENOTSUP, "SendCtrlAltDel");
}

static unsigned int clock_sets(void)
{
	const struct fake_call *call;
	unsigned int count = 0;

	for (unsigned int i = 0; (call = fake_kvm_call(KVM_SET_ONE_REG, i)); i++)
		count += call->id == KVM_REG_ARM_TIMER_CNT;
	return count;
}

static void test_clock_of_a_resume(void **state)
{
	struct request patch = {.operation = OP_PAUSE, .clock = CLOCK_WALL};

	(void)state;
	start();
	assert_error(request(&patch), err, EINVAL, "`clock`");
	assert_ok(ask(OP_PAUSE), err);
	patch = (struct request){.operation = OP_RESUME, .clock = CLOCK_WALL};
	assert_ok(request(&patch), err);
	assert_int_equal(clock_sets(), 0); /* it counts on by itself */
	assert_ok(ask(OP_PAUSE), err);
	patch.clock = CLOCK_GUEST;
	assert_ok(request(&patch), err);
	assert_true(fake_kvm_count(KVM_GET_ONE_REG) >= 1); /* more if we had to wait meanwhile */
	assert_int_equal(clock_sets(), 1);
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(ask(OP_RESUME), err); /* that is the default */
	assert_int_equal(clock_sets(), 2);
}

static void test_watchdog_stops_a_silent_guest(void **state)
{
	(void)state;
	assert_ok(put_watchdog(10, WATCHDOG_STOP), err);
	start();
	guest_page(16)->booted = 1;
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_ok(ask(OP_GET_APPLICATION), err);
	assert_int_equal(reply.application.state, APPLICATION_CRASHED);
	assert_string_equal(reply.application.reason,
			    "watchdog: the guest has not answered for 10 ms");
	assert_contains(metrics(), "mote_watchdog_reports_total 1\n");
}

static void test_watchdog_only_reports_unless_told_otherwise(void **state)
{
	(void)state;
	assert_ok(put_watchdog(10, WATCHDOG_REPORT), err);
	start();
	guest_page(16)->booted = 1;
	do {
		pipes_dispatch(&pipes);
		assert_ok(ask(OP_GET_APPLICATION), err);
	} while (!reply.application.reason[0]);
	assert_int_equal(reply.application.state, APPLICATION_RUNNING);
	assert_contains(reply.application.reason, "watchdog: the guest has not answered");
	assert_contains(metrics(), "mote_watchdog_unresponsive 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_patch_changes_only_what_it_names),
		TEST(test_watchdog_and_boot_source_exclude_each_other),
		TEST(test_logger_says_where_and_what),
		TEST(test_serial_output_goes_to_the_file),
		TEST(test_metrics_are_flushed_when_asked_and_at_the_end),
		TEST(test_metrics_go_to_a_fifo_without_a_reader),
		TEST(test_flush_without_a_place_is_no_error),
		TEST(test_unknown_system_calls_are_named),
		TEST(test_exits_and_registers_are_counted),
		TEST(test_polite_end_is_a_signal_to_the_application),
		TEST(test_polite_end_of_another_guest_is_refused),
		TEST(test_clock_of_a_resume),
		TEST(test_watchdog_stops_a_silent_guest),
		TEST(test_watchdog_only_reports_unless_told_otherwise),
	};

	return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
