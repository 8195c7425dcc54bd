/* SPDX-License-Identifier: Apache-2.0 */
/* The API on a Unix stream socket, in the loop's thread. At most ten busy connections;
 * more wait to be accepted. One server per control: it is its listener. */
#ifndef MOTE_API_SERVER_H
#define MOTE_API_SERVER_H

#include <stdint.h>

#include "vmm/control.h"
#include "vmm/loop.h"

struct api_server;

/* Listens at socket_path (mode 0600; our own user and root may connect). The path of a dead
 * process's socket is taken over. loop and control outlive the server. NULL: see err. */
struct api_server *api_server_create(struct loop *loop, struct control *control,
				     const char *socket_path, struct error *err);

/* Closes all connections and removes the socket. NULL is fine. Not from a handler. */
void api_server_destroy(struct api_server *server);

/* How long a request may take to arrive and a reader to take a byte: 30 s unless told. */
void api_server_set_timeout(struct api_server *server, int64_t timeout_ms);

#endif
