/* SPDX-License-Identifier: Apache-2.0 */
/* The header in front of every packet of a virtio socket device, little-endian, packed.
 * Source: VIRTIO 1.2, section 5.10.6. */
#ifndef MOTE_VSOCK_PACKET_H
#define MOTE_VSOCK_PACKET_H

#include <stdint.h>

#include "vmm/bytes.h"

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

struct vsock_packet {
	uint64_t from_cid, to_cid;
	uint32_t from_port, to_port;
	uint32_t length; /* of what follows the header */
	uint16_t type; /* VSOCK_STREAM */
	uint16_t operation;
	uint32_t flags;
	uint32_t room; /* the sender's buffer for this connection: buf_alloc */
	uint32_t forwarded; /* what it has taken out of that buffer so far, modulo 2^32: fwd_cnt */
};

static inline struct vsock_packet vsock_packet_load(const uint8_t raw[VSOCK_HEADER_SIZE])
{
	return (struct vsock_packet){
		.from_cid = bytes_load_le(raw, 8),
		.to_cid = bytes_load_le(raw + 8, 8),
		.from_port = (uint32_t)bytes_load_le(raw + 16, 4),
		.to_port = (uint32_t)bytes_load_le(raw + 20, 4),
		.length = (uint32_t)bytes_load_le(raw + 24, 4),
		.type = (uint16_t)bytes_load_le(raw + 28, 2),
		.operation = (uint16_t)bytes_load_le(raw + 30, 2),
		.flags = (uint32_t)bytes_load_le(raw + 32, 4),
		.room = (uint32_t)bytes_load_le(raw + 36, 4),
		.forwarded = (uint32_t)bytes_load_le(raw + 40, 4),
	};
}

static inline void vsock_packet_store(uint8_t raw[VSOCK_HEADER_SIZE],
				      const struct vsock_packet *packet)
{
	bytes_store_le(raw, 8, packet->from_cid);
	bytes_store_le(raw + 8, 8, packet->to_cid);
	bytes_store_le(raw + 16, 4, packet->from_port);
	bytes_store_le(raw + 20, 4, packet->to_port);
	bytes_store_le(raw + 24, 4, packet->length);
	bytes_store_le(raw + 28, 2, packet->type);
	bytes_store_le(raw + 30, 2, packet->operation);
	bytes_store_le(raw + 32, 4, packet->flags);
	bytes_store_le(raw + 36, 4, packet->room);
	bytes_store_le(raw + 40, 4, packet->forwarded);
}

#endif
