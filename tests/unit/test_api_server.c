/* SPDX-License-Identifier: Apache-2.0 */
/* The API server on a real socket: answers, limits, slow and vanishing clients, waiting. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "api/server.h"
#include "tests/unit/test_api_control.h"

#define SOCKET "api.sock"

struct fixture {
	struct control control;
	struct loop *loop;
	struct api_server *server;
	struct loop_source stop;
	pthread_t thread;
};

static struct fixture fixture;

static void stop_ready(void *context, uint32_t events)
{
	(void)context;
	(void)events;
	loop_stop(fixture.loop);
}

static void *serve(void *unused)
{
	struct error err;

	(void)unused;
	loop_run(fixture.loop, &err);
	return NULL;
}

static int setup(void **state)
{
	struct error err = {0};

	(void)state;
	fake_control_init(&fixture.control);
	fixture.loop = loop_create(&err);
	fixture.stop = (struct loop_source){eventfd(0, EFD_CLOEXEC), stop_ready, NULL};
	assert_ok(loop_add(fixture.loop, &fixture.stop, EPOLLIN, &err), err);
	fixture.server = api_server_create(fixture.loop, &fixture.control, SOCKET, &err);
	if (!fixture.server)
		fail_msg("%s", err.message);
	api_server_set_timeout(fixture.server, 300);
	return pthread_create(&fixture.thread, NULL, serve, NULL);
}

static int teardown(void **state)
{
	(void)state;
	eventfd_write(fixture.stop.fd, 1);
	pthread_join(fixture.thread, NULL);
	api_server_destroy(fixture.server);
	loop_remove(fixture.loop, &fixture.stop);
	close(fixture.stop.fd);
	loop_destroy(fixture.loop);
	fake_control_finish(&fixture.control);
	return access(SOCKET, F_OK) ? 0 : -1;
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	struct timeval limit = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until what came contains `part` (NULL: the end of the connection). */
static void hear(int fd, char *to, size_t size, const char *part)
{
	size_t length = 0;

	to[0] = 0;
	while (length < size - 1 && (!part || !strstr(to, part))) {
		ssize_t count = recv(fd, to + length, size - 1 - length, 0);

		if (count < 0)
			fail_msg("'%s', then %s", to, strerror(errno));
		if (!count) {
			if (part)
				fail_msg("'%s' ends without '%s'", to, part);
			return;
		}
		length += (size_t)count;
		to[length] = 0;
	}
}

static void exchange(const char *request, const char *part)
{
	char answer[8192];
	int fd = dial();

	say(fd, request);
	hear(fd, answer, sizeof(answer), part);
	close(fd);
}

#define PUT(path, length, body) "PUT " path " HTTP/1.1\r\nContent-Length: " #length "\r\n\r\n" body
#define START PUT("/actions", 31, "{\"action_type\":\"InstanceStart\"}")

