/* SPDX-License-Identifier: Apache-2.0 */
#include "vsock.h"

#include <linux/errno.h>

#include "heap.h"
#include "random.h"
#include "user.h"
#include "wait.h"

#define SIZE_DEFAULT 0x10000
#define SIZE_MIN_DEFAULT 128
#define SIZE_MAX_DEFAULT 0x40000
#define CONNECT_TIMEOUT 2000000000 /* ns */
#define PORTS_RESERVED 1024 /* below it only those that are asked for */

/* The order of a list's sockets is that of their making, so that accept() is fair. */
static struct vsock *all;

struct vsock *vsock_create(void)
{
	struct vsock *vsock = heap_alloc(sizeof(*vsock));
	struct vsock **link = &all;

	if (!vsock)
		return 0;
	vsock->size = SIZE_DEFAULT;
	vsock->size_min = SIZE_MIN_DEFAULT;
	vsock->size_max = SIZE_MAX_DEFAULT;
	vsock->connect_timeout = CONNECT_TIMEOUT;
	vsock->receive_timeout = vsock->send_timeout = FOREVER;
	while (*link)
		link = &(*link)->next;
	*link = vsock;
	return vsock;
}

static void destroy(struct vsock *vsock)
{
	struct vsock **link = &all;

	while (*link != vsock)
		link = &(*link)->next;
	*link = vsock->next;
	buffer_free(&vsock->buffer);
	heap_free(vsock, sizeof(*vsock));
}

static unsigned bit(unsigned operation)
{
	return 1u << operation;
}

/* ---- ports ---- */

static bool port_is_taken(uint32_t port)
{
	for (const struct vsock *vsock = all; vsock; vsock = vsock->next)
		if (vsock->bound && vsock->port == port)
			return true;
	return false;
}

static uint32_t port_choose(void)
{
	uint32_t port;

	do
		random_bytes(&port, sizeof(port));
	while (port < PORTS_RESERVED || port == PORT_ANY || port_is_taken(port));
	return port;
}

int vsock_bind(struct vsock *vsock, uint32_t port)
{
	if (vsock->bound)
		return -EINVAL;
	if (port == PORT_ANY)
		port = port_choose();
	else if (port_is_taken(port))
		return -EADDRINUSE;
	vsock->port = port;
	vsock->bound = true;
	return 0;
}

/* ---- packets ---- */

uint32_t vsock_credit(const struct vsock *vsock)
{
	uint32_t under_way = vsock->sent - vsock->peer_forwarded;

	return under_way < vsock->peer_room ? vsock->peer_room - under_way : 0;
}

static struct vsock_packet packet_to(struct vsock *vsock, unsigned operation)
{
	uint32_t forwarded = vsock->received - (uint32_t)vsock->buffer.used;

	vsock->told = forwarded;
	vsock->due &= ~(bit(operation) | bit(VSOCK_CREDIT_UPDATE));
	return (struct vsock_packet){
		.to_cid = vsock->peer_cid,
		.from_port = vsock->port,
		.to_port = vsock->peer_port,
		.operation = (uint16_t)operation,
		.flags = operation == VSOCK_SHUTDOWN ? vsock->shut : 0,
		.room = (uint32_t)vsock->size,
		.forwarded = forwarded,
	};
}

/* Closed by the program, and known as such by the other end. */
static bool is_over(const struct vsock *vsock)
{
	return !vsock->has_file && !vsock->listener && !vsock->due;
}

void vsock_send_due(void)
{
	bool any = false;

	for (struct vsock *vsock = all, *next; vsock; vsock = next) {
		next = vsock->next;
		while (vsock->due && vsock_may_send()) {
			struct vsock_packet packet =
				packet_to(vsock, (unsigned)__builtin_ctz(vsock->due));

			vsock_send(&packet, 0);
			any = true;
		}
		if (is_over(vsock))
			destroy(vsock);
	}
	if (any)
		vsock_flush();
}

/* It sends nothing more but what is due. */
static void end(struct vsock *vsock, int error, unsigned due)
{
	vsock->state = VSOCK_ENDED;
	vsock->peer_shut = VSOCK_NEITHER;
	vsock->error = error;
	vsock->due = due;
}

/* The answer to a packet that is nobody's. */
static void refuse(const struct vsock_packet *to)
{
	struct vsock_packet packet = {
		.to_cid = to->from_cid,
		.from_port = to->to_port,
		.to_port = to->from_port,
		.operation = VSOCK_RESET,
	};

	if (to->operation == VSOCK_RESET)
		return;
	vsock_send(&packet, 0);
	vsock_flush();
}

/* ---- connections ---- */

