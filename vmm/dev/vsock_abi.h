/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of a virtio socket device, for monitor and runtime. Freestanding.
 * Source: VIRTIO 1.2, section 5.10.6. */
#ifndef MOTE_VSOCK_ABI_H
#define MOTE_VSOCK_ABI_H

#include <stdint.h>

enum { VSOCK_HEADER_SIZE = 44, VSOCK_STREAM = 1 };

/* Context ids: the host's, and the lowest that a guest may have. */
enum { VSOCK_CID_HOST = 2, VSOCK_CID_GUEST = 3 };

enum vsock_operation {
	VSOCK_REQUEST = 1,
	VSOCK_RESPONSE,
	VSOCK_RESET,
	VSOCK_SHUTDOWN,
	VSOCK_DATA,
	VSOCK_CREDIT_UPDATE,
	VSOCK_CREDIT_REQUEST,
};

/* Flags of VSOCK_SHUTDOWN: the sender will not receive, or not send, any more. */
enum { VSOCK_NO_RECEIVE = 1, VSOCK_NO_SEND = 2, VSOCK_NEITHER = 3 };

/* In front of every packet, little-endian. */
struct vsock_packet {
	uint64_t from_cid, to_cid;
	uint32_t from_port, to_port;
	uint32_t length; /* of what follows the header */
	uint16_t type; /* VSOCK_STREAM */
	uint16_t operation;
	uint32_t flags;
	uint32_t room; /* the sender's buffer for this connection: buf_alloc */
	uint32_t forwarded; /* what it has taken out of that buffer so far, modulo 2^32: fwd_cnt */
} __attribute__((packed));
_Static_assert(sizeof(struct vsock_packet) == VSOCK_HEADER_SIZE, "44 bytes");

#endif
