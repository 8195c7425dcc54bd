/* SPDX-License-Identifier: Apache-2.0 */
/* What Linux' headers for user mode leave to the C library. */
#ifndef GUEST_SOCKET_H
#define GUEST_SOCKET_H

#include <stdint.h>

#include <asm/socket.h>

#define SOCK_STREAM 1
#define SOCK_TYPE_MASK 0xf /* above it: O_NONBLOCK, O_CLOEXEC */

#define MSG_PEEK 0x2
#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_CMSG_CLOEXEC 0x40000000

struct sockaddr_vm {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t flags, zero[3];
};

struct message { /* struct msghdr */
	uint64_t name;
	uint32_t name_length, padding;
	uint64_t vector, vector_count;
	uint64_t control, control_length;
	uint32_t flags, padding2;
};
#endif
