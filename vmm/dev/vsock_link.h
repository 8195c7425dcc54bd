/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of a stream: a connection of a Unix socket, never waited for, and what the guest
 * has sent that its reader has no room for yet. Who connects to the device's own socket begins
 * with the line "CONNECT PORT" and reads "OK PORT" when the guest has accepted; what the guest
 * begins goes to the socket whose path ends in "_PORT". Loop thread. */
#ifndef MOTE_VSOCK_LINK_H
#define MOTE_VSOCK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "vmm/dev/vsock.h"
#include "vmm/loop.h"

struct vsock_link {
	struct vsock stream;
	struct loop *loop;
	struct loop_source source; /* the socket; fd -1: closed */
	bool readable; /* a read may give something: bytes, the end, an error */
	bool hung; /* the other end is closed */
	bool ended; /* everything it sent has been read */
	bool deaf; /* it does not read any more */
	bool waiting; /* for room to write what is held */
	unsigned int shut; /* VSOCK_NO_… of the guest's that the socket has been told */
	uint8_t *held; /* VSOCK_ROOM bytes, a ring; NULL while nothing is held */
	uint32_t held_at, held_count;
};

/* Takes the descriptor over, which is non-blocking. NULL: it was closed. */
struct vsock_link *vsock_link_create(struct loop *loop, int fd);
void vsock_link_destroy(struct vsock_link *link);

/* A connection to path_port; -1: nobody takes it. */
int vsock_link_connect(const char *path, uint32_t port);

/* GREETING: reads the line if it is there. 0: not yet; 1: *port; -EINVAL: it is no such line, or
 * nobody is there. */
int vsock_link_greeting(struct vsock_link *link, uint32_t *port);

/* The guest has accepted. */
void vsock_link_greet(struct vsock_link *link);

/* The guest's bytes, which stream.received counts already: what can't go now is held. */
void vsock_link_write(struct vsock_link *link, struct iovec *spans, unsigned int count);

/* Bytes for the guest; -EAGAIN: none now, or never again. */
ssize_t vsock_link_read(struct vsock_link *link, const struct iovec *spans, unsigned int count);

/* Brings the socket to what the stream says and the stream to what the socket says. False: both
 * ends are through with it. */
bool vsock_link_settle(struct vsock_link *link);

#endif
