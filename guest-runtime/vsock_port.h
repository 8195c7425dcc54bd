/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio socket device as the sockets see it: packets go out and come in. It is set up when the
 * first socket is made; its interrupt and what waits call vsock_service(). Source: VIRTIO 1.2,
 * section 5.10. */
#ifndef GUEST_VSOCK_PORT_H
#define GUEST_VSOCK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/dev/vsock_abi.h"

struct uio;

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
