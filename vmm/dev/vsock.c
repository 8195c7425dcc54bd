/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/vsock.h"

/* The guest hears of free room when so much of it is news. */
enum { NEWS = VSOCK_ROOM / 2 };

static unsigned int bit(enum vsock_operation operation)
{
	return 1u << operation;
}

void vsock_ask(struct vsock *vsock, uint32_t guest_port, uint32_t host_port)
{
	vsock->state = VSOCK_ASKING;
	vsock->guest_port = guest_port;
	vsock->host_port = host_port;
	vsock->due = bit(VSOCK_REQUEST);
}

static void note_credit(struct vsock *vsock, const struct vsock_packet *packet)
{
	vsock->guest_room = packet->room;
	vsock->guest_forwarded = packet->forwarded;
	if (vsock_credit(vsock))
		vsock->asked = false;
}

void vsock_accept(struct vsock *vsock, const struct vsock_packet *request)
{
	vsock->state = VSOCK_OPEN;
	vsock->guest_port = request->from_port;
	vsock->host_port = request->to_port;
	vsock->due = bit(VSOCK_RESPONSE);
	note_credit(vsock, request);
}

void vsock_end(struct vsock *vsock)
{
	vsock->due = vsock->state == VSOCK_GREETING ? 0 : bit(VSOCK_RESET);
	vsock->state = VSOCK_ENDED;
}

static enum vsock_news broken(struct vsock *vsock)
{
	vsock_end(vsock);
	return VSOCK_BROKEN;
}

static enum vsock_news take_data(struct vsock *vsock, const struct vsock_packet *packet)
{
	uint32_t held = vsock->received - vsock->forwarded;

	if (vsock->guest_shut & VSOCK_NO_SEND || packet->length > VSOCK_ROOM - held)
		return broken(vsock);
	vsock->received += packet->length;
	return VSOCK_BYTES;
}

static enum vsock_news take_shutdown(struct vsock *vsock, const struct vsock_packet *packet)
{
	vsock->guest_shut |= packet->flags & VSOCK_NEITHER;
	if (vsock->guest_shut == VSOCK_NEITHER)
		vsock_end(vsock);
	return VSOCK_SHUT;
}

static enum vsock_news take_open(struct vsock *vsock, const struct vsock_packet *packet)
{
	switch (packet->operation) {
	case VSOCK_DATA:
		return take_data(vsock, packet);
	case VSOCK_SHUTDOWN:
		return take_shutdown(vsock, packet);
	case VSOCK_CREDIT_REQUEST:
		vsock->due |= bit(VSOCK_CREDIT_UPDATE);
		return VSOCK_NOTHING;
	case VSOCK_CREDIT_UPDATE:
		return VSOCK_NOTHING;
	default:
		return broken(vsock);
	}
}

enum vsock_news vsock_take(struct vsock *vsock, const struct vsock_packet *packet)
{
	if (packet->operation == VSOCK_RESET) {
		vsock->state = VSOCK_ENDED;
		vsock->due = 0;
		return VSOCK_BROKEN;
	}
	if (vsock->state == VSOCK_ENDED) /* what is due says so */
		return VSOCK_NOTHING;
	note_credit(vsock, packet);
	if (vsock->state == VSOCK_OPEN)
		return take_open(vsock, packet);
	if (packet->operation != VSOCK_RESPONSE || vsock->due)
		return broken(vsock);
	vsock->state = VSOCK_OPEN;
	note_credit(vsock, packet);
	return VSOCK_CONNECTED;
}

void vsock_forward(struct vsock *vsock, uint32_t count)
{
	vsock->forwarded += count;
	if (vsock->state == VSOCK_OPEN && vsock->forwarded - vsock->told >= NEWS)
		vsock->due |= bit(VSOCK_CREDIT_UPDATE);
}

void vsock_shut(struct vsock *vsock, unsigned int halves)
{
	unsigned int before = vsock->host_shut;

	vsock->host_shut |= halves;
	if (vsock->state != VSOCK_OPEN || vsock->host_shut == before)
		return;
	vsock->due |= bit(VSOCK_SHUTDOWN);
	if (vsock->host_shut == VSOCK_NEITHER) {
		vsock->due &= bit(VSOCK_RESPONSE) | bit(VSOCK_SHUTDOWN);
		vsock->state = VSOCK_ENDED;
	}
}

/* A guest that says to have taken more than it was sent has room for nothing. */
uint32_t vsock_credit(const struct vsock *vsock)
{
	uint32_t under_way = vsock->sent - vsock->guest_forwarded;

	if (vsock->state != VSOCK_OPEN || under_way >= vsock->guest_room)
		return 0;
	return vsock->guest_room - under_way;
}

static void fill(struct vsock *vsock, enum vsock_operation operation, struct vsock_packet *packet)
{
	*packet = (struct vsock_packet){
		.from_cid = VSOCK_CID_HOST,
		.from_port = vsock->host_port,
		.to_port = vsock->guest_port,
		.type = VSOCK_STREAM,
		.operation = (uint16_t)operation,
		.flags = operation == VSOCK_SHUTDOWN ? vsock->host_shut : 0,
		.room = VSOCK_ROOM,
		.forwarded = vsock->forwarded,
	};
	vsock->told = vsock->forwarded;
	vsock->due &= ~(bit(operation) | bit(VSOCK_CREDIT_UPDATE));
}

bool vsock_next(struct vsock *vsock, struct vsock_packet *packet)
{
	/* The lowest first: no operation makes sense before one of a smaller number. */
	if (!vsock->due)
		return false;
	fill(vsock, (enum vsock_operation)__builtin_ctz(vsock->due), packet);
	return true;
}

void vsock_data(struct vsock *vsock, uint32_t count, struct vsock_packet *packet)
{
	fill(vsock, VSOCK_DATA, packet);
	packet->length = count;
	vsock->sent += count;
	if (!vsock_credit(vsock) && !vsock->asked) {
		vsock->due |= bit(VSOCK_CREDIT_REQUEST);
		vsock->asked = true;
	}
}
