/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog, look by look, on a control page that the test writes as the guest. */
#include "tests/unit/unit.h"

#include <poll.h>

#include "tests/fake/kvm.h"
#include "tests/unit/pipes.h"
#include "vmm/watchdog.h"

enum { PAGE = TEST_RAM, TIMEOUT_MS = 10, PATIENCE_MS = 10000 };

static struct memory memory;
static struct pipes pipes;
static struct control_page_device device;
static struct watchdog watchdog;
static struct control_page *page;
static struct error err;
static int reports;

static void on_report(void *context)
{
	assert_ptr_equal(context, &watchdog);
	reports++;
}

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	pipes_init(&pipes);
	device = (struct control_page_device){
		.memory = &memory, .page = PAGE, .irq = {5, 34}, .streams = &pipes.streams};
	watchdog = (struct watchdog){.loop = pipes.loop,
				     .device = &device,
				     .timeout_ms = TIMEOUT_MS,
				     .report = on_report,
				     .context = &watchdog};
	reports = 0;
	assert_ok(control_page_init(&device, &err), err);
	page = memory_write_span(&memory, PAGE, sizeof(*page));
	page->booted = 1;
	assert_ok(watchdog_init(&watchdog, &err), err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	watchdog_finish(&watchdog);
	pipes_finish(&pipes);
	memory_finish(&memory);
	return 0;
}

/* Waits for the timer, then looks. */
static void look(void)
{
	struct pollfd timer = {.fd = watchdog.timer.fd, .events = POLLIN};

	assert_int_equal(poll(&timer, 1, PATIENCE_MS), 1);
	watchdog.timer.ready(watchdog.timer.context, POLLIN);
}

static unsigned int pings(void)
{
	return fake_kvm_count(KVM_IRQ_LINE) / 2; /* up and down */
}

static const char *reason(void)
{
	static char text[128];

	watchdog_reason(&watchdog, text, sizeof(text));
	return text;
}

static void assert_left_alone(void)
{
	watchdog_start(&watchdog);
	for (int i = 0; i < 5; i++)
		look();
	assert_int_equal(pings(), 0);
	assert_int_equal(reports, 0);
}

static void test_working_guest_is_left_alone(void **state)
{
	(void)state;
	watchdog_start(&watchdog);
	for (int i = 0; i < 5; i++) {
		page->heartbeat++;
		look();
	}
	assert_int_equal(pings(), 0);
	assert_int_equal(reports, 0);
}

static void test_sleeping_guest_is_not_woken(void **state)
{
	(void)state;
	page->idle = 1;
	assert_left_alone();
}

static void test_guest_whose_output_is_stuck_is_not_to_blame(void **state)
{
	(void)state;
	device.writing = true;
	assert_left_alone();
}

static void test_silent_guest_is_pinged_and_its_answer_counts(void **state)
{
	(void)state;
	watchdog_start(&watchdog);
	for (unsigned int i = 0; i < 5; i++) {
		look();
		assert_int_equal(pings(), i + 1);
		page->heartbeat++; /* the interrupt was taken */
		look();
	}
	assert_int_equal(reports, 0);
}

static void test_no_answer_is_reported_once_until_one_comes(void **state)
{
	(void)state;
	watchdog_start(&watchdog);
	for (int round = 1; round <= 2; round++) {
		look();
		assert_int_equal(reports, round - 1);
		for (int i = 0; i < 4; i++) {
			look();
			assert_int_equal(reports, round);
			assert_string_equal(reason(),
					    "watchdog: the guest has not answered for 10 ms");
		}
		assert_int_equal(pings(), round);
		page->heartbeat++;
		look();
		assert_string_equal(reason(), "");
	}
	assert_int_equal(watchdog.reports, 2);
}

static void test_guest_that_has_not_booted_is_not_watched(void **state)
{
	(void)state;
	page->booted = 0;
	assert_left_alone();
}

static void test_held_watchdog_does_not_look(void **state)
{
	struct pollfd timer = {.fd = watchdog.timer.fd, .events = POLLIN};

	(void)state;
	watchdog_start(&watchdog);
	look();
	assert_int_equal(pings(), 1);
	watchdog_hold(&watchdog);
	assert_int_equal(poll(&timer, 1, 5 * TIMEOUT_MS), 0);
	/* What was asked before the pause may have been answered by nobody: ask again. */
	watchdog_start(&watchdog);
	look();
	assert_int_equal(pings(), 2);
	assert_int_equal(reports, 0);
}

static void test_watchdog_that_is_off_does_nothing(void **state)
{
	struct watchdog off = {0};

	(void)state;
	assert_ok(watchdog_init(&off, &err), err);
	watchdog_start(&off);
	watchdog_hold(&off);
	watchdog_finish(&off);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_working_guest_is_left_alone),
		TEST(test_sleeping_guest_is_not_woken),
		TEST(test_guest_whose_output_is_stuck_is_not_to_blame),
		TEST(test_silent_guest_is_pinged_and_its_answer_counts),
		TEST(test_no_answer_is_reported_once_until_one_comes),
		TEST(test_guest_that_has_not_booted_is_not_watched),
		TEST(test_held_watchdog_does_not_look),
		TEST(test_watchdog_that_is_off_does_nothing),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
