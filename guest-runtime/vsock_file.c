/* SPDX-License-Identifier: Apache-2.0 */
/* A socket as a file: waiting, reading, writing, polling. And /dev/vsock, which only tells the
 * machine's context id. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/signal.h>

#include <asm/ioctl.h>
#include <asm/ioctls.h>

#include "file.h"
#include "signal.h"
#include "socket.h"
#include "time.h"
#include "user.h"
#include "vsock.h"
#include "wait.h"

#define GET_LOCAL_CID _IO(7, 0xb9) /* IOCTL_VM_SOCKETS_GET_LOCAL_CID */

/* ---- waiting ---- */

struct socket_wait {
	struct vsock *vsock;
	bool (*ready)(const struct vsock *vsock);
};

static bool wait_is_over(void *context)
{
	const struct socket_wait *wait = context;

	vsock_service();
	return wait->ready(wait->vsock);
}

int vsock_wait(struct vsock *vsock, bool (*ready)(const struct vsock *), uint64_t timeout, int late)
{
	struct socket_wait wait = {vsock, ready};
	uint64_t deadline = timeout == FOREVER ? FOREVER : time_deadline(timeout);
	int error = wait_for(wait_is_over, &wait, deadline);

	if (error == -ETIMEDOUT)
		return late;
	if (error == -EINTR && timeout == FOREVER)
		return -ERESTARTSYS;
	return error;
}

/* ---- bytes in ---- */

static bool at_end(const struct vsock *vsock)
{
	return vsock->peer_shut & VSOCK_NO_SEND || vsock->shut & VSOCK_NO_RECEIVE;
}

static bool may_receive(const struct vsock *vsock)
{
	return vsock->buffer.used || at_end(vsock) || vsock->state != VSOCK_CONNECTED;
}

static int take_error(struct vsock *vsock)
{
	int error = vsock->error;

	vsock->error = 0;
	return -error;
}

/* Nothing is in the buffer: 0 at the end, or why there is nothing. */
static int64_t receive_nothing(struct vsock *vsock)
{
	if (vsock->error)
		return take_error(vsock);
	if (vsock->state != VSOCK_CONNECTED && vsock->state != VSOCK_ENDED)
		return -ENOTCONN;
	return at_end(vsock) ? 0 : -EAGAIN;
}

int64_t vsock_receive(struct vsock *vsock, struct uio *uio, unsigned flags)
{
	bool peek = flags & MSG_PEEK;
	int64_t done = 0;

	if (vsock->state == VSOCK_NEW || vsock->state == VSOCK_LISTENING)
		return -ENOTCONN;
	vsock_service();
	while (uio->total) {
		int64_t moved = vsock_pull(vsock, uio, peek);
		int error;

		if (!moved)
			moved = done ? -EAGAIN : receive_nothing(vsock);
		if (moved > 0)
			done += moved;
		if (moved == 0 || (moved < 0 && moved != -EAGAIN))
			return done ? done : moved;
		if (done && (peek || !(flags & MSG_WAITALL) || !uio->total))
			return done;
		if (flags & MSG_DONTWAIT)
			return done ? done : -EAGAIN;
		error = vsock_wait(vsock, may_receive, vsock->receive_timeout, -EAGAIN);
		if (error)
			return done ? done : error;
		if (done && !vsock->buffer.used) /* the end */
			return done;
	}
	return done;
}

/* ---- bytes out ---- */

static bool is_broken(const struct vsock *vsock)
{
	return vsock->state != VSOCK_CONNECTED || vsock->shut & VSOCK_NO_SEND ||
	       vsock->peer_shut & VSOCK_NO_RECEIVE;
}

static bool may_transmit(const struct vsock *vsock)
{
	return is_broken(vsock) || vsock_may_push(vsock);
}

static int64_t transmit_broken(struct vsock *vsock, unsigned flags)
{
	if (vsock->error)
		return take_error(vsock);
	if (vsock->state != VSOCK_CONNECTED && vsock->state != VSOCK_ENDED)
		return -ENOTCONN;
	if (!(flags & MSG_NOSIGNAL))
		signal_send(SIGPIPE, &(struct signal_info){.code = SI_USER});
	return -EPIPE;
}

