/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio console with one port: receive queue 0, transmit queue 1. Source: VIRTIO 1.2,
 * section 5.3. */
#ifndef MOTE_VIRTIO_CONSOLE_H
#define MOTE_VIRTIO_CONSOLE_H

#include "vmm/dev/stream.h"
#include "vmm/dev/virtio_mmio.h"

struct virtio_console {
	struct virtio virtio; /* memory and irq are set by the owner */
	struct streams *streams;
	bool input_ended; /* guarded by virtio.lock: nothing will come any more */
	/* guarded by virtio.lock: the chain that is being written out, without the lock */
	bool transmitting;
	bool chain_pending; /* interrupted by a kick: goes on with the next notification */
	uint32_t chain_resets; /* virtio.resets when the chain was taken */
	/* Only for the thread that transmits. */
	struct virtqueue_chain chain;
	unsigned int chain_index;
	size_t chain_done;
};

/* virtio.memory, virtio.irq and streams are set before. */
void virtio_console_init(struct virtio_console *console);
void virtio_console_finish(struct virtio_console *console);

/* Its section of a snapshot: a chain that is only half written out included. No vCPU runs.
 * Standard input is another one after a restore, so that its end is not kept. */
void virtio_console_save(struct virtio_console *console, struct state_writer *writer);
void virtio_console_load(struct virtio_console *console, struct state_reader *reader);

#endif
