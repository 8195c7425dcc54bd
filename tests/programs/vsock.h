/* SPDX-License-Identifier: Apache-2.0 */
/* AF_VSOCK without the kernel's header, and bytes whose place in a stream can be told: the same as
 * in tests/integration/vsock_peer.py. */
#ifndef PROGRAMS_VSOCK_H
#define PROGRAMS_VSOCK_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
#define CID_ANY 0xffffffffu
#define CID_HOST 2
#define PORT_ANY 0xffffffffu

struct sockaddr_vm {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t flags, zero[3];
};

static inline struct sockaddr_vm vm_address(uint32_t cid, uint32_t port)
{
	return (struct sockaddr_vm){.family = AF_VSOCK, .port = port, .cid = cid};
}

static inline int vm_bind(int fd, uint32_t cid, uint32_t port)
{
	struct sockaddr_vm address = vm_address(cid, port);

	return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static inline int vm_connect(int fd, uint32_t cid, uint32_t port)
{
	struct sockaddr_vm address = vm_address(cid, port);

	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/* A prime number of bytes, again and again: no page and no packet begins where another one does. */
#define PATTERN 65521
static uint8_t pattern[2 * PATTERN];

static inline void pattern_init(void)
{
	uint32_t state = 1;

	for (int i = 0; i < PATTERN; i++) {
		state = state * 1664525 + 1013904223;
		pattern[i] = pattern[i + PATTERN] = (uint8_t)(state >> 24);
	}
}

/* At most PATTERN bytes from there on. */
static inline const uint8_t *pattern_at(uint64_t offset)
{
	return pattern + offset % PATTERN;
}
#endif
