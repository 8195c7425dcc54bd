/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies and the configuration file: what is taken, and what each mistake is told. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/bodies.h"
#include "api/config_file.h"
#include "tests/unit/test_api_control.h"
#include "tests/unit/unit.h"

static int decode(const struct field *body, enum operation operation, const char *text,
		  struct request *request, struct error *err)
{
	/* A copy without a terminator: nothing may rely on one. */
	size_t length = strlen(text);
	char *copy = malloc(length ? length : 1);
	int result;

	memcpy(copy, text, length);
	result = body_decode(body, operation, copy, length, request, err);
	free(copy);
	return result;
}

static void good_bodies(void **state)
{
	struct request request;
	struct error err;

	(void)state;
	assert_int_equal(decode(machine_config_body, OP_PUT_MACHINE_CONFIG,
				"{\"vcpu_count\":2,\"mem_size_mib\":64,\"smt\":false,"
				"\"cpu_template\":null,\"track_dirty_pages\":false,"
				"\"huge_pages\":\"None\"}",
				&request, &err),
			 0);
	assert_int_equal(request.machine.vcpu_count, 2);
	assert_int_equal(request.machine.mem_size_mib, 64);
	request_finish(&request);

	assert_int_equal(decode(application_body, OP_PUT_APPLICATION,
				"{\"path\":\"p\",\"args\":[\"a\",\"\"],\"env\":{\"K\":\"V=W\","
				"\"E\":\"\"},\"root\":\"r\"}",
				&request, &err),
			 0);
	assert_string_equal(request.application.path, "p");
	assert_string_equal(request.application.args[0], "a");
	assert_string_equal(request.application.args[1], "");
	assert_null(request.application.args[2]);
	assert_string_equal(request.application.env[0], "K=V=W");
	assert_string_equal(request.application.env[1], "E=");
	assert_null(request.application.env[2]);
	assert_string_equal(request.application.root, "r");
	request_finish(&request);
}

struct bad_body {
	const struct field *body;
	enum operation operation;
	const char *text, *part; /* of the message */
};

static void refuse_all(const struct bad_body *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct request request;
		struct error err = {0};

		assert_true(decode(cases[i].body, cases[i].operation, cases[i].text, &request,
				   &err) < 0);
		if (!strstr(err.message, cases[i].part))
			fail_msg("%s: '%s' does not say '%s'", cases[i].text, err.message,
				 cases[i].part);
		request_finish(&request);
	}
}

static void bad_bodies_of_the_life_cycle(void **state)
{
	static const struct bad_body cases[] = {
		{vm_body, OP_PAUSE, "{}", "missing field `state`"},
		{vm_body, OP_PAUSE, "{\"state\":\"paused\"}", "unknown variant `paused`"},
		{vm_body, OP_PAUSE, "{\"state\":\"Resumed\",\"clock\":\"host\"}",
		 "`clock`: unknown variant"},
		{machine_config_patch_body, OP_PATCH_MACHINE_CONFIG, "{\"vcpu_count\":0}",
		 "`vcpu_count` must be an integer from 1"},
		{logger_body, OP_PUT_LOGGER, "{\"level\":\"Loud\"}", "unknown variant `Loud`"},
		{logger_body, OP_PUT_LOGGER, "{\"show_log_origin\":true}",
		 "`show_log_origin`: true is not supported yet"},
		{logger_body, OP_PUT_LOGGER, "{\"module\":\"api\"}",
		 "`module` is not supported yet"},
		{metrics_body, OP_PUT_METRICS, "{}", "missing field `metrics_path`"},
		{metrics_body, OP_PUT_METRICS, "{\"metrics_path\":\"m\",\"properties\":{}}",
		 "`properties` is not supported yet"},
		{serial_body, OP_PUT_SERIAL,
		 "{\"serial_out_path\":\"s\",\"rate_limiter\":{\"size\":1}}",
		 "`rate_limiter` is not supported yet"},
		{watchdog_body, OP_PUT_WATCHDOG, "{\"timeout_ms\":9}", "from 10 to 3600000"},
		{watchdog_body, OP_PUT_WATCHDOG, "{\"timeout_ms\":10,\"action\":\"kill\"}",
		 "`action`: unknown variant"},
	};

	(void)state;
	refuse_all(cases, LENGTH(cases));
}

