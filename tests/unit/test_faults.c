/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the monitor asks of the host fails once, one call after the other: the
 * request fails with a reason or succeeds all the same, nothing is left behind, and the next
 * one succeeds. What leaks is told by the sanitizer when the process ends. */
#include "tests/unit/unit.h"

#include <sys/un.h>

#include "api/cli/client.h"
#include "api/config_file.h"
#include "api/document.h"
#include "api/server.h"
#include "tests/unit/elf.h"
#include "tests/unit/faults.h"
#include "tests/unit/guest.h"
#include "tests/unit/pipes.h"
#include "vmm/control.h"
#include "vmm/log.h"

enum { CALLS_MAX = 2000, HANGS_S = 30 };

static struct pipes pipes;
static struct control *control;
static struct error err;

/* ---- what they are done to ---- */

static void write_files(void)
{
	static const char json[] = "{\"machine-config\": {\"vcpu_count\": 2, \"mem_size_mib\": 16},"
				   " \"application\": {\"path\": \"app\", \"args\": [\"a\", \"b\"],"
				   " \"env\": {\"K\": \"V\"}, \"root\": \"root\"}}";

	test_elf_write("app", ARM64_RAM);
	write_file("c.json", json, sizeof(json) - 1);
	assert_int_equal(mkdir("root", 0700) | mkdir("root/d", 0700) | symlink("f", "root/l"), 0);
	write_file("root/f", "contents", 8);
}

static void open_control(void)
{
	fake_kvm_reset();
	pipes_init(&pipes);
	control = control_create("an-id", pipes.loop, &pipes.streams, &err);
	assert_non_null(control);
}

static void close_control(void)
{
	control_destroy(control);
	control = NULL;
	pipes_finish(&pipes);
}

static int ask(enum operation operation)
{
	struct request request = {.operation = operation};
	struct reply reply;

	return control_request(control, &request, &reply, &err);
}

static int configure(void)
{
	return config_file_apply("c.json", control, &err);
}

static int configure_boot(void)
{
	struct request request = {.operation = OP_PUT_BOOT_SOURCE,
				  .boot = {strdup("app"), strdup("c.json"), strdup("args")}};
	struct reply reply;
	int result = control_request(control, &request, &reply, &err);

	boot_source_finish(&request.boot);
	return result;
}

static int start(void)
{
	return ask(OP_INSTANCE_START);
}

/* ---- once for every call ---- */

/* prepare() and attempt() on a new control for every call that fails. */
static void each_call_fails(int (*prepare)(void), int (*attempt)(void))
{
	bool struck = true;

	for (long call = 0; struck; call++) {
		int before, result;

		assert_true(call < CALLS_MAX);
		open_control();
		if (prepare)
			assert_ok(prepare(), err);
		before = open_descriptors();
		memset(&err, 0, sizeof(err));
		faults_arm(call);
		result = attempt();
		struck = faults_disarm();
		if (!struck)
			assert_ok(result, err);
		if (result) {
			if (result != -err.code || !err.message[0])
				fail_msg("%s failed: %d, code %d, \"%s\"", faults_struck, result,
					 err.code, err.message);
			if (open_descriptors() != before)
				fail_msg("%s failed: a descriptor is left", faults_struck);
			assert_ok(attempt(), err);
		}
		close_control();
	}
}

static void test_configuration_file(void **state)
{
	(void)state;
	each_call_fails(NULL, configure);
}

static void test_start_of_an_application(void **state)
{
	(void)state;
	each_call_fails(configure, start);
}

static void test_start_of_a_kernel(void **state)
{
	(void)state;
	each_call_fails(configure_boot, start);
}

/* ---- JSON ---- */

/* In which everything of jansson's grows: the lexer's buffer, objects, arrays, depth. */
static const struct {
	const char *text;
	int result;
} documents[] = {
	{"{\"a long string\": \"for which the buffer is made larger than it was, and again\"}", 0},
	{"{\"a\":1,\"b\":-2,\"c\":3.5,\"d\":true,\"e\":null,\"f\":\"\\u00e4\",\"g\":{},\"h\":[],"
	 "\"i\":9}",
	 0},
	{"{\"a\": [1, 2, 3, 4, 5, 6, 7, 8, 9, \"10\", [[[[{\"b\": [\"c\"]}]]]]]}", 0},
	{"{\"a number\": 12345678901234567890.123456789012345678901234567890e-10}", 0},
	{"{\"a\": {\"b\": [\"c\", \"unknown escape: \\?", -EINVAL},
	{"{\"a\": {\"b\": 1, \"b\": 2}}", -EINVAL},
	{"[\"no object\"]", -EINVAL},
};

