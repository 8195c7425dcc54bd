/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as bytes: the header lines are Firecracker's, but for the server's name. */
#include "api/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "{\"fault_message\":\"Out of memory.\"}";

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{204, "No Content"},
	{400, "Bad Request"},
	{413, "Payload Too Large"},
	{500, "Internal Server Error"},
};

static const char *phrase(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "";
}

void reply_empty(struct http_reply *reply)
{
	*reply = (struct http_reply){.status = 204};
}

void reply_static(struct http_reply *reply, const char *type, const char *body, size_t length)
{
	*reply = (struct http_reply){.status = 200, .type = type, .body = body, .length = length};
}

void reply_json(struct http_reply *reply, int status, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (!text) {
		reply_static(reply, "application/json", out_of_memory, sizeof(out_of_memory) - 1);
		reply->status = 500;
		return;
	}
	reply_static(reply, "application/json", text, strlen(text));
	reply->status = status;
	reply->owned = text;
}

void reply_text(struct http_reply *reply, const char *type, char *text)
{
	reply_static(reply, type, text, strlen(text));
	reply->owned = text;
}

void reply_fault(struct http_reply *reply, int status, const char *message)
{
	json_t *text = json_string(message);

	if (!text) { /* a cut or foreign string need not be UTF-8 */
		char ascii[256];
		size_t i;

		for (i = 0; message[i] && i < sizeof(ascii) - 1; i++)
			ascii[i] = message[i] > 0 && message[i] < 0x7f ? message[i] : '?';
		ascii[i] = 0;
		text = json_string(ascii);
	}
	reply_json(reply, status, json_pack("{s:o}", "fault_message", text));
}

void reply_finish(struct http_reply *reply)
{
	free(reply->owned);
}

static int format_head(const struct http_reply *reply, bool keep_alive, char *to, size_t size)
{
	int length =
		snprintf(to, size, "HTTP/1.1 %d %s\r\nServer: mote API\r\nConnection: %s\r\n",
			 reply->status, phrase(reply->status), keep_alive ? "keep-alive" : "close");

	if (!reply->type)
		return length + snprintf(to + length, size - (size_t)length, "\r\n");
	return length + snprintf(to + length, size - (size_t)length,
				 "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", reply->type,
				 reply->length);
}

char *reply_format(const struct http_reply *reply, bool keep_alive, bool without_body,
		   size_t *length)
{
	char head[256];
	size_t head_length = (size_t)format_head(reply, keep_alive, head, sizeof(head));
	size_t body_length = without_body ? 0 : reply->length;
	char *bytes = malloc(head_length + body_length);

	if (!bytes)
		return NULL;
	memcpy(bytes, head, head_length);
	if (body_length)
		memcpy(bytes + head_length, reply->body, body_length);
	*length = head_length + body_length;
	return bytes;
}