static void bad_bodies(void **state)
{
	static const struct bad_body cases[] = {
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "", "line 1"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "{", "line 1"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "[]", "must be a JSON object"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "{} x", "end of file expected"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "{\"vcpu_count\":1}",
		 "missing field `mem_size_mib`"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "{\"vcpu_count\":1,\"vcpu_count\":1}",
		 "duplicate"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG, "{\"vcpus\":1}",
		 "unknown field `vcpus`"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":1.5,\"mem_size_mib\":1}", "`vcpu_count` must be an integer"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":-1,\"mem_size_mib\":1}", "`vcpu_count`"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":4294967297,\"mem_size_mib\":1}", "`vcpu_count`"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":99999999999999999999,\"mem_size_mib\":1}", "too big"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":1,\"mem_size_mib\":1,\"smt\":1}", "`smt` must be"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":1,\"mem_size_mib\":1,\"track_dirty_pages\":1}",
		 "`track_dirty_pages` must be"},
		{snapshot_create_body, OP_SNAPSHOT_CREATE, "{\"snapshot_path\":\"s\"}",
		 "missing field `mem_file_path`"},
		{snapshot_create_body, OP_SNAPSHOT_CREATE,
		 "{\"snapshot_path\":\"s\",\"mem_file_path\":\"m\",\"snapshot_type\":\"Half\"}",
		 "unknown variant `Half`"},
		{snapshot_load_body, OP_SNAPSHOT_LOAD, "{\"mem_file_path\":\"m\"}",
		 "missing field `snapshot_path`"},
		{snapshot_load_body, OP_SNAPSHOT_LOAD,
		 "{\"snapshot_path\":\"s\",\"mem_backend\":{\"backend_type\":\"File\"}}",
		 "field `mem_backend`: missing field `backend_path`"},
		{snapshot_load_body, OP_SNAPSHOT_LOAD,
		 "{\"snapshot_path\":\"s\",\"mem_backend\":{\"backend_path\":\"m\",\"a\":1}}",
		 "field `mem_backend`: unknown field `a`"},
		{snapshot_load_body, OP_SNAPSHOT_LOAD,
		 "{\"snapshot_path\":\"s\",\"vsock_override\":{}}",
		 "field `vsock_override`: missing field `uds_path`"},
		{snapshot_load_body, OP_SNAPSHOT_LOAD,
		 "{\"snapshot_path\":\"s\",\"network_overrides\":[]}",
		 "`network_overrides` is not supported yet"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":1,\"mem_size_mib\":1,\"huge_pages\":\"2M\"}",
		 "`huge_pages`: 2M is not supported yet"},
		{machine_config_body, OP_PUT_MACHINE_CONFIG,
		 "{\"vcpu_count\":1,\"mem_size_mib\":1,\"cpu_template\":\"Z\"}",
		 "unknown variant `Z`"},
		{boot_source_body, OP_PUT_BOOT_SOURCE, "{\"kernel_image_path\":null}",
		 "`kernel_image_path` must be a string"},
		{boot_source_body, OP_PUT_BOOT_SOURCE,
		 "{\"kernel_image_path\":\"a\",\"boot_args\":\"a\\u0000b\"}", "NUL"},
		{boot_source_body, OP_PUT_BOOT_SOURCE, "{\"kernel_image_path\":\"\xff\"}", "0xff"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"args\":[1]}",
		 "`args` must be an array of strings"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"args\":\"a\"}",
		 "`args` must be an array of strings"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"env\":[\"A=B\"]}",
		 "`env` must be an object"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"env\":{\"A=\":\"b\"}}",
		 "bad name"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"env\":{\"\":\"b\"}}",
		 "bad name"},
		{application_body, OP_PUT_APPLICATION, "{\"path\":\"p\",\"env\":{\"A\":1}}",
		 "`env.A` must be a string"},
		{signal_body, OP_SIGNAL_APPLICATION, "{\"signal\":0}", "from 1 to 64"},
		{signal_body, OP_SIGNAL_APPLICATION, "{\"signal\":65}", "from 1 to 64"},
		{action_body, OP_INSTANCE_START, "{\"action_type\":\"Flush\"}",
		 "`action_type`: unknown variant `Flush`"},
		{action_body, OP_INSTANCE_START, "{\"action_type\":1}", "`action_type` must be"},
	};

	(void)state;
	refuse_all(cases, LENGTH(cases));
}

static void bad_vsock_bodies(void **state)
{
	static const struct bad_body cases[] = {
		{vsock_body, OP_PUT_VSOCK, "{\"guest_cid\":2,\"uds_path\":\"v\"}",
		 "from 3 to 4294967294"},
		{vsock_body, OP_PUT_VSOCK, "{\"guest_cid\":4294967295,\"uds_path\":\"v\"}",
		 "from 3 to 4294967294"},
		{vsock_body, OP_PUT_VSOCK, "{\"guest_cid\":3}", "missing field `uds_path`"},
		{vsock_body, OP_PUT_VSOCK, "{\"uds_path\":\"v\"}", "missing field `guest_cid`"},
		{vsock_body, OP_PUT_VSOCK, "{\"guest_cid\":3,\"uds_path\":\"v\",\"port\":1}",
		 "unknown field `port`"},
	};

	(void)state;
	refuse_all(cases, LENGTH(cases));
}

static void nested_deep(void **state)
{
	char text[20000];
	struct request request;
	struct error err;

	(void)state;
	memset(text, '[', sizeof(text));
	assert_true(body_decode(action_body, OP_INSTANCE_START, text, sizeof(text), &request,
				&err) < 0);
}

