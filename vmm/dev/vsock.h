/* SPDX-License-Identifier: Apache-2.0 */
/* One stream between a port of the guest and one of the host, as the virtio socket device has to
 * see it: what a packet means in its state, which packets the guest is to get, and how much either
 * side may send. Knows no queue and no socket. Source: VIRTIO 1.2, section 5.10.6.
 *
 *   host asks     GREETING ── vsock_ask() ──► ASKING ── the guest's RESPONSE ──► OPEN
 *   guest asks    vsock_accept() ──────────────────────────────────────────────► OPEN
 *   either end    any ── RESET, SHUTDOWN of both halves, a broken rule ────────► ENDED
 *
 * ENDED and nothing due: the guest knows no more of it, and the same ports may be a new stream. */
#ifndef MOTE_VSOCK_H
#define MOTE_VSOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/vsock_packet.h"

/* Bytes that the guest may have under way on one stream. */
enum { VSOCK_ROOM = 0x10000 };

enum vsock_state {
	VSOCK_GREETING, /* who connected has not yet said to which port */
	VSOCK_ASKING,
	VSOCK_OPEN,
	VSOCK_ENDED,
};

struct vsock {
	enum vsock_state state;
	uint32_t guest_port, host_port;
	unsigned int due; /* that the guest is to get: bit n for operation n */
	unsigned int guest_shut, host_shut; /* VSOCK_NO_…: what that side has given up */
	/* All modulo 2^32. */
	uint32_t received, forwarded; /* from the guest; on to the host */
	uint32_t told; /* of forwarded, what the guest knows */
	uint32_t sent; /* to the guest */
	uint32_t guest_room, guest_forwarded; /* as the guest told last */
	bool asked; /* for credit, since there was some */
};

/* What is to be done about a packet. */
enum vsock_news {
	VSOCK_NOTHING,
	VSOCK_CONNECTED, /* the guest has accepted */
	VSOCK_BYTES, /* packet->length of them are for the host */
	VSOCK_SHUT, /* guest_shut has grown */
	VSOCK_BROKEN, /* by the guest; what is under way to the host is void */
};

/* The host's wish to reach guest_port, from GREETING. */
void vsock_ask(struct vsock *vsock, uint32_t guest_port, uint32_t host_port);

/* A guest's REQUEST that is granted; vsock is zeroed. */
void vsock_accept(struct vsock *vsock, const struct vsock_packet *request);

/* A packet of the guest's for this stream. */
enum vsock_news vsock_take(struct vsock *vsock, const struct vsock_packet *packet);

/* So many of the guest's bytes have left for the host, and their room is free. */
void vsock_forward(struct vsock *vsock, uint32_t count);

/* The host has given up these halves; both: the stream ends when the guest has been told. */
void vsock_shut(struct vsock *vsock, unsigned int halves);

/* Ends it at once. */
void vsock_end(struct vsock *vsock);

/* How many bytes the guest has room for; 0 in other states than OPEN. */
uint32_t vsock_credit(const struct vsock *vsock);

/* The next packet without data that is due; it counts as sent. False: none is. */
bool vsock_next(struct vsock *vsock, struct vsock_packet *packet);

/* The header of so many bytes, at most vsock_credit(); they count as sent. */
void vsock_data(struct vsock *vsock, uint32_t count, struct vsock_packet *packet);

#endif
