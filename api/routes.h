/* SPDX-License-Identifier: Apache-2.0 */
/* From one HTTP request to one answer, through a table of routes. Knows no socket. */
#ifndef MOTE_API_ROUTES_H
#define MOTE_API_ROUTES_H

#include <stdbool.h>

#include "api/http.h"
#include "api/reply.h"
#include "vmm/control.h"

/* The first time a request is answered; again, because of what it waits for; and when the time that
 * it would wait is over. */
enum route_turn { ROUTE_FIRST, ROUTE_AGAIN, ROUTE_LAST };

/* Carries the request out and fills reply. Returns false when it takes longer, or when the client
 * wants to wait for something that hasn't happened yet: the caller asks again when the
 * application's state changes. With wait_s 0 there is no end to that, and no ROUTE_LAST. */
bool routes_answer(struct control *control, const struct http_request *request,
		   enum route_turn turn, struct http_reply *reply);

/* Whether a request has to be held however many are: it has begun something. */
bool routes_must_hold(const struct http_request *request);

#endif
