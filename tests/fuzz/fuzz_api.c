/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP bytes through reader, routes, decoders, the life cycle and encoders to the answer's
 * bytes, which must be HTTP and JSON whatever was asked. The control is a test's: no VM. */
#include <jansson.h>

#include "api/reply.h"
#include "api/routes.h"
#include "tests/fuzz/support/input.h"
#include "tests/unit/test_api_control.h"

static int on_complete(llhttp_t *parser)
{
	*(bool *)parser->data = true;
	return 0;
}

static void check_reply(const struct http_reply *reply)
{
	if (reply->type && !strcmp(reply->type, "application/json")) {
		json_t *body = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL);

		check(json_is_object(body));
		check(reply->status == 200 || json_object_get(body, "fault_message"));
		json_decref(body);
	}
	check(reply->status == 200 || reply->status == 204 || reply->status == 400);
}

static void check_bytes(const char *bytes, size_t length)
{
	llhttp_settings_t settings = {.on_message_complete = on_complete};
	llhttp_t parser;
	bool complete = false;

	llhttp_init(&parser, HTTP_RESPONSE, &settings);
	parser.data = &complete;
	check(llhttp_execute(&parser, bytes, length) == HPE_OK);
	check(complete);
}

static void answer(struct control *control, const struct http_request *request)
{
	struct http_reply reply;
	size_t length;
	char *bytes;

	if (!routes_answer(control, request, ROUTE_FIRST, &reply))
		check(routes_answer(control, request, ROUTE_LAST, &reply));
	check_reply(&reply);
	bytes = reply_format(&reply, request->keep_alive, request->method == HTTP_HEAD, &length);
	if (request->method != HTTP_HEAD)
		check_bytes(bytes, length);
	free(bytes);
	reply_finish(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reader reader;
	struct control control;
	bool goes_on = true;
	size_t used;

	fake_control_init(&control);
	http_reader_init(&reader);
	while (goes_on && size &&
	       http_reader_feed(&reader, (const char *)data, size, &used) == HTTP_COMPLETE) {
		check(used > 0);
		answer(&control, &reader.request);
		goes_on = reader.request.keep_alive;
		http_reader_next(&reader);
		data += used;
		size -= used;
	}
	http_reader_finish(&reader);
	fake_control_finish(&control);
	return 0;
}
