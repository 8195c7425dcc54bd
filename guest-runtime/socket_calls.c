/* SPDX-License-Identifier: Apache-2.0 */
/* System calls about sockets. The one family is AF_VSOCK, streams only, where the machine has such
 * a device; there is no network. Libraries ask (name services, shells looking at their stdin) and
 * go on from the answers. */
#include "socket.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "file.h"
#include "signal.h"
#include "syscall.h"
#include "user.h"
#include "vsock.h"

HANDLER(no_family)
{
	(void)a;
	return -EAFNOSUPPORT;
}

/* The socket of a descriptor; 0 and *error. */
static struct vsock *socket_of(uint64_t descriptor, int64_t *error)
{
	struct file *file = descriptor_file(descriptor);

	*error = file ? -ENOTSOCK : -EBADF;
	return file && file->operations == &vsock_operations ? file->object : 0;
}

static unsigned wait_flags(uint64_t descriptor)
{
	return descriptor_file(descriptor)->flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

static int64_t install(struct vsock *vsock, uint64_t flags)
{
	struct file *file = vsock_file(vsock, (unsigned)flags);

	return file ? descriptor_install(file, 0, flags & O_CLOEXEC) : -ENOMEM;
}

HANDLER(socket)
{
	uint64_t flags = a[1] & ~(uint64_t)SOCK_TYPE_MASK;
	struct vsock *vsock;
	int error;

	if ((unsigned)a[0] != AF_VSOCK)
		return -EAFNOSUPPORT;
	if (flags & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	error = vsock_open();
	if (error)
		return error;
	if ((a[1] & SOCK_TYPE_MASK) != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (a[2] && a[2] != AF_VSOCK)
		return -EPROTONOSUPPORT;
	vsock = vsock_create();
	return vsock ? install(vsock, flags) : -ENOMEM;
}

/* ---- addresses ---- */

static int address_from_user(struct sockaddr_vm *address, uint64_t from, uint64_t length)
{
	if ((unsigned)length < sizeof(*address))
		return -EINVAL;
	if (get_user(*address, from))
		return -EFAULT;
	return address->family == AF_VSOCK ? 0 : -EAFNOSUPPORT;
}

/* Cut to what the caller has room for; its length becomes the whole. */
static int address_to_user(uint64_t to, uint64_t length_at, uint32_t cid, uint32_t port)
{
	const struct sockaddr_vm address = {.family = AF_VSOCK, .port = port, .cid = cid};
	uint32_t length, whole = sizeof(address);

	if (get_user(length, length_at))
		return -EFAULT;
	if ((int32_t)length < 0)
		return -EINVAL;
	if (copy_to_user(to, &address, length < whole ? length : whole))
		return -EFAULT;
	return put_user(length_at, whole);
}

HANDLER(bind)
{
	struct sockaddr_vm address;
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);

	if (!vsock)
		return error;
	error = address_from_user(&address, a[1], a[2]);
	if (error)
		return error;
	if (address.cid != CID_ANY && address.cid != vsock_cid())
		return -EADDRNOTAVAIL;
	return vsock_bind(vsock, address.port);
}

HANDLER(getsockname)
{
	int64_t error;
	const struct vsock *vsock = socket_of(a[0], &error);
	bool connected;

	if (!vsock)
		return error;
	connected = vsock->state == VSOCK_CONNECTED || vsock->state == VSOCK_ENDED;
	return address_to_user(a[1], a[2], connected ? vsock_cid() : CID_ANY,
			       vsock->bound || connected ? vsock->port : PORT_ANY);
}

HANDLER(getpeername)
{
	int64_t error;
	const struct vsock *vsock = socket_of(a[0], &error);

	if (!vsock)
		return error;
	if (vsock->state != VSOCK_CONNECTED)
		return -ENOTCONN;
	return address_to_user(a[1], a[2], vsock->peer_cid, vsock->peer_port);
}

/* ---- connections ---- */

HANDLER(listen)
{
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);
	int backlog = (int)a[1];

	if (!vsock)
		return error;
	return vsock_listen(vsock, backlog > 0 ? (unsigned)backlog : 1);
}

static bool has_waiting(const struct vsock *vsock)
{
	return vsock->waiting;
}

HANDLER(accept4)
{
	int64_t error, descriptor;
	struct vsock *vsock = socket_of(a[0], &error), *child;

	if (!vsock)
		return error;
	if (a[3] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC) || vsock->state != VSOCK_LISTENING)
		return -EINVAL;
	vsock_service();
	if (!vsock->waiting && wait_flags(a[0]))
		return -EAGAIN;
	error = vsock_wait(vsock, has_waiting, vsock->receive_timeout, -EAGAIN);
	if (error)
		return error;
	child = vsock_accept(vsock);
	descriptor = install(child, a[3]);
	if (descriptor < 0 || !a[1])
		return descriptor;
	error = address_to_user(a[1], a[2], child->peer_cid, child->peer_port);
	if (error)
		descriptor_close((uint64_t)descriptor);
	return error ? error : descriptor;
}

