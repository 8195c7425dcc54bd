/* SPDX-License-Identifier: Apache-2.0 */
/* Stream sockets of the family AF_VSOCK: their states, their buffers, and the credit that both ends
 * give each other. System calls are in socket_calls.c, what a descriptor does in vsock_file.c.
 *
 *   NEW ─ listen ─► LISTENING                       RESET, or both halves shut by the peer
 *   NEW ─ connect ─► CONNECTING ─ RESPONSE ─► CONNECTED ─────────────────────────────► ENDED
 *         a REQUEST to a listener ──────────────────────►
 *
 * A socket that has come without being accepted yet, or is closed with packets still due, has no
 * file. Source: VIRTIO 1.2, section 5.10.6; Linux' vsock(7) for what a program sees. */
#ifndef GUEST_VSOCK_H
#define GUEST_VSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vsock_port.h"

#define AF_VSOCK 40
#define CID_ANY 0xffffffffu
#define PORT_ANY 0xffffffffu

struct file;
struct uio;

enum vsock_state {
	VSOCK_NEW,
	VSOCK_LISTENING,
	VSOCK_CONNECTING,
	VSOCK_CONNECTED,
	VSOCK_ENDED,
};

/* Pages in a row that are filled at one end and emptied at the other. */
struct vsock_buffer {
	struct vsock_page *first, *last;
	size_t start, end; /* in the first one, in the last one */
	size_t used;
	uint64_t charged; /* pages */
};

struct vsock {
	struct vsock *next; /* of all */
	enum vsock_state state;
	bool has_file;
	bool bound;
	uint32_t port, peer_port, peer_cid;
	unsigned due; /* packets to be sent as soon as one can be: bit n for operation n */
	unsigned shut, peer_shut; /* VSOCK_NO_… */
	int error; /* of the connection: for the next who asks; 0: none */

	struct vsock *listener; /* whose accept() it waits for; 0: none */
	unsigned backlog, waiting; /* of a listener: at most, and now */

	struct vsock_buffer buffer;
	uint32_t received, told; /* modulo 2^32: taken from the buffer and told so */
	uint32_t sent, peer_room, peer_forwarded;

	uint64_t size, size_min, size_max; /* SO_VM_SOCKETS_BUFFER_… */
	uint64_t connect_timeout, receive_timeout, send_timeout; /* ns; FOREVER */
};

/* A new one, in no file; 0: no memory. */
struct vsock *vsock_create(void);
/* The program has closed it: goes as soon as the other end knows. */
void vsock_close(struct vsock *vsock);

/* 0, -EINVAL: bound already, -EADDRINUSE. */
int vsock_bind(struct vsock *vsock, uint32_t port);
/* 0, -EINVAL: not bound, or in another state. */
int vsock_listen(struct vsock *vsock, unsigned backlog);
/* The one that has come first, out of the queue; 0: none has. */
struct vsock *vsock_accept(struct vsock *listener);
/* Sends the REQUEST: 0, -ENOMEM. */
int vsock_connect(struct vsock *vsock, uint32_t cid, uint32_t port);
/* Nobody has answered. */
void vsock_give_up(struct vsock *vsock);
void vsock_shutdown(struct vsock *vsock, unsigned halves);
/* Another size; 0 or -ENOMEM. */
int vsock_resize(struct vsock *vsock, uint64_t size);

/* How much may be sent by the peer's leave; and whether anything can be now. */
uint32_t vsock_credit(const struct vsock *vsock);
bool vsock_may_push(const struct vsock *vsock);
/* Moves what it can: bytes moved, which may be 0, or -EFAULT. The peer is told by vsock_flush(). */
int64_t vsock_push(struct vsock *vsock, struct uio *from);
/* Moves from the buffer; peek: which keeps it. */
int64_t vsock_pull(struct vsock *vsock, struct uio *to, bool peek);

/* vsock_buffer.c. Room for so many bytes is charged; they are put in whole; taken as far as `to`
 * takes them: bytes, or -EFAULT. */
int buffer_reserve(struct vsock_buffer *buffer, size_t bytes);
size_t buffer_room(const struct vsock_buffer *buffer);
void buffer_put(struct vsock_buffer *buffer, const void *bytes, size_t length);
int64_t buffer_take(struct vsock_buffer *buffer, struct uio *to, bool peek);
void buffer_free(struct vsock_buffer *buffer);

/* vsock_file.c: a descriptor's view. */
extern const struct file_operations vsock_operations, vsock_control_operations;
/* One reference, the caller's; takes the socket over. 0: no memory, and it is closed. */
struct file *vsock_file(struct vsock *vsock, unsigned flags);
/* flags: MSG_DONTWAIT, _PEEK, _WAITALL; MSG_DONTWAIT, _NOSIGNAL. */
int64_t vsock_receive(struct vsock *vsock, struct uio *uio, unsigned flags);
int64_t vsock_transmit(struct vsock *vsock, struct uio *uio, unsigned flags);
/* Waits for ready(vsock), which is asked after vsock_service(), for as long as `timeout` says: 0,
 * or what the system call gives: `late` at its end. */
int vsock_wait(struct vsock *vsock, bool (*ready)(const struct vsock *vsock), uint64_t timeout,
	       int late);
#endif
