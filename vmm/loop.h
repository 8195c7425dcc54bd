/* SPDX-License-Identifier: Apache-2.0 */
/* The epoll loop of the API and device-back-end thread. */
#ifndef MOTE_LOOP_H
#define MOTE_LOOP_H

#include <stdint.h>

#include "vmm/error.h"

struct loop;

/* One watched descriptor. Owned by the caller, who keeps it in place while it is in the
 * loop and closes fd only after loop_remove(). A handler may remove and free any source,
 * its own too: the loop does not touch a source after it was removed. */
struct loop_source {
	int fd;
	void (*ready)(void *context, uint32_t events); /* EPOLLIN … */
	void *context;
};

struct loop *loop_create(struct error *err); /* NULL: see err */
void loop_destroy(struct loop *loop); /* NULL is fine */

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events, struct error *err);
void loop_modify(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Dispatches until loop_stop(). */
int loop_run(struct loop *loop, struct error *err);
void loop_stop(struct loop *loop); /* from a handler, the loop's thread */

/* A loop inside another one: its descriptor is readable when one of its sources is ready, and a
 * turn dispatches some that are, without waiting. */
int loop_fd(const struct loop *loop);
void loop_turn(struct loop *loop);

#endif
