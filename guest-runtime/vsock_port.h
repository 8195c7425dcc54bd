/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio socket device as the sockets see it: packets go out and come in. It is set up when the
 * first socket is made; its interrupt and what waits call vsock_service(). Source: VIRTIO 1.2,
 * section 5.10. */
#ifndef GUEST_VSOCK_PORT_H
#define GUEST_VSOCK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uio;

#define VSOCK_STREAM 1
enum {
	VSOCK_REQUEST = 1,
	VSOCK_RESPONSE,
	VSOCK_RESET,
	VSOCK_SHUTDOWN,
	VSOCK_DATA,
	VSOCK_CREDIT_UPDATE,
	VSOCK_CREDIT_REQUEST,
};
enum { VSOCK_NO_RECEIVE = 1, VSOCK_NO_SEND = 2, VSOCK_NEITHER = 3 }; /* SHUTDOWN's flags */

/* In front of every packet, little-endian as we are. */
struct vsock_packet {
	uint64_t from_cid, to_cid;
	uint32_t from_port, to_port;
	uint32_t length;
	uint16_t type, operation;
	uint32_t flags;
	uint32_t room, forwarded; /* of the sender: buf_alloc, fwd_cnt */
} __attribute__((packed));

/* Whether this machine has the device at all. */
bool vsock_exists(void);
/* 0, -EAFNOSUPPORT: there is none, -ENOMEM. */
int vsock_open(void);
/* This machine's context id. */
uint32_t vsock_cid(void);

/* Takes what has come, sends what is due, whoever calls. */
void vsock_service(void);
/* The same for the interrupt; nothing where no socket was ever made. */
void vsock_interrupt(void);

/* Whether a packet can be sent now; if not, an interrupt comes when it can. */
bool vsock_may_send(void);
/* Only if it can: fills in type and the sender's id. With bytes, as many as packet->length says
 * are moved behind it; -EFAULT: not one could be, and nothing is sent, else how many. The device
 * does not hear of it before vsock_flush(). */
int64_t vsock_send(struct vsock_packet *packet, struct uio *bytes);
void vsock_flush(void);
/* What fits into one packet. */
size_t vsock_packet_max(void);

/* vsock.c: what comes in; bytes are those behind the packet. One packet may be sent at once. */
void vsock_received(const struct vsock_packet *packet, const void *bytes);
/* vsock.c: all that is connected is lost. */
void vsock_lost(void);
/* vsock.c: sends what is due. */
void vsock_send_due(void);
#endif
