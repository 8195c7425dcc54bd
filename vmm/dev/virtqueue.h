/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of a split virtqueue. What the driver wrote is copied once and judged;
 * nothing in a ring is read twice. Source: Virtual I/O Device (VIRTIO) 1.2, section 2.7. */
#ifndef MOTE_VIRTQUEUE_H
#define MOTE_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/memory.h"
#include "vmm/state_file.h"

/* Descriptors of one chain that we take: a driver of ours uses few, Linux's console one. */
enum { VIRTQUEUE_CHAIN_MAX = 64, VIRTQUEUE_SIZE_MAX = 256 };

struct virtqueue {
	uint64_t descriptors, available, used; /* guest-physical, set by the driver */
	uint16_t size; /* set by the driver: a power of two up to VIRTQUEUE_SIZE_MAX */
	bool ready;
	uint16_t next_available, next_used;
};

/* One request: buffers that the device reads, then buffers that it writes. */
struct virtqueue_chain {
	uint16_t head;
	unsigned int count;
	unsigned int readable; /* the first so many are for the device to read */
	struct {
		uint64_t address;
		uint32_t length;
	} buffers[VIRTQUEUE_CHAIN_MAX];
};

/* Whether a driver may make it ready so. */
bool virtqueue_is_sane(const struct virtqueue *queue);

/* Their fields in a device's section. A loaded queue is one that a driver can have made, a
 * loaded chain one that virtqueue_pop() can have given. */
void virtqueue_save(const struct virtqueue *queue, struct state_writer *writer);
void virtqueue_load(struct virtqueue *queue, struct state_reader *reader);
void virtqueue_chain_save(const struct virtqueue_chain *chain, struct state_writer *writer);
void virtqueue_chain_load(struct virtqueue_chain *chain, const struct memory *memory,
			  struct state_reader *reader);

/* Takes the next chain: 1; 0 if there is none; -EINVAL: the driver broke the rules. All
 * buffers lie in memory then. */
int virtqueue_pop(struct virtqueue *queue, const struct memory *memory,
		  struct virtqueue_chain *chain);

/* Puts the chain back that was taken last, as if it had not been. */
void virtqueue_unpop(struct virtqueue *queue);

/* The first bytes that the device reads, or that it writes; -EINVAL: there are fewer. */
int virtqueue_chain_read(const struct virtqueue_chain *chain, const struct memory *memory,
			 void *buffer, size_t length);
int virtqueue_chain_write(const struct virtqueue_chain *chain, const struct memory *memory,
			  const void *buffer, size_t length);

/* Those that follow the first `skip` ones, at most `limit`, as spans of bulk bytes: how many spans.
 * *length is how long they are together. */
unsigned int virtqueue_chain_spans(const struct virtqueue_chain *chain, const struct memory *memory,
				   bool writable, size_t skip, size_t limit,
				   struct iovec spans[VIRTQUEUE_CHAIN_MAX], size_t *length);

/* Tells the driver whether to notify; what it has published meanwhile is seen by a pop after it. */
void virtqueue_ask_notify(const struct virtqueue *queue, const struct memory *memory, bool wanted);

/* Gives it back with the number of bytes written into it. */
int virtqueue_push(struct virtqueue *queue, const struct memory *memory, uint16_t head,
		   uint32_t written);

/* Whether the driver wants an interrupt for what was pushed. */
bool virtqueue_wants_interrupt(const struct virtqueue *queue, const struct memory *memory);

#endif