int64_t vsock_transmit(struct vsock *vsock, struct uio *uio, unsigned flags)
{
	int64_t done = 0;

	vsock_service();
	for (;;) {
		int64_t moved;
		int error;

		if (is_broken(vsock))
			return done ? done : transmit_broken(vsock, flags);
		moved = vsock_push(vsock, uio);
		if (moved > 0) {
			done += moved;
			vsock_flush();
		}
		if (!uio->total || moved < 0)
			return done ? done : moved;
		if (flags & MSG_DONTWAIT)
			return done ? done : -EAGAIN;
		error = vsock_wait(vsock, may_transmit, vsock->send_timeout, -EAGAIN);
		if (error)
			return done ? done : error;
	}
}

/* ---- the file ---- */

static unsigned file_flags(const struct file *file)
{
	return file->flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

static int64_t file_receive(struct file *file, struct uio *uio, uint64_t *offset)
{
	(void)offset;
	return vsock_receive(file->object, uio, file_flags(file));
}

static int64_t file_transmit(struct file *file, struct uio *uio, uint64_t *offset)
{
	(void)offset;
	return vsock_transmit(file->object, uio, file_flags(file));
}

static unsigned poll_in(const struct vsock *vsock)
{
	const unsigned in = POLLIN | POLLRDNORM;
	unsigned events = 0;

	if (vsock->state == VSOCK_LISTENING)
		return vsock->waiting ? in : 0;
	if (vsock->state == VSOCK_NEW || vsock->state == VSOCK_CONNECTING)
		return 0;
	if (vsock->buffer.used || at_end(vsock))
		events |= in;
	if (at_end(vsock))
		events |= POLLRDHUP;
	return events;
}

static unsigned poll_out(const struct vsock *vsock)
{
	bool writable = vsock->state == VSOCK_NEW || vsock->state == VSOCK_ENDED ||
			(vsock->state == VSOCK_CONNECTED && vsock_may_push(vsock));

	return writable && !(vsock->shut & VSOCK_NO_SEND) ? POLLOUT | POLLWRNORM : 0;
}

static unsigned file_poll_events(struct file *file)
{
	const struct vsock *vsock = file->object;
	unsigned events;

	vsock_service();
	events = poll_in(vsock) | poll_out(vsock);
	if (vsock->error)
		events |= POLLERR;
	if (vsock->shut == VSOCK_NEITHER || vsock->state == VSOCK_ENDED ||
	    vsock->shut & vsock->peer_shut & VSOCK_NO_SEND)
		events |= POLLHUP;
	return events;
}

static int64_t file_ioctl(struct file *file, unsigned request, uint64_t argument)
{
	const struct vsock *vsock = file->object;
	int32_t count;

	if (request != FIONREAD)
		return -ENOTTY;
	vsock_service();
	count = (int32_t)vsock->buffer.used;
	return vsock->state == VSOCK_LISTENING ? -EINVAL : put_user(argument, count);
}

static void file_close(struct file *file)
{
	vsock_close(file->object);
}

const struct file_operations vsock_operations = {
	.read = file_receive,
	.write = file_transmit,
	.poll = file_poll_events,
	.ioctl = file_ioctl,
	.close = file_close,
};

struct file *vsock_file(struct vsock *vsock, unsigned flags)
{
	struct file *file = file_create(&vsock_operations, O_RDWR | (flags & O_NONBLOCK), 0, vsock);

	vsock->has_file = file;
	if (!file)
		vsock_close(vsock);
	return file;
}

/* ---- /dev/vsock ---- */

static int64_t control_ioctl(struct file *file, unsigned request, uint64_t argument)
{
	int error = request == GET_LOCAL_CID ? vsock_open() : -ENOTTY;
	uint32_t cid;

	(void)file;
	if (error)
		return error;
	cid = vsock_cid();
	return put_user(argument, cid);
}

const struct file_operations vsock_control_operations = {.ioctl = control_ioctl};
