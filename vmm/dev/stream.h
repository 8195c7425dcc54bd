/* SPDX-License-Identifier: Apache-2.0 */
/* The host's ends of the guest's standard streams. Nothing is read ahead: bytes leave the
 * host's standard input only when a device has a place for them. Descriptors stay as they
 * were inherited (O_NONBLOCK would leak to whoever shares them), so a write may block: it is
 * made in a vCPU's thread, without a lock, and a kick interrupts it. */
#ifndef MOTE_STREAM_H
#define MOTE_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vmm/loop.h"

enum { STREAM_LISTENERS_MAX = 3 };

struct stream_listener {
	/* Standard input has something. Takes it, or answers false: not me now. Loop thread. */
	bool (*ready)(void *context);
	void *context;
};

struct streams {
	int in, out, err; /* borrowed */
	struct loop *loop;
	struct loop_source source; /* in, or an eventfd in its place when in is a file */
	pthread_mutex_t lock;
	bool watched; /* guarded by lock: source is in the loop */
	bool held; /* guarded by lock */
	bool armed; /* guarded by lock: to be watched as soon as it is released */
	struct stream_listener listeners[STREAM_LISTENERS_MAX]; /* set before threads start */
	int listener_count;
};

void streams_init(struct streams *streams, struct loop *loop, int in, int out, int err);
void streams_finish(struct streams *streams); /* loop thread */

/* Asked in the order in which they were added; before threads start. */
void streams_listen(struct streams *streams, bool (*ready)(void *context), void *context);

/* Removes all listeners; no thread uses the streams any more. */
void streams_forget(struct streams *streams);

/* Between these two no listener is called; what was armed is remembered. Loop thread. */
void streams_hold(struct streams *streams);
void streams_release(struct streams *streams);

/* At most length bytes of standard input: their number, 0 at its end, -EAGAIN if there is
 * none now, or another -errno. With length 0: 1 if a read would not block. Any thread. */
ssize_t streams_read(struct streams *streams, void *buffer, size_t length);

/* Calls the listeners once when standard input has something. Any thread. */
void streams_arm(struct streams *streams);

/* Writes from *done on; *done says how much was written. 0: all of it; -EINTR: after a kick or
 * a large piece, to be called again when nobody wants the thread elsewhere; or what write(2)
 * failed with. */
int stream_write(int fd, const void *bytes, size_t length, size_t *done);

#endif