HANDLER(accept)
{
	const uint64_t arguments[4] = {a[0], a[1], a[2], 0};

	return sys_accept4(arguments);
}

static bool is_decided(const struct vsock *vsock)
{
	return vsock->state != VSOCK_CONNECTING;
}

/* In the middle of it. */
static int64_t connect_wait(struct vsock *vsock, bool wait)
{
	int error = 0;

	vsock_service();
	if (!is_decided(vsock) && !wait)
		return -EALREADY;
	error = vsock_wait(vsock, is_decided, vsock->connect_timeout, -ETIMEDOUT);
	if (error == -EINTR)
		error = -ERESTARTSYS;
	if (error == -ETIMEDOUT)
		vsock_give_up(vsock);
	if (error || vsock->state == VSOCK_CONNECTED)
		return error;
	error = -vsock->error;
	vsock->error = 0;
	return error;
}

HANDLER(connect)
{
	struct sockaddr_vm address;
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);
	bool wait;

	if (!vsock)
		return error;
	wait = !wait_flags(a[0]);
	if (vsock->state == VSOCK_CONNECTED)
		return -EISCONN;
	if (vsock->state == VSOCK_LISTENING)
		return -EINVAL;
	if (vsock->state == VSOCK_CONNECTING)
		return connect_wait(vsock, wait);
	error = address_from_user(&address, a[1], a[2]);
	if (error)
		return error;
	if (address.cid == CID_ANY || address.port == PORT_ANY)
		return -EINVAL;
	error = vsock_connect(vsock, address.cid, address.port);
	if (!error && !wait)
		error = -EINPROGRESS; /* even if it is decided by now */
	return error ? error : connect_wait(vsock, true);
}

HANDLER(shutdown)
{
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);

	if (!vsock)
		return error;
	if (a[1] > 2)
		return -EINVAL;
	if (vsock->state != VSOCK_CONNECTED && vsock->state != VSOCK_ENDED)
		return -ENOTCONN;
	vsock_shutdown(vsock, (unsigned)a[1] + 1); /* SHUT_RD, _WR, _RDWR */
	return 0;
}

/* ---- bytes ---- */

#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE)
#define RECEIVE_FLAGS (MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)

static int64_t no_destination(const struct vsock *vsock)
{
	return vsock->state == VSOCK_CONNECTED ? -EISCONN : -EOPNOTSUPP;
}

HANDLER(sendto)
{
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);
	struct uio uio;

	if (!vsock)
		return error;
	if (a[3] & ~(uint64_t)SEND_FLAGS)
		return -EOPNOTSUPP;
	if (a[4] && (unsigned)a[5])
		return no_destination(vsock);
	error = uio_buffer(&uio, a[1], a[2], false);
	return error ? error : vsock_transmit(vsock, &uio, (unsigned)a[3] | wait_flags(a[0]));
}

HANDLER(recvfrom)
{
	const uint32_t none = 0;
	int64_t result;
	struct vsock *vsock = socket_of(a[0], &result);
	struct uio uio;

	if (!vsock)
		return result;
	if (a[3] & ~(uint64_t)RECEIVE_FLAGS)
		return -EOPNOTSUPP;
	result = uio_buffer(&uio, a[1], a[2], true);
	if (!result)
		result = vsock_receive(vsock, &uio, (unsigned)a[3] | wait_flags(a[0]));
	if (result >= 0 && a[4] && a[5] && put_user(a[5], none))
		return -EFAULT;
	return result;
}

HANDLER(sendmsg)
{
	int64_t error;
	struct vsock *vsock = socket_of(a[0], &error);
	struct message message;
	struct uio uio;

	if (!vsock)
		return error;
	if (a[2] & ~(uint64_t)SEND_FLAGS)
		return -EOPNOTSUPP;
	if (get_user(message, a[1]))
		return -EFAULT;
	if (message.name && message.name_length)
		return no_destination(vsock);
	if (message.vector_count > UINT32_MAX)
		return -EMSGSIZE;
	error = uio_vector(&uio, message.vector, (unsigned)message.vector_count, false);
	return error ? error : vsock_transmit(vsock, &uio, (unsigned)a[2] | wait_flags(a[0]));
}

HANDLER(recvmsg)
{
	int64_t result;
	struct vsock *vsock = socket_of(a[0], &result);
	struct message message;
	struct uio uio;

	if (!vsock)
		return result;
	if (a[2] & ~(uint64_t)RECEIVE_FLAGS)
		return -EOPNOTSUPP;
	if (get_user(message, a[1]))
		return -EFAULT;
	if (message.vector_count > UINT32_MAX)
		return -EMSGSIZE;
	result = uio_vector(&uio, message.vector, (unsigned)message.vector_count, true);
	if (!result)
		result = vsock_receive(vsock, &uio, (unsigned)a[2] | wait_flags(a[0]));
	if (result < 0)
		return result;
	message.name_length = 0;
	message.control_length = 0;
	message.flags = 0;
	return put_user(a[1], message) ? -EFAULT : result;
}