static void parse_with_fault(size_t i, long call)
{
	struct document document;
	int result;

	memset(&err, 0, sizeof(err));
	faults_arm(call);
	result = document_parse(&document, documents[i].text, strlen(documents[i].text), &err);
	if (faults_disarm())
		assert_error(result, err, ENOMEM, "out of memory");
	else
		assert_int_equal(result, documents[i].result);
	assert_int_equal(document.root != NULL, result == 0);
	document_free(&document);
}

static void test_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(documents); i++) {
		faults_struck = "";
		for (long call = 0; faults_struck; call++) {
			assert_true(call < CALLS_MAX);
			parse_with_fault(i, call);
		}
	}
}

/* The command line's end of the socket. */
static int judge_answer(void)
{
	struct client answered = {.body = strdup(documents[2].text), .parser.status_code = 200};
	json_t *value = NULL;
	int result;

	if (!answered.body)
		return error_set(&err, ENOMEM, "out of memory");
	answered.length = strlen(answered.body);
	result = client_reply(&answered, &value, &err);
	assert_int_equal(value != NULL, result == 0);
	json_decref(value);
	free(answered.body);
	return result;
}

static void test_answer(void **state)
{
	(void)state;
	each_call_fails(NULL, judge_answer);
}

/* ---- through the API's socket ---- */

static struct loop_source client;
static char answer[1 << 16];
static size_t answer_length;

static const struct {
	const char *line, *body;
	int status;
	bool chunked, configured, started;
} exchanges[] = {
	{.line = "GET /", .body = "", .status = 200},
	{.line = "GET /version", .body = "", .status = 200},
	{.line = "GET /vm/config", .body = "", .status = 200, .configured = true},
	{.line = "GET /machine-config", .body = "", .status = 200},
	{.line = "GET /application",
	 .body = "",
	 .status = 200,
	 .configured = true,
	 .started = true},
	{.line = "GET /openapi.yaml", .body = "", .status = 200},
	{.line = "GET /nothing", .body = "", .status = 400},
	{.line = "GET /metrics", .body = "", .status = 200},
	{.line = "PUT /logger",
	 .body = "{\"log_path\": \"log\", \"level\": \"Off\"}",
	 .status = 204},
	{.line = "PUT /serial", .body = "{\"serial_out_path\": \"serial\"}", .status = 204},
	{.line = "PUT /machine-config",
	 .body = "{\"vcpu_count\": 2, \"mem_size_mib\": 16}",
	 .status = 204},
	{.line = "PUT /boot-source",
	 .body = "{\"kernel_image_path\": \"app\", \"boot_args\": \"a b\"}",
	 .status = 204},
	{.line = "PUT /application",
	 .body = "{\"path\": \"app\", \"args\": [\"a\"], \"env\": {\"K\": \"V\"}, \"root\": "
		 "\"root\"}",
	 .status = 204,
	 .chunked = true},
	{.line = "PUT /actions",
	 .body = "{\"action_type\": \"InstanceStart\"}",
	 .status = 204,
	 .configured = true},
	{.line = "PATCH /application",
	 .body = "{\"signal\": 15}",
	 .status = 204,
	 .configured = true,
	 .started = true},
};

static const char *request_text(size_t i)
{
	static char text[1024];
	size_t length = strlen(exchanges[i].body);

	if (exchanges[i].chunked)
		snprintf(text, sizeof(text),
			 "%s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
			 exchanges[i].line, length, exchanges[i].body);
	else
		snprintf(text, sizeof(text), "%s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s",
			 exchanges[i].line, length, exchanges[i].body);
	return text;
}

/* The answer has come, whole or cut off. */
static void client_ready(void *context, uint32_t events)
{
	long left = faults_left;
	ssize_t got;

	(void)context;
	(void)events;
	faults_left = -1;
	got = recv(client.fd, answer + answer_length, sizeof(answer) - 1 - answer_length, 0);
	if (got > 0)
		answer_length += (size_t)got;
	answer[answer_length] = '\0';
	/* "100 Continue" is no end. All bodies are JSON or come with the first bytes. */
	if (got <= 0 || strstr(answer, "\r\n\r\n"))
		loop_stop(pipes.loop);
	faults_left = left;
}

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "api.sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The status of the answer; 0: the connection was closed without one. */
static int exchange(const char *request, long call)
{
	int status = 0;

	client = (struct loop_source){connect_client(), client_ready, NULL};
	answer_length = 0;
	assert_int_equal(send(client.fd, request, strlen(request), 0), strlen(request));
	assert_ok(loop_add(pipes.loop, &client, EPOLLIN, &err), err);
	faults_arm(call);
	assert_ok(loop_run(pipes.loop, &err), err);
	faults_disarm();
	loop_remove(pipes.loop, &client);
	close(client.fd);
	sscanf(answer, "HTTP/1.1 %d", &status);
	return answer_length ? status : 0;
}

