/* SPDX-License-Identifier: Apache-2.0 */
/* The API's socket in the file system: taking its path, giving it back, and who may
 * connect. Knows nothing of HTTP. */
#ifndef MOTE_API_LISTEN_H
#define MOTE_API_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "vmm/error.h"

struct api_listener {
	int fd; /* listening, non-blocking */
	char path[108];
	dev_t device; /* of what we put at path, so that only that is ever removed */
	ino_t inode;
};

/* Makes a listening socket of mode 0600 appear at path in one step, ready to accept. What a
 * dead process left there is replaced; a living socket or another kind of file is an error. */
int api_listener_open(struct api_listener *listener, const char *path, struct error *err);

/* Closes the socket and removes it from the file system, if it is still ours. */
void api_listener_close(struct api_listener *listener);

/* Whether the process at the other end is of our user or root. */
bool api_peer_allowed(int fd);

#endif