static struct vsock *find_connection(const struct vsock_packet *packet)
{
	for (struct vsock *vsock = all; vsock; vsock = vsock->next)
		if ((vsock->state == VSOCK_CONNECTING || vsock->state == VSOCK_CONNECTED) &&
		    vsock->port == packet->to_port && vsock->peer_port == packet->from_port &&
		    vsock->peer_cid == packet->from_cid)
			return vsock;
	return 0;
}

static struct vsock *find_listener(uint32_t port)
{
	for (struct vsock *vsock = all; vsock; vsock = vsock->next)
		if (vsock->state == VSOCK_LISTENING && vsock->port == port)
			return vsock;
	return 0;
}

static void note_credit(struct vsock *vsock, const struct vsock_packet *packet)
{
	vsock->peer_room = packet->room;
	vsock->peer_forwarded = packet->forwarded;
}

static struct vsock *child_of(const struct vsock *listener)
{
	struct vsock *child = vsock_create();

	if (!child)
		return 0;
	child->size = listener->size;
	child->size_min = listener->size_min;
	child->size_max = listener->size_max;
	child->connect_timeout = listener->connect_timeout;
	child->port = listener->port;
	if (!buffer_reserve(&child->buffer, child->size))
		return child;
	destroy(child);
	return 0;
}

static void take_request(const struct vsock_packet *packet)
{
	struct vsock *listener = find_listener(packet->to_port), *child = 0;

	if (listener && listener->waiting < listener->backlog)
		child = child_of(listener);
	if (!child) {
		refuse(packet);
		return;
	}
	child->state = VSOCK_CONNECTED;
	child->peer_cid = (uint32_t)packet->from_cid;
	child->peer_port = packet->from_port;
	child->due = bit(VSOCK_RESPONSE);
	child->listener = listener;
	listener->waiting++;
	note_credit(child, packet);
}

struct vsock *vsock_accept(struct vsock *listener)
{
	for (struct vsock *vsock = all; vsock; vsock = vsock->next) {
		if (vsock->listener != listener)
			continue;
		vsock->listener = 0;
		listener->waiting--;
		return vsock;
	}
	return 0;
}

int vsock_listen(struct vsock *vsock, unsigned backlog)
{
	if ((vsock->state != VSOCK_NEW && vsock->state != VSOCK_LISTENING) || !vsock->bound)
		return -EINVAL;
	vsock->backlog = backlog;
	vsock->state = VSOCK_LISTENING;
	return 0;
}

int vsock_connect(struct vsock *vsock, uint32_t cid, uint32_t port)
{
	if (buffer_reserve(&vsock->buffer, vsock->size))
		return -ENOMEM;
	if (!vsock->bound)
		vsock_bind(vsock, PORT_ANY);
	vsock->peer_cid = cid;
	vsock->peer_port = port;
	vsock->shut = vsock->peer_shut = 0;
	vsock->received = vsock->told = vsock->sent = 0;
	vsock->peer_room = vsock->peer_forwarded = 0;
	vsock->error = 0;
	vsock->state = VSOCK_CONNECTING;
	vsock->due = bit(VSOCK_REQUEST);
	vsock_service();
	return 0;
}

static void take_data(struct vsock *vsock, const struct vsock_packet *packet, const void *bytes)
{
	if (packet->length > buffer_room(&vsock->buffer)) {
		end(vsock, ECONNRESET, bit(VSOCK_RESET));
		return;
	}
	vsock->received += packet->length;
	if (!(vsock->shut & VSOCK_NO_RECEIVE))
		buffer_put(&vsock->buffer, bytes, packet->length);
}

static void take_connected(struct vsock *vsock, const struct vsock_packet *packet,
			   const void *bytes)
{
	switch (packet->operation) {
	case VSOCK_DATA:
		take_data(vsock, packet, bytes);
		break;
	case VSOCK_CREDIT_UPDATE:
		break;
	case VSOCK_CREDIT_REQUEST:
		vsock->due |= bit(VSOCK_CREDIT_UPDATE);
		break;
	case VSOCK_SHUTDOWN:
		vsock->peer_shut |= packet->flags & VSOCK_NEITHER;
		if (vsock->peer_shut == VSOCK_NEITHER)
			end(vsock, 0, bit(VSOCK_RESET));
		break;
	default:
		end(vsock, ECONNRESET, bit(VSOCK_RESET));
		break;
	}
}

static void take_connecting(struct vsock *vsock, const struct vsock_packet *packet)
{
	if (packet->operation == VSOCK_RESPONSE)
		vsock->state = VSOCK_CONNECTED;
	else
		end(vsock, ECONNRESET, bit(VSOCK_RESET));
}

