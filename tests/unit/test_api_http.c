/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of HTTP requests: however the bytes are cut, within the limits and beyond. */
#include <stdlib.h>
#include <string.h>

#include "api/http.h"
#include "tests/unit/unit.h"

/* Feeds pieces of `step` bytes until something comes of it. */
static enum http_progress feed(struct http_reader *reader, const char *data, size_t length,
			       size_t step, size_t *total)
{
	enum http_progress progress = HTTP_MORE;

	*total = 0;
	while (progress == HTTP_MORE && *total < length) {
		size_t piece = length - *total < step ? length - *total : step, used;
		/* A copy of its own, so that the sanitizer sees every byte too far. */
		char *copy = malloc(piece);

		memcpy(copy, data + *total, piece);
		progress = http_reader_feed(reader, copy, piece, &used);
		free(copy);
		*total += used;
		if (progress == HTTP_MORE)
			assert_int_equal(used, piece);
	}
	return progress;
}

static void expect_fault(const char *text, size_t length, int status)
{
	for (size_t step = 1; step <= length; step = step * 3 + 1) {
		struct http_reader reader;
		size_t total;

		http_reader_init(&reader);
		assert_int_equal(feed(&reader, text, length, step, &total), HTTP_FAILED);
		assert_int_equal(reader.fault_status, status);
		assert_non_null(reader.fault);
		http_reader_finish(&reader);
	}
}

static void simple_request(void **state)
{
	static const char text[] = "PUT /actions HTTP/1.1\r\nHost: x\r\nprefer: wait=5\r\n"
				   "Content-Length: 5\r\n\r\nhelloGET ";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct http_reader reader;
		size_t total;

		http_reader_init(&reader);
		assert_int_equal(feed(&reader, text, sizeof(text) - 1, step, &total),
				 HTTP_COMPLETE);
		assert_int_equal(total, sizeof(text) - 5);
		assert_int_equal(reader.request.method, HTTP_PUT);
		assert_string_equal(reader.request.target, "/actions");
		assert_int_equal(reader.request.body_length, 5);
		assert_memory_equal(reader.request.body, "hello", 5);
		assert_int_equal(reader.request.wait_s, 5);
		assert_true(reader.request.keep_alive);
		assert_false(reader.begun);
		http_reader_finish(&reader);
	}
}

static void pipelined_requests(void **state)
{
	static const char text[] = "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
	struct http_reader reader;
	size_t first, second;

	(void)state;
	http_reader_init(&reader);
	assert_int_equal(http_reader_feed(&reader, text, sizeof(text) - 1, &first), HTTP_COMPLETE);
	assert_string_equal(reader.request.target, "/a");
	http_reader_next(&reader);
	assert_int_equal(http_reader_feed(&reader, text + first, sizeof(text) - 1 - first, &second),
			 HTTP_COMPLETE);
	assert_string_equal(reader.request.target, "/b");
	assert_int_equal(first + second, sizeof(text) - 1);
	http_reader_finish(&reader);
}

static void chunked_body(void **state)
{
	static const char text[] = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct http_reader reader;
		size_t total;

		http_reader_init(&reader);
		assert_int_equal(feed(&reader, text, sizeof(text) - 1, step, &total),
				 HTTP_COMPLETE);
		assert_int_equal(reader.request.body_length, 5);
		assert_memory_equal(reader.request.body, "abcde", 5);
		http_reader_finish(&reader);
	}
}

static void connection_ends(void **state)
{
	static const struct {
		const char *text;
		bool keep_alive;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_reader reader;
		size_t used;

		http_reader_init(&reader);
		assert_int_equal(
			http_reader_feed(&reader, cases[i].text, strlen(cases[i].text), &used),
			HTTP_COMPLETE);
		assert_int_equal(reader.request.keep_alive, cases[i].keep_alive);
		http_reader_finish(&reader);
	}
}

