/* SPDX-License-Identifier: Apache-2.0 */
/* One answer of the API: status and body, and its bytes as HTTP. Decides nothing. */
#ifndef MOTE_API_REPLY_H
#define MOTE_API_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_reply {
	int status;
	const char *type; /* of the body; NULL: there is none */
	char *owned; /* the body, when it is on the heap, else NULL */
	const char *body;
	size_t length;
};

/* Each fills an empty or unused reply. reply_json() takes the reference; NULL (out of
 * memory) makes it a 500. */
void reply_empty(struct http_reply *reply);
void reply_json(struct http_reply *reply, int status, json_t *value);
void reply_fault(struct http_reply *reply, int status, const char *message);
void reply_static(struct http_reply *reply, const char *type, const char *body, size_t length);
void reply_text(struct http_reply *reply, const char *type, char *text); /* takes text */
void reply_finish(struct http_reply *reply);

/* Head and (unless without_body, for HEAD) body; the caller frees. NULL: out of memory. */
char *reply_format(const struct http_reply *reply, bool keep_alive, bool without_body,
		   size_t *length);

#endif