void vsock_received(const struct vsock_packet *packet, const void *bytes)
{
	struct vsock *vsock = find_connection(packet);

	if (!vsock && packet->operation == VSOCK_REQUEST && packet->type == VSOCK_STREAM) {
		take_request(packet);
		return;
	}
	if (!vsock || packet->type != VSOCK_STREAM) {
		refuse(packet);
		return;
	}
	note_credit(vsock, packet);
	if (packet->operation == VSOCK_RESET)
		end(vsock, vsock->state == VSOCK_CONNECTING ? ECONNRESET : 0, 0);
	else if (vsock->state == VSOCK_CONNECTING)
		take_connecting(vsock, packet);
	else
		take_connected(vsock, packet, bytes);
}

void vsock_lost(void)
{
	for (struct vsock *vsock = all; vsock; vsock = vsock->next)
		if (vsock->state == VSOCK_CONNECTING || vsock->state == VSOCK_CONNECTED) {
			end(vsock, ECONNRESET, 0);
		} else if (vsock->state == VSOCK_ENDED) {
			vsock->due = 0;
		}
	/* Who came and was not accepted has gone. */
	for (struct vsock *vsock = all; vsock; vsock = vsock->next)
		if (vsock->listener) {
			vsock->listener->waiting--;
			vsock->listener = 0;
		}
}

/* ---- the ends ---- */

void vsock_give_up(struct vsock *vsock)
{
	end(vsock, 0, bit(VSOCK_RESET));
	vsock_service();
}

void vsock_shutdown(struct vsock *vsock, unsigned halves)
{
	vsock->shut |= halves;
	if (vsock->state == VSOCK_CONNECTED)
		vsock->due |= bit(VSOCK_SHUTDOWN);
	vsock_service();
}

static void close_waiting(struct vsock *listener)
{
	struct vsock *child;

	while (child = vsock_accept(listener), child)
		end(child, 0, bit(VSOCK_RESET));
}

void vsock_close(struct vsock *vsock)
{
	vsock->has_file = false;
	if (vsock->state == VSOCK_LISTENING)
		close_waiting(vsock);
	if (vsock->state == VSOCK_CONNECTED) {
		vsock->shut = VSOCK_NEITHER;
		end(vsock, 0, (vsock->due & bit(VSOCK_RESPONSE)) | bit(VSOCK_SHUTDOWN));
	} else if (vsock->state == VSOCK_CONNECTING) {
		end(vsock, 0, vsock->due & bit(VSOCK_REQUEST) ? 0 : bit(VSOCK_RESET));
	}
	vsock_service();
}

int vsock_resize(struct vsock *vsock, uint64_t size)
{
	bool connected = vsock->state == VSOCK_CONNECTED || vsock->state == VSOCK_CONNECTING;

	if (connected && buffer_reserve(&vsock->buffer, size))
		return -ENOMEM;
	vsock->size = size;
	if (vsock->state == VSOCK_CONNECTED)
		vsock->due |= bit(VSOCK_CREDIT_UPDATE);
	return 0;
}

/* ---- bytes ---- */

/* The answer to the REQUEST goes first. */
bool vsock_may_push(const struct vsock *vsock)
{
	return vsock->state == VSOCK_CONNECTED && !(vsock->due & bit(VSOCK_RESPONSE)) &&
	       vsock_credit(vsock) && vsock_may_send();
}

int64_t vsock_push(struct vsock *vsock, struct uio *from)
{
	int64_t done = 0;

	while (from->total && vsock_may_push(vsock)) {
		struct vsock_packet packet = packet_to(vsock, VSOCK_DATA);
		size_t length = vsock_packet_max();
		int64_t moved;

		if (length > vsock_credit(vsock))
			length = vsock_credit(vsock);
		if (length > from->total)
			length = from->total;
		packet.length = (uint32_t)length;
		moved = vsock_send(&packet, from);
		if (moved < 0)
			return done ? done : moved;
		vsock->sent += (uint32_t)moved;
		done += moved;
	}
	return done;
}

int64_t vsock_pull(struct vsock *vsock, struct uio *to, bool peek)
{
	int64_t done = buffer_take(&vsock->buffer, to, peek);
	uint32_t forwarded = vsock->received - (uint32_t)vsock->buffer.used;

	/* The peer hears of free room when so much of it is news. */
	if (vsock->state == VSOCK_CONNECTED && forwarded - vsock->told >= vsock->size / 2) {
		vsock->due |= bit(VSOCK_CREDIT_UPDATE);
		vsock_send_due();
	}
	return done;
}
