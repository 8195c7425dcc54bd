/* SPDX-License-Identifier: Apache-2.0 */
/* All streams of a socket device with their ends on the host. Loop thread. */
#ifndef MOTE_VSOCK_LINKS_H
#define MOTE_VSOCK_LINKS_H

#include "vmm/dev/vsock_link.h"

enum { VSOCK_LINKS_MAX = 256 };

struct vsock_links {
	struct loop *loop; /* set by the owner, the rest is zero */
	uint32_t next_port; /* of the host's, for the next stream that it begins */
	unsigned int count, next; /* next: whose turn to send it is */
	struct vsock_link *links[VSOCK_LINKS_MAX];
};

/* Takes the descriptor over; NULL: there is no room for one more, and it was closed. */
struct vsock_link *vsock_links_add(struct vsock_links *links, int fd);

/* By its ports; one that has ended too, as long as the guest does not know. NULL: there is none. */
struct vsock_link *vsock_links_find(const struct vsock_links *links, uint32_t guest_port,
				    uint32_t host_port);

/* One that may have something for the guest, each in its turn; NULL: none has. */
struct vsock_link *vsock_links_next(struct vsock_links *links);

/* Asks the guest for those who have said by now which port they want. */
void vsock_links_greet(struct vsock_links *links);

/* vsock_link_settle() for all; those that are through are gone. */
void vsock_links_settle(struct vsock_links *links);

/* The guest has ended, and what it sent goes on; or all of them are void. */
void vsock_links_end(struct vsock_links *links);
void vsock_links_drop(struct vsock_links *links);

#endif