static void answers(void **state)
{
	static const struct {
		const char *request, *part;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n",
		 "{\"id\":\"anonymous-instance\",\"state\":\"Not started\",\"vmm_version\":\""},
		{"GET /version HTTP/1.1\r\n\r\n", "{\"firecracker_version\":\""},
		{"GET http://localhost/version HTTP/1.1\r\n\r\n", "{\"firecracker_version\":\""},
		{"GET /machine-config HTTP/1.1\r\n\r\n",
		 "{\"vcpu_count\":1,\"mem_size_mib\":128,\"smt\":false,\"cpu_template\":\"None\","
		 "\"track_dirty_pages\":false,\"huge_pages\":\"None\"}"},
		{"GET /vm/config HTTP/1.1\r\n\r\n", "{\"machine-config\":{"},
		{"GET /openapi.yaml HTTP/1.1\r\n\r\n", "openapi: 3.0"},
		{"GET /application HTTP/1.1\r\n\r\n",
		 "{\"state\":\"none\",\"exit_code\":null,\"signal\":null,\"reason\":\"\"}"},
		{"GET /foo HTTP/1.1\r\n\r\n",
		 "{\"fault_message\":\"Invalid request method and/or path: GET foo.\"}"},
		{"GET /version?x HTTP/1.1\r\n\r\n", "Invalid request method and/or path"},
		{"DELETE /version HTTP/1.1\r\n\r\n", "path: DELETE version."},
		{"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
		 "\"GET request cannot have a body.\""},
		{"PUT /machine-config HTTP/1.1\r\n\r\n", "\"Empty PUT request.\""},
		{"PATCH /application HTTP/1.1\r\n\r\n", "\"Empty PATCH request.\""},
		{"PUT /entropy HTTP/1.1\r\n\r\n", "\"PUT /entropy is not supported yet.\""},
		{"PATCH /drives/a HTTP/1.1\r\n\r\n", "\"PATCH /drives/a is not supported yet.\""},
		{"PATCH /drives/a/b HTTP/1.1\r\n\r\n", "Empty PATCH"},
		{"PATCH /drives/ HTTP/1.1\r\n\r\n", "Empty PATCH"},
		{PUT("/vsock", 2, "{}"), "HTTP/1.1 400 Bad Request"},
		{PUT("/boot-source", 2, "[]"),
		 "An error occurred when deserializing the json body of a request: must be"},
		{PUT("/machine-config", 35, "{\"vcpu_count\":0,\"mem_size_mib\":128}"),
		 "\"fault_message\":\"vcpu_count"},
		{"BREW / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nServer: mote API\r\n"
					    "Connection: close\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		exchange(cases[i].request, cases[i].part);
}

static void configures_and_starts(void **state)
{
	(void)state;
	exchange(PUT("/machine-config", 35, "{\"vcpu_count\":2,\"mem_size_mib\":256}"),
		 "HTTP/1.1 204 No Content\r\nServer: mote API\r\nConnection: keep-alive\r\n\r\n");
	exchange(PUT("/application", 41, "{\"path\":\"p\",\"args\":[\"a\"],\"env\":{\"K\":\"V\"}}"),
		 "204");
	exchange("GET /vm/config HTTP/1.1\r\n\r\n",
		 "\"application\":{\"path\":\"p\",\"args\":[\"a\"],\"env\":{\"K\":\"V\"},"
		 "\"root\":null}}");
	exchange(START, "204");
	exchange(START, "not supported after starting the microVM.");
	exchange("GET / HTTP/1.1\r\n\r\n", "\"state\":\"Running\"");
	assert_string_equal(fixture.control.log, "mass");
}

static void one_connection_many_requests(void **state)
{
	char answer[4096];
	int fd = dial();

	(void)state;
	say(fd, "GET / HTTP/1.1\r\n\r\nGET /foo HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\n"
		"GET /version HTTP/1.1\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n\r\n");
	hear(fd, answer, sizeof(answer), NULL);
	close(fd);
	assert_contains(answer, "anonymous-instance");
	assert_contains(answer, "GET foo.");
	assert_contains(answer, "firecracker_version");
	assert_null(strstr(answer, "HEAD ."));
	assert_null(strstr(answer, "never"));
}

static void bodies_too_large(void **state)
{
	static char body[200000];
	char answer[1024];
	int fd = dial();

	(void)state;
	say(fd, "PUT /application HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n30000\r\n");
	memset(body, 'a', sizeof(body) - 1);
	/* What the client goes on to send must not cost it the answer. */
	assert_true(send(fd, body, sizeof(body) - 1, MSG_NOSIGNAL) > 0);
	hear(fd, answer, sizeof(answer), NULL);
	close(fd);
	assert_contains(answer, "HTTP/1.1 413 ");
	assert_contains(answer, "fault_message");
	exchange("PUT / HTTP/1.1\r\nContent-Length: 51201\r\nExpect: 100-continue\r\n\r\n",
		 "HTTP/1.1 413 ");
}

static void expects_continue(void **state)
{
	char answer[1024];
	int fd = dial();

	(void)state;
	say(fd, "PUT /actions HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	hear(fd, answer, sizeof(answer), "100 Continue\r\n\r\n");
	say(fd, "{}");
	hear(fd, answer, sizeof(answer), "missing field `action_type`");
	close(fd);
}

static void incomplete_requests_time_out(void **state)
{
	char answer[1024];
	int slow = dial(), idle = dial(), tail = dial();

	(void)state;
	say(slow, "GET / HTT");
	say(tail, "GET / HTTP/1.1\r\n\r\nGET /ver");
	hear(slow, answer, sizeof(answer), NULL);
	assert_contains(answer, "not complete in time");
	hear(tail, answer, sizeof(answer), NULL);
	assert_contains(answer, "anonymous-instance");
	assert_contains(answer, "not complete in time");
	say(idle, "GET /version HTTP/1.1\r\n\r\n");
	hear(idle, answer, sizeof(answer), "firecracker_version");
	close(slow);
	close(idle);
	close(tail);
}

/* Those that are quiet longest, in the middle of a request too. */
static void slow_connections_give_way(void **state)
{
	int busy[10], extra;
	char answer[1024];

	(void)state;
	for (size_t i = 0; i < LENGTH(busy); i++) {
		busy[i] = dial();
		say(busy[i], "GET / HTTP/1.1\r\n");
	}
	extra = dial();
	say(extra, "GET /version HTTP/1.1\r\n\r\n");
	hear(extra, answer, sizeof(answer), "firecracker_version");
	close(extra);
	hear(busy[0], answer, sizeof(answer), NULL); /* was closed */
	assert_string_equal(answer, "");
	say(busy[9], "\r\n");
	hear(busy[9], answer, sizeof(answer), "anonymous-instance");
	for (size_t i = 0; i < LENGTH(busy); i++)
		close(busy[i]);
}

static void idle_connections_give_way(void **state)
{
	int idle[25];
	char answer[1024];

	(void)state;
	for (size_t i = 0; i < LENGTH(idle); i++) {
		idle[i] = dial();
		say(idle[i], "GET /version HTTP/1.1\r\n\r\n");
		hear(idle[i], answer, sizeof(answer), "firecracker_version");
	}
	hear(idle[0], answer, sizeof(answer), NULL); /* was closed */
	for (size_t i = 0; i < LENGTH(idle); i++)
		close(idle[i]);
}

/* Never reads: its requests pile up in its own buffers while others are served. */
static void slow_readers_block_nobody(void **state)
{
	static const char request[] = "GET /openapi.yaml HTTP/1.1\r\n\r\n";
	int slow = dial(), sent = 0;

	(void)state;
	while (send(slow, request, sizeof(request) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	assert_true(sent > 10);
	exchange("GET /version HTTP/1.1\r\n\r\n", "firecracker_version");
	close(slow);
}

static void waits_for_the_end(void **state)
{
	static const char request[] = "GET /application HTTP/1.1\r\nPrefer: wait=%d\r\n\r\n";
	char answer[1024], text[128];
	int patient = dial(), impatient = dial(), gone = dial();

	(void)state;
	exchange(START, "204");
	snprintf(text, sizeof(text), request, 30);
	say(patient, text);
	say(gone, text);
	close(gone);
	snprintf(text, sizeof(text), request, 1);
	say(impatient, text);
	hear(impatient, answer, sizeof(answer), "\"running\"");
	exchange("PATCH /application HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"signal\":15}", "204");
	hear(patient, answer, sizeof(answer),
	     "{\"state\":\"crashed\",\"exit_code\":null,\"signal\":15,\"reason\":\"\"}");
	say(patient, text); /* has ended: at once */
	hear(patient, answer, sizeof(answer), "\"crashed\"");
	close(patient);
	close(impatient);
}

/* Whoever sees the end first may end the monitor before the others were told. */
static void who_waits_is_told_even_when_all_ends(void **state)
{
	struct request end = {.operation = OP_SIGNAL_APPLICATION, .signal = 15};
	struct reply reply;
	struct error err = {0};
	char answer[1024];
	int waiting = dial();

	(void)state;
	exchange(START, "204");
	say(waiting, "GET /application HTTP/1.1\r\nPrefer: wait=60\r\n\r\n");
	exchange("GET /version HTTP/1.1\r\n\r\n", "firecracker_version"); /* after that one */
	eventfd_write(fixture.stop.fd, 1);
	pthread_join(fixture.thread, NULL);
	assert_ok(control_request(&fixture.control, &end, &reply, &err), err);
	api_server_destroy(fixture.server);
	fixture.server = NULL;
	hear(waiting, answer, sizeof(answer), "\"crashed\"");
	close(waiting);
	assert_int_equal(pthread_create(&fixture.thread, NULL, serve, NULL), 0);
}

static void waiting_clients_take_no_place(void **state)
{
	int waiting[32];
	char answer[1024];

	(void)state;
	for (size_t i = 0; i < LENGTH(waiting); i++) {
		waiting[i] = dial();
		say(waiting[i], "GET /application HTTP/1.1\r\nPrefer: wait=60\r\n\r\n");
	}
	exchange("GET /application HTTP/1.1\r\nPrefer: wait=60\r\n\r\n", "Too many clients wait");
	exchange(START, "204");
	exchange("PATCH /application HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"signal\":15}", "204");
	for (size_t i = 0; i < LENGTH(waiting); i++) {
		hear(waiting[i], answer, sizeof(answer), "\"crashed\"");
		close(waiting[i]);
	}
}

static void takes_only_free_paths(void **state)
{
	struct api_server *second;
	struct error err = {0};
	struct stat status;
	char long_path[200];

	(void)state;
	assert_int_equal(stat(SOCKET, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	second = api_server_create(fixture.loop, &fixture.control, SOCKET, &err);
	assert_null(second);
	assert_contains(err.message, "in use by another process");
	write_file("file", "x", 1);
	assert_null(api_server_create(fixture.loop, &fixture.control, "file", &err));
	assert_contains(err.message, "is not a socket");
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	assert_null(api_server_create(fixture.loop, &fixture.control, long_path, &err));
	assert_contains(err.message, "too long");
	assert_null(api_server_create(fixture.loop, &fixture.control, "no/dir", &err));
	assert_contains(err.message, "No such file");
}

static void takes_over_a_dead_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "dead"};
	struct api_server *server;
	struct error err = {0};
	struct control control;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	fake_control_init(&control);
	server = api_server_create(fixture.loop, &control, "dead", &err);
	assert_non_null(server);
	/* What somebody put there instead isn't removed. */
	assert_int_equal(unlink("dead"), 0);
	write_file("dead", "x", 1);
	api_server_destroy(server);
	assert_int_equal(access("dead", F_OK), 0);
	fake_control_finish(&control);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(answers),
		SERVED(configures_and_starts),
		SERVED(one_connection_many_requests),
		SERVED(bodies_too_large),
		SERVED(expects_continue),
		SERVED(incomplete_requests_time_out),
		SERVED(slow_connections_give_way),
		SERVED(idle_connections_give_way),
		SERVED(slow_readers_block_nobody),
		SERVED(waits_for_the_end),
		SERVED(who_waits_is_told_even_when_all_ends),
		SERVED(waiting_clients_take_no_place),
		SERVED(takes_only_free_paths),
		SERVED(takes_over_a_dead_socket),
	};

	return cmocka_run_group_tests_name("api_server", tests, scratch_setup, scratch_teardown);
}
