/* SPDX-License-Identifier: Apache-2.0 */
/* Reads HTTP/1.x requests from a stream of untrusted bytes, within limits. Knows no
 * socket and no route; llhttp does the grammar. */
#ifndef MOTE_API_HTTP_H
#define MOTE_API_HTTP_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_MAX 8192 /* bytes of request line and headers */
#define HTTP_BODY_MAX 51200 /* bytes of body, chunks decoded; Firecracker's default */
#define HTTP_WAIT_MAX_S 3600 /* longest `Prefer: wait=` that is honoured */

struct http_request {
	llhttp_method_t method;
	char target[256]; /* printable ASCII; what is longer is cut: no route is that long */
	char *body; /* body_length bytes, not terminated; NULL if there are none */
	size_t body_length;
	unsigned wait_s; /* Prefer: wait=N (RFC 7240), or 0 */
	bool keep_alive; /* whether the connection goes on after the answer */
};

enum http_progress {
	HTTP_MORE, /* all bytes used, request not complete */
	HTTP_COMPLETE, /* request is there until http_reader_next() */
	HTTP_FAILED, /* fault_status and fault say why; nothing more can be read */
};

struct http_reader {
	llhttp_t parser;
	struct http_request request;
	bool begun; /* bytes of a request have come that isn't complete */
	bool wants_continue; /* the client waits for "100 Continue"; cleared by who sends it */
	int fault_status;
	const char *fault;
	/* private */
	bool head_complete;
	size_t head_length, target_length, name_length, value_length;
	char name[32], value[128]; /* of the current header; longer ones aren't ours */
};

void http_reader_init(struct http_reader *reader);
void http_reader_finish(struct http_reader *reader);

/* Takes bytes up to the end of one request; *used says how many. Not to be called
 * again after HTTP_COMPLETE before http_reader_next(), and never after HTTP_FAILED or a
 * request without keep_alive: what follows an upgrade isn't HTTP. */
enum http_progress http_reader_feed(struct http_reader *reader, const char *data, size_t length,
				    size_t *used);

/* Forgets the complete request, ready for the next one. */
void http_reader_next(struct http_reader *reader);

/* Seconds of a Prefer header's value, clamped to HTTP_WAIT_MAX_S; 0 without a good wait=. */
unsigned http_prefer_wait(const char *value);

#endif