static void expect_continue(void **state)
{
	static const char text[] = "PUT / HTTP/1.1\r\nExpect: 100-continue\r\n"
				   "Content-Length: 1\r\n\r\n";
	struct http_reader reader;
	size_t used;

	(void)state;
	http_reader_init(&reader);
	assert_int_equal(http_reader_feed(&reader, text, sizeof(text) - 1, &used), HTTP_MORE);
	assert_true(reader.wants_continue);
	assert_int_equal(http_reader_feed(&reader, "x", 1, &used), HTTP_COMPLETE);
	assert_false(reader.wants_continue);
	http_reader_finish(&reader);
}

static void bad_requests(void **state)
{
	static const char *const texts[] = {
		"\x16\x03\x01\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/3.0\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET / HTTP/1.1\r\nbad header\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_fault(texts[i], strlen(texts[i]), 400);
}

static void head_limit(void **state)
{
	static const char start[] = "GET / HTTP/1.1\r\nX: ";
	char text[HTTP_HEAD_MAX + 64];
	struct http_reader reader;
	size_t used;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	expect_fault(text, sizeof(text), 400);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	http_reader_init(&reader);
	assert_int_equal(http_reader_feed(&reader, text, sizeof(text), &used), HTTP_COMPLETE);
	assert_int_equal(used, HTTP_HEAD_MAX);
	http_reader_finish(&reader);
}

static void body_limit(void **state)
{
	static const char sized[] = "PUT / HTTP/1.1\r\nContent-Length: 51201\r\n\r\n";
	static const char chunked[] = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
				      "c800\r\n";
	static char text[sizeof(chunked) + HTTP_BODY_MAX + 16];

	(void)state;
	expect_fault(sized, sizeof(sized) - 1, 413);
	memset(text, 'a', sizeof(text));
	memcpy(text, chunked, sizeof(chunked) - 1);
	memcpy(text + sizeof(chunked) - 1 + HTTP_BODY_MAX, "\r\n1\r\nb\r\n", 8);
	expect_fault(text, sizeof(text), 413);
}

static void long_target(void **state)
{
	char text[2048];
	struct http_reader reader;
	size_t used;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /\x80", 6);
	memcpy(text + 1900, " HTTP/1.1\r\n\r\n", 13);
	http_reader_init(&reader);
	if (http_reader_feed(&reader, text, 1913, &used) == HTTP_COMPLETE) {
		assert_int_equal(strlen(reader.request.target), sizeof(reader.request.target) - 1);
		assert_int_equal(reader.request.target[1], '?');
	}
	http_reader_finish(&reader);
}

static void prefer_wait(void **state)
{
	(void)state;
	assert_int_equal(http_prefer_wait("wait=10"), 10);
	assert_int_equal(http_prefer_wait("respond-async, WAIT=\"7\"; x"), 7);
	assert_int_equal(http_prefer_wait("wait=99999999999999999999"), HTTP_WAIT_MAX_S);
	assert_int_equal(http_prefer_wait("wait=-1"), 0);
	assert_int_equal(http_prefer_wait("await=10"), 0);
	assert_int_equal(http_prefer_wait(""), 0);
	assert_int_equal(http_prefer_wait(",,"), 0);
}

/* Whatever is changed in a request, the reader ends in one of its three ways. */
static void altered_bytes(void **state)
{
	static const char text[] = "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nPrefer: wait=1"
				   "\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (int value = 0; value < 256; value++) {
			struct http_reader reader;
			char copy[sizeof(text)];
			size_t total;

			memcpy(copy, text, sizeof(text));
			copy[at] = (char)value;
			http_reader_init(&reader);
			feed(&reader, copy, sizeof(text) - 1, 7, &total);
			http_reader_finish(&reader);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_request),  cmocka_unit_test(pipelined_requests),
		cmocka_unit_test(chunked_body),    cmocka_unit_test(connection_ends),
		cmocka_unit_test(expect_continue), cmocka_unit_test(bad_requests),
		cmocka_unit_test(head_limit),      cmocka_unit_test(body_limit),
		cmocka_unit_test(long_target),     cmocka_unit_test(prefer_wait),
		cmocka_unit_test(altered_bytes),
	};

	return cmocka_run_group_tests_name("api_http", tests, NULL, NULL);
}
