/* SPDX-License-Identifier: Apache-2.0 */
#include "vsock_port.h"

#include <linux/errno.h>

#include "arch.h"
#include "control.h"
#include "pages.h"
#include "user.h"
#include "virtio.h"

#define DEVICE 19
#define BUFFERS QUEUE_SIZE /* of a page each, to receive into */
#define SENDING 32 /* packets that may be on their way out */
#define EVENTS 4
#define TRANSPORT_RESET 0

enum { RECEIVE, TRANSMIT, EVENT };

/* On the heap's pages: a program that makes no socket pays nothing for it. */
struct port {
	struct virtio device;
	struct queue queues[3];
	char *buffers[BUFFERS], *sending[SENDING];
	uint32_t *events;
	uint32_t cid;
	uint64_t idle; /* bit n: sending[n] is */
	bool waiting; /* for one of them: TRANSMIT interrupts */
};

static struct port *port;

bool vsock_exists(void)
{
	return control_page()->vsock_registers;
}

uint32_t vsock_cid(void)
{
	return port->cid;
}

static void offer_all(void)
{
	for (uint16_t i = 0; i < BUFFERS; i++)
		queue_offer(&port->queues[RECEIVE], i, port->buffers[i], PAGE_SIZE, true);
	for (uint16_t i = 0; i < EVENTS; i++)
		queue_offer(&port->queues[EVENT], i, &port->events[i], sizeof(uint32_t), true);
	queue_interrupts(&port->queues[TRANSMIT], false);
	port->idle = (1ull << SENDING) - 1;
}

/* All pages are charged. */
static int start(const struct control_page *page)
{
	int error = virtio_start(&port->device, page->vsock_registers, DEVICE);

	if (error)
		return error;
	for (uint32_t i = RECEIVE; i <= EVENT; i++) {
		char *rings = page_take();

		queue_start(&port->queues[i], &port->device, i, rings);
		port->events = (uint32_t *)(rings + QUEUE_AREA);
	}
	for (int i = 0; i < BUFFERS; i++)
		port->buffers[i] = page_take_dirty();
	for (int i = 0; i < SENDING; i++)
		port->sending[i] = page_take_dirty();
	port->cid = virtio_config(&port->device, 0);
	offer_all();
	virtio_go(&port->device);
	interrupts_add(page->vsock_interrupt);
	queue_notify(&port->queues[RECEIVE]);
	return 0;
}

int vsock_open(void)
{
	const uint64_t pages = 1 + 3 + BUFFERS + SENDING;
	int error;

	_Static_assert(sizeof(struct port) <= PAGE_SIZE, "a page");
	if (!vsock_exists())
		return -EAFNOSUPPORT;
	if (port)
		return 0;
	if (pages_charge(pages))
		return -ENOMEM;
	port = page_take();
	error = start(control_page());
	if (error) {
		page_give(port);
		pages_uncharge(pages);
		port = 0;
	}
	return error ? -EAFNOSUPPORT : 0;
}

/* ---- out ---- */

size_t vsock_packet_max(void)
{
	return PAGE_SIZE - sizeof(struct vsock_packet);
}

static void take_back(void)
{
	uint16_t slot;
	uint32_t length;

	while (queue_take(&port->queues[TRANSMIT], &slot, &length))
		port->idle |= 1ull << slot;
}

bool vsock_may_send(void)
{
	if (port->idle)
		return true;
	take_back();
	if (port->idle)
		return true;
	vsock_flush();
	port->waiting = true;
	queue_interrupts(&port->queues[TRANSMIT], true);
	take_back();
	return port->idle;
}

int64_t vsock_send(struct vsock_packet *packet, struct uio *bytes)
{
	uint16_t slot = (uint16_t)__builtin_ctzll(port->idle);
	struct vsock_packet *to = (struct vsock_packet *)port->sending[slot];
	int64_t moved = bytes ? uio_move(bytes, to + 1, packet->length) : 0;

	if (moved < 0)
		return moved;
	packet->from_cid = port->cid;
	packet->type = VSOCK_STREAM;
	packet->length = (uint32_t)moved;
	*to = *packet;
	port->idle &= ~(1ull << slot);
	if (port->waiting)
		queue_interrupts(&port->queues[TRANSMIT], false);
	port->waiting = false;
	queue_offer(&port->queues[TRANSMIT], slot, to, (uint32_t)(sizeof(*to) + (size_t)moved),
		    false);
	return moved;
}

void vsock_flush(void)
{
	queue_notify(&port->queues[TRANSMIT]);
}

/* ---- in ---- */

static void take_events(void)
{
	struct queue *queue = &port->queues[EVENT];
	uint16_t slot;
	uint32_t length;

	while (queue_take(queue, &slot, &length)) {
		if (length >= sizeof(uint32_t) && port->events[slot] == TRANSPORT_RESET) {
			port->cid = virtio_config(&port->device, 0);
			vsock_lost();
		}
		queue_offer(queue, slot, &port->events[slot], sizeof(uint32_t), true);
		queue_notify(queue);
	}
}

static void take_packets(void)
{
	struct queue *queue = &port->queues[RECEIVE];
	bool any = false;
	uint16_t slot;
	uint32_t length;

	/* Each may want an answer: no more of them than answers have a place for. */
	while (vsock_may_send() && queue_take(queue, &slot, &length)) {
		const struct vsock_packet *packet =
			(const struct vsock_packet *)port->buffers[slot];

		if (length >= sizeof(*packet) && packet->length <= length - sizeof(*packet))
			vsock_received(packet, packet + 1);
		queue_offer(queue, slot, port->buffers[slot], PAGE_SIZE, true);
		any = true;
	}
	if (any)
		queue_notify(queue);
}

void vsock_service(void)
{
	take_events();
	take_packets();
	vsock_send_due();
}

void vsock_interrupt(void)
{
	if (port)
		vsock_service();
}
