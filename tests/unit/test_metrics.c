/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "vmm/metrics.h"

static struct metrics metrics;

static int setup(void **state)
{
	(void)state;
	metrics.count = 0;
	return 0;
}

static void assert_line(const char *line)
{
	char *text = metrics_text(&metrics);

	assert_non_null(text);
	assert_contains(text, line);
	free(text);
}

static void test_counter(void **state)
{
	uint64_t counter = 41;

	(void)state;
	metrics_count(&counter);
	assert_int_equal(metrics_load(&counter), 42);
}

static void test_text_of_every_kind(void **state)
{
	(void)state;
	metrics_add(&metrics, METRIC_EXITS, 7, "mmio", NULL);
	metrics_add(&metrics, METRIC_REGISTER_IOCTLS, 3, "runtime", "set");
	metrics_add(&metrics, METRIC_GUEST_RESIDENT, 4096, NULL, NULL);
	metrics_add(&metrics, METRIC_OPERATION_SECONDS, 1000042, "start", NULL);
	assert_line("# TYPE mote_exits_total counter\nmote_exits_total{reason=\"mmio\"} 7\n");
	assert_line("\nmote_register_ioctls_total{class=\"runtime\",op=\"set\"} 3\n");
	assert_line("# TYPE mote_guest_resident_bytes gauge\nmote_guest_resident_bytes 4096\n");
	assert_line("\nmote_operation_seconds{operation=\"start\"} 1.000042\n");
	assert_line("# HELP mote_unknown_syscalls_total ");
}

static void test_same_labels_add_up(void **state)
{
	(void)state;
	metrics_add(&metrics, METRIC_EXITS, 1, "mmio", NULL);
	metrics_add(&metrics, METRIC_EXITS, 2, "intr", NULL);
	metrics_add(&metrics, METRIC_EXITS, 4, "mmio", NULL);
	metrics_add(&metrics, METRIC_UNKNOWN_SYSCALLS, 8, "mmio", NULL);
	assert_int_equal(metrics.count, 3);
	assert_line("mote_exits_total{reason=\"mmio\"} 5\nmote_exits_total{reason=\"intr\"} 2\n");
}

static void test_what_does_not_fit_is_left_out(void **state)
{
	char label[16];

	(void)state;
	for (int i = 0; i < METRICS_MAX + 5; i++) {
		snprintf(label, sizeof(label), "l%d", i);
		metrics_add(&metrics, METRIC_EXITS, 1, label, NULL);
	}
	assert_int_equal(metrics.count, METRICS_MAX);
	metrics_add(&metrics, METRIC_EXITS, 1, "l0", NULL);
	assert_line("mote_exits_total{reason=\"l0\"} 2\n");
}

static void test_json_is_one_line(void **state)
{
	json_t *root;
	char *text;

	(void)state;
	metrics_add(&metrics, METRIC_EXITS, 7, "mmio", NULL);
	metrics_add(&metrics, METRIC_EXITS, 8, "intr", NULL);
	metrics_add(&metrics, METRIC_REGISTER_IOCTLS, 3, "runtime", "set");
	metrics_add(&metrics, METRIC_CPU_SECONDS, 500000, NULL, NULL);
	text = metrics_json(&metrics, 1234);
	assert_non_null(text);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "utc_timestamp_ms")), 1234);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(root, "mote_exits_total"), "intr")),
			 8);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(root, "mote_register_ioctls_total"), "runtime_set")),
		3);
	assert_true(json_real_value(json_object_get(root, "process_cpu_seconds_total")) == 0.5);
	json_decref(root);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_counter),
		TEST(test_text_of_every_kind),
		TEST(test_same_labels_add_up),
		TEST(test_what_does_not_fit_is_left_out),
		TEST(test_json_is_one_line),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
