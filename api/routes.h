/* SPDX-License-Identifier: Apache-2.0 */
/* From one HTTP request to one answer, through a table of routes. Knows no socket. */
#ifndef MOTE_API_ROUTES_H
#define MOTE_API_ROUTES_H

#include <stdbool.h>

#include "api/http.h"
#include "api/reply.h"
#include "vmm/control.h"

/* Carries the request out and fills reply. Returns false, with nothing done, when the client
 * wants to wait for something that hasn't happened yet: the caller asks again when the
 * application's state changes, and with may_hold false when the time is over. */
bool routes_answer(struct control *control, const struct http_request *request, bool may_hold,
		   struct http_reply *reply);

#endif
