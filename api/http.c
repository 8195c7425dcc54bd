/* SPDX-License-Identifier: Apache-2.0 */
/* The llhttp callbacks that collect one request, and the limits around them. */
#include "api/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char body_too_large[] = "The request body is larger than 51200 bytes.";

static struct http_reader *reader_of(llhttp_t *parser)
{
	return parser->data;
}

static int fail(struct http_reader *reader, int status, const char *fault)
{
	reader->fault_status = status;
	reader->fault = fault;
	return HPE_USER;
}

/* Appends to a terminated array, printable ASCII only, and cuts what does not fit. */
static void append(char *to, size_t size, size_t *length, const char *from, size_t count)
{
	for (size_t i = 0; i < count && *length < size - 1; i++)
		to[(*length)++] = from[i] >= ' ' && from[i] < 0x7f ? from[i] : '?';
	to[*length] = 0;
}

static int on_message_begin(llhttp_t *parser)
{
	reader_of(parser)->begun = true;
	return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
	struct http_reader *reader = reader_of(parser);

	append(reader->request.target, sizeof(reader->request.target), &reader->target_length, at,
	       length);
	return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t length)
{
	struct http_reader *reader = reader_of(parser);

	append(reader->name, sizeof(reader->name), &reader->name_length, at, length);
	return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t length)
{
	struct http_reader *reader = reader_of(parser);

	append(reader->value, sizeof(reader->value), &reader->value_length, at, length);
	return 0;
}

static unsigned parse_seconds(const char *digits)
{
	unsigned seconds = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++) {
		seconds = seconds * 10 + (unsigned)(*digits - '0');
		if (seconds > HTTP_WAIT_MAX_S)
			return HTTP_WAIT_MAX_S;
	}
	return seconds;
}

unsigned http_prefer_wait(const char *value)
{
	for (;;) {
		value += strspn(value, " ,");
		if (!strncasecmp(value, "wait=", 5))
			return parse_seconds(value + 5 + (value[5] == '"'));
		if (!*value)
			return 0;
		value += strcspn(value, ",");
	}
}

static int on_header_complete(llhttp_t *parser)
{
	struct http_reader *reader = reader_of(parser);

	if (reader->head_complete)
		return 0; /* a trailer */
	if (!strcasecmp(reader->name, "Prefer"))
		reader->request.wait_s = http_prefer_wait(reader->value);
	if (!strcasecmp(reader->name, "Expect"))
		reader->wants_continue = !strcasecmp(reader->value, "100-continue");
	reader->name_length = 0;
	reader->value_length = 0;
	reader->name[0] = 0;
	reader->value[0] = 0;
	return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct http_reader *reader = reader_of(parser);
	bool sized = parser->flags & F_CONTENT_LENGTH;

	reader->head_complete = true;
	reader->request.method = (llhttp_method_t)parser->method;
	/* After an upgrade the bytes would be another protocol's; we only answer and close. */
	reader->request.keep_alive = llhttp_should_keep_alive(parser) && !parser->upgrade;
	if (parser->http_major != 1)
		return fail(reader, 400, "Invalid HTTP version.");
	if (sized && parser->content_length > HTTP_BODY_MAX)
		return fail(reader, 413, body_too_large);
	if (parser->http_minor == 0)
		reader->wants_continue = false; /* HTTP/1.0 has no such thing */
	return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t length)
{
	struct http_reader *reader = reader_of(parser);
	struct http_request *request = &reader->request;

	reader->wants_continue = false;
	if (length > HTTP_BODY_MAX - request->body_length)
		return fail(reader, 413, body_too_large);
	if (!request->body)
		request->body = malloc(HTTP_BODY_MAX);
	if (!request->body)
		return fail(reader, 500, "Out of memory.");
	memcpy(request->body + request->body_length, at, length);
	request->body_length += length;
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct http_reader *reader = reader_of(parser);

	reader->begun = false;
	reader->wants_continue = false;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void http_reader_init(struct http_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	llhttp_init(&reader->parser, HTTP_REQUEST, &settings);
	reader->parser.data = reader;
}

void http_reader_finish(struct http_reader *reader)
{
	free(reader->request.body);
}

static enum http_progress judge(struct http_reader *reader, llhttp_errno_t error)
{
	if (reader->fault)
		return HTTP_FAILED;
	if (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE)
		return HTTP_COMPLETE;
	if (error != HPE_OK)
		fail(reader, 400, "Invalid HTTP request.");
	else if (!reader->head_complete && reader->head_length == HTTP_HEAD_MAX)
		fail(reader, 400, "The request head is larger than 8192 bytes.");
	return reader->fault ? HTTP_FAILED : HTTP_MORE;
}

enum http_progress http_reader_feed(struct http_reader *reader, const char *data, size_t length,
				    size_t *used)
{
	llhttp_errno_t error;

	*used = 0;
	while (length > *used) {
		size_t piece = length - *used;
		const char *start = data + *used;
		enum http_progress progress;

		if (!reader->head_complete && piece > HTTP_HEAD_MAX - reader->head_length)
			piece = HTTP_HEAD_MAX - reader->head_length;
		error = llhttp_execute(&reader->parser, start, piece);
		if (error != HPE_OK)
			piece = (size_t)(llhttp_get_error_pos(&reader->parser) - start);
		*used += piece;
		if (!reader->head_complete)
			reader->head_length += piece;
		progress = judge(reader, error);
		if (progress != HTTP_MORE)
			return progress;
	}
	return HTTP_MORE;
}

void http_reader_next(struct http_reader *reader)
{
	free(reader->request.body);
	memset(&reader->request, 0, sizeof(reader->request));
	reader->head_complete = false;
	reader->head_length = 0;
	reader->target_length = 0;
	llhttp_resume(&reader->parser);
}
