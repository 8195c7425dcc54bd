/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket in the file system: taking its path, giving it back, and who may connect.
 * Knows nothing of what is spoken there. */
#ifndef MOTE_LISTEN_H
#define MOTE_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "vmm/error.h"

struct listener {
	const char *what; /* for messages: "API socket"; borrowed */
	int fd; /* listening, non-blocking */
	char path[108];
	dev_t device; /* of what we put at path, so that only that is ever removed */
	ino_t inode;
};

/* Makes a listening socket of mode 0600 appear at path in one step, ready to accept. What a
 * dead process left there is replaced; a living socket or another kind of file is an error. */
int listener_open(struct listener *listener, const char *what, const char *path, struct error *err);

/* Closes the socket and removes it from the file system, if it is still ours. */
void listener_close(struct listener *listener);

/* Whether the process at the other end is of our user or root. */
bool listener_peer_allowed(int fd);

#endif