static int apply(struct control *control, const char *text, struct error *err)
{
	return config_file_apply_bytes("vm.json", text, strlen(text), control, err);
}

static void config_file_order(void **state)
{
	struct control control;
	struct error err;

	(void)state;
	fake_control_init(&control);
	assert_int_equal(apply(&control,
			       "{\"application\":{\"path\":\"hello\",\"env\":{\"K\":\"V\"}},\n"
			       "\"machine-config\":{\"vcpu_count\":2,\"mem_size_mib\":64}}",
			       &err),
			 0);
	assert_string_equal(control.log, "ma");
	assert_string_equal(control.config.application.path, "hello");
	assert_string_equal(control.config.application.env[0], "K=V");
	assert_int_equal(control.config.machine.vcpu_count, 2);
	fake_control_finish(&control);
}

static void config_file_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\n\"pmem\": {}}", "vm.json: line 2: pmem: not supported yet"},
		{"{\n\"vsock\": {}}", "vm.json: line 2: vsock: missing field `guest_cid`"},
		{"{\n\n\"bogus\": {}}", "vm.json: line 3: bogus: unknown key"},
		{"{\"boot-source\": 1}", "vm.json: line 1: boot-source: must be a JSON object"},
		{"{\"application\": {\n\"env\": {\"root\": \"x\"},\n\"path\": \"p\",\n\"root\": "
		 "1}}",
		 "vm.json: line 4: application: field `root` must be a string"},
		{"{\"application\": {\"path\": \"\\\"}{\",\n\"args\": 1}}",
		 "vm.json: line 2: application: field `args` must be an array of strings"},
		{"{\n\"machine-config\": {\"vcpu_count\": 0, \"mem_size_mib\": 1}}",
		 "vm.json: line 2: machine-config: vcpu_count: 0"},
		{"{\n\"machine-config\": {}}",
		 "vm.json: line 2: machine-config: missing field `vcpu_count`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct control control;
		struct error err = {0};

		fake_control_init(&control);
		assert_true(apply(&control, cases[i].text, &err) < 0);
		if (strncmp(err.message, cases[i].message, strlen(cases[i].message)))
			fail_msg("'%s' is not '%s'", err.message, cases[i].message);
		fake_control_finish(&control);
	}
}

static void config_file_syntax(void **state)
{
	struct control control;
	struct error err;

	(void)state;
	fake_control_init(&control);
	assert_true(apply(&control, "{\n\"a\" 1}", &err) < 0);
	assert_non_null(strstr(err.message, "vm.json: "));
	assert_non_null(strstr(err.message, "line 2"));
	fake_control_finish(&control);
}

static void config_file_on_disk(void **state)
{
	char path[] = "/tmp/mote-test-XXXXXX";
	struct control control;
	struct error err;
	int fd = mkstemp(path);

	(void)state;
	fake_control_init(&control);
	assert_true(config_file_apply("/nonexistent/vm.json", &control, &err) < 0);
	assert_string_equal(err.message, "/nonexistent/vm.json: No such file or directory");
	assert_int_equal(write(fd, "{}", 2), 2);
	assert_int_equal(config_file_apply(path, &control, &err), 0);
	assert_int_equal(ftruncate(fd, CONFIG_FILE_MAX + 1), 0);
	assert_true(config_file_apply(path, &control, &err) < 0);
	assert_non_null(strstr(err.message, "larger than 1 MiB"));
	close(fd);
	unlink(path);
	fake_control_finish(&control);
}

/* Whatever is changed in a file, it is judged without touching a byte outside. */
static void altered_bytes(void **state)
{
	static const char text[] = "{\"application\":{\"path\":\"p\",\"args\":[\"a\\n\"],"
				   "\"env\":{\"K\":\"V\"}},\"machine-config\":{\"vcpu_count\":1}}";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (int value = 0; value < 256; value++) {
			char *copy = malloc(sizeof(text) - 1);
			struct control control;
			struct error err;

			memcpy(copy, text, sizeof(text) - 1);
			copy[at] = (char)value;
			fake_control_init(&control);
			config_file_apply_bytes("x", copy, sizeof(text) - 1, &control, &err);
			fake_control_finish(&control);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_bodies),
		cmocka_unit_test(bad_bodies),
		cmocka_unit_test(bad_vsock_bodies),
		cmocka_unit_test(bad_bodies_of_the_life_cycle),
		cmocka_unit_test(nested_deep),
		cmocka_unit_test(config_file_order),
		cmocka_unit_test(config_file_errors),
		cmocka_unit_test(config_file_syntax),
		cmocka_unit_test(config_file_on_disk),
		cmocka_unit_test(altered_bytes),
	};

	return cmocka_run_group_tests_name("api_bodies", tests, NULL, NULL);
}
