/* SPDX-License-Identifier: Apache-2.0 */
/* A vsock packet's header from its bytes, and into them. */
#ifndef MOTE_VSOCK_PACKET_H
#define MOTE_VSOCK_PACKET_H

#include "vmm/bytes.h"
#include "vmm/dev/vsock_abi.h"

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