static void exchange_with_fault(size_t i, long call)
{
	struct api_server *server;
	int status;

	open_control();
	server = api_server_create(pipes.loop, control, "api.sock", &err);
	assert_non_null(server);
	if (exchanges[i].configured)
		assert_ok(configure(), err);
	if (exchanges[i].started)
		assert_ok(start(), err);
	alarm(HANGS_S);
	status = exchange(request_text(i), call);
	if (faults_struck) {
		const char *struck = faults_struck;
		bool done = status == exchanges[i].status;

		if (!done && status != 400 && status != 500 && status != 0)
			fail_msg("%s failed: %s", struck, answer);
		if (exchanges[i].status == 204 && exchanges[i].configured && !exchanges[i].started)
			/* It may have started although nobody could be told. */
			assert_true(exchange("GET / HTTP/1.1\r\n\r\n", -1) == 200);
		else if (exchange(request_text(i), -1) != exchanges[i].status)
			fail_msg("after %s failed: %s", struck, answer);
	} else {
		assert_int_equal(status, exchanges[i].status);
	}
	alarm(0);
	api_server_destroy(server);
	close_control();
}

static void test_requests(void **state)
{
	int before = open_descriptors();

	(void)state;
	for (size_t i = 0; i < LENGTH(exchanges); i++) {
		faults_struck = "";
		/* The first call is accept4(), which is tried again after a second: once is enough.
		 */
		for (long call = i > 0; faults_struck; call++) {
			assert_true(call < CALLS_MAX);
			exchange_with_fault(i, call);
			if (open_descriptors() != before)
				fail_msg("request %zu: after %s failed a descriptor is left", i,
					 faults_struck);
		}
	}
}

static int files_here(void)
{
	DIR *dir = opendir(".");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void test_server_that_cannot_open(void **state)
{
	int files = files_here();
	bool struck = true;

	(void)state;
	for (long call = 0; struck; call++) {
		struct api_server *server;
		int before;

		open_control();
		before = open_descriptors();
		memset(&err, 0, sizeof(err));
		faults_arm(call);
		server = api_server_create(pipes.loop, control, "api.sock", &err);
		struck = faults_disarm();
		if (!server) {
			assert_true(err.code && err.message[0]);
			if (open_descriptors() != before || files_here() != files)
				fail_msg("%s failed: something is left", faults_struck);
			server = api_server_create(pipes.loop, control, "api.sock", &err);
		}
		assert_non_null(server);
		api_server_destroy(server);
		close_control();
		assert_int_equal(files_here(), files);
	}
}

static int open_loop(void)
{
	struct loop *loop = loop_create(&err);

	if (!loop)
		return -err.code;
	loop_destroy(loop);
	return 0;
}

static int open_another_control(void)
{
	struct control *another = control_create("x", pipes.loop, &pipes.streams, &err);

	if (!another)
		return -err.code;
	control_destroy(another);
	return 0;
}

static void test_loop_and_control(void **state)
{
	(void)state;
	each_call_fails(NULL, open_loop);
	each_call_fails(NULL, open_another_control);
}

/* ---- the log ---- */

static void test_full_log_loses_lines_only(void **state)
{
	char text[256] = "";
	FILE *file;

	(void)state;
	assert_ok(log_open("/dev/full", LOG_INFO, &err), err);
	log_info("lost");
	assert_ok(log_open("log", LOG_INFO, &err), err);
	faults_arm(0);
	log_info("lost too");
	assert_true(faults_disarm());
	log_info("kept");
	file = fopen("log", "r");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "mote-vmm: Info: kept\n");
	faults_arm(0);
	assert_error(log_open("log", LOG_INFO, &err), err, EMFILE, "log");
	faults_disarm();
	log_info("kept");
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	write_files();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: a log once opened stays. */
		TEST(test_full_log_loses_lines_only),
		TEST(test_loop_and_control),
		TEST(test_configuration_file),
		TEST(test_start_of_an_application),
		TEST(test_start_of_a_kernel),
		TEST(test_documents),
		TEST(test_answer),
		TEST(test_server_that_cannot_open),
		TEST(test_requests),
	};

	faults_init();
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
