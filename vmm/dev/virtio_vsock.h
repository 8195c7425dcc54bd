/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio socket device: receive queue 0, transmit queue 1, event queue 2. Streams only. Whatever
 * the guest sends, there are at most VSOCK_LINKS_MAX streams, of which each holds at most
 * VSOCK_ROOM bytes, and VSOCK_REFUSALS_MAX answers to packets of no stream: when those wait for
 * receive buffers, transmitted packets wait too. Everything but the notifications happens in the
 * loop's thread, in turns of bounded length. Source: VIRTIO 1.2, section 5.10. */
#ifndef MOTE_VIRTIO_VSOCK_H
#define MOTE_VIRTIO_VSOCK_H

#include "vmm/dev/virtio_mmio.h"
#include "vmm/dev/vsock_links.h"
#include "vmm/listen.h"
#include "vmm/loop.h"

enum { VSOCK_REFUSALS_MAX = 64 };

struct virtio_vsock {
	struct virtio virtio; /* memory and irq are set by the owner */
	uint32_t guest_cid;
	const char *path; /* borrowed; the listener has taken it */
	struct loop *loop;
	struct loop_source turn; /* in loop: one of those below is ready; not while it is held */
	bool held;
	struct loop *sources; /* the device's own loop, which does not run: */
	struct loop_source kick; /* an eventfd: a queue is to be looked at */
	struct listener listener;
	struct loop_source listening;
	/* Loop thread, with virtio.lock where they meet the queues: */
	uint32_t resets; /* virtio.resets that the streams know of */
	bool transport_reset; /* an event that the driver has not been given yet */
	bool quiet[2]; /* receive, transmit: the driver may have been told not to notify */
	struct vsock_links links;
	unsigned int refusal_count;
	struct vsock_packet refusals[VSOCK_REFUSALS_MAX];
};

/* Takes the path. virtio.memory, virtio.irq, guest_cid and path are set before, the rest is zero.
 * It is held at first. */
int virtio_vsock_init(struct virtio_vsock *vsock, struct loop *loop, struct error *err);
void virtio_vsock_finish(struct virtio_vsock *vsock); /* also after a failure */

/* Between these two nothing happens in the guest's memory; the sockets' other ends wait. Loop
 * thread; NULL is fine. */
void virtio_vsock_hold(struct virtio_vsock *vsock);
void virtio_vsock_release(struct virtio_vsock *vsock);

/* The guest runs no more: what it has sent goes on to the host, and that was all. NULL is fine. */
void virtio_vsock_end(struct virtio_vsock *vsock);

/* Its section of a snapshot: no stream is in it. A driver that is loaded hears of the end of all
 * those that it had. */
void virtio_vsock_save(struct virtio_vsock *vsock, struct state_writer *writer);
void virtio_vsock_load(struct virtio_vsock *vsock, struct state_reader *reader);

#endif
