/* SPDX-License-Identifier: Apache-2.0 */
/* getsockopt and setsockopt: each option is a row. Source: Linux' vsock(7), socket(7). */
#include <linux/errno.h>

#include "file.h"
#include "socket.h"
#include "string.h"
#include "syscall.h"
#include "time.h"
#include "user.h"
#include "vsock.h"
#include "wait.h"

#define BUFFER_SIZE 0
#define BUFFER_MIN_SIZE 1
#define BUFFER_MAX_SIZE 2
#define CONNECT_TIMEOUT_OLD 6
#define CONNECT_TIMEOUT_NEW 8

/* What a program may ask for: pages are charged for all of it. */
#define SIZE_LIMIT (16u << 20)

enum kind {
	NUMBER, /* an int; what is set means nothing here */
	SIZE, /* uint64_t */
	TIME, /* a timeval */
};

struct option {
	unsigned level, name;
	enum kind kind;
	bool settable;
	uint64_t (*get)(struct vsock *vsock);
	int (*set)(struct vsock *vsock, uint64_t value);
};

static uint64_t get_error(struct vsock *vsock)
{
	int error = vsock->error;

	vsock_service();
	if (!error)
		error = vsock->error;
	vsock->error = 0;
	return (uint64_t)error;
}

static uint64_t get_type(struct vsock *vsock)
{
	(void)vsock;
	return SOCK_STREAM;
}

static uint64_t get_domain(struct vsock *vsock)
{
	(void)vsock;
	return AF_VSOCK;
}

static uint64_t get_nothing(struct vsock *vsock)
{
	(void)vsock;
	return 0;
}

static uint64_t get_listening(struct vsock *vsock)
{
	return vsock->state == VSOCK_LISTENING;
}

static uint64_t get_size(struct vsock *vsock)
{
	return vsock->size;
}

static uint64_t get_size_min(struct vsock *vsock)
{
	return vsock->size_min;
}

static uint64_t get_size_max(struct vsock *vsock)
{
	return vsock->size_max;
}

/* Between the other two. */
static int set_size(struct vsock *vsock, uint64_t size)
{
	if (size > vsock->size_max)
		size = vsock->size_max;
	if (size < vsock->size_min)
		size = vsock->size_min;
	return vsock_resize(vsock, size);
}

static int set_size_min(struct vsock *vsock, uint64_t size)
{
	if (size > SIZE_LIMIT)
		return -EINVAL;
	vsock->size_min = size;
	return set_size(vsock, vsock->size);
}

static int set_size_max(struct vsock *vsock, uint64_t size)
{
	vsock->size_max = size < SIZE_LIMIT ? size : SIZE_LIMIT;
	return set_size(vsock, vsock->size);
}

static uint64_t get_connect_timeout(struct vsock *vsock)
{
	return vsock->connect_timeout;
}

static uint64_t get_receive_timeout(struct vsock *vsock)
{
	return vsock->receive_timeout;
}

static uint64_t get_send_timeout(struct vsock *vsock)
{
	return vsock->send_timeout;
}

static int set_connect_timeout(struct vsock *vsock, uint64_t time)
{
	vsock->connect_timeout = time == FOREVER ? 2 * NANOSECONDS : time;
	return 0;
}

static int set_receive_timeout(struct vsock *vsock, uint64_t time)
{
	vsock->receive_timeout = time;
	return 0;
}

static int set_send_timeout(struct vsock *vsock, uint64_t time)
{
	vsock->send_timeout = time;
	return 0;
}

static int set_nothing(struct vsock *vsock, uint64_t value)
{
	(void)vsock, (void)value;
	return 0;
}

static const struct option options[] = {
	{SOL_SOCKET, SO_ERROR, NUMBER, false, get_error, 0},
	{SOL_SOCKET, SO_TYPE, NUMBER, false, get_type, 0},
	{SOL_SOCKET, SO_DOMAIN, NUMBER, false, get_domain, 0},
	{SOL_SOCKET, SO_PROTOCOL, NUMBER, false, get_nothing, 0},
	{SOL_SOCKET, SO_ACCEPTCONN, NUMBER, false, get_listening, 0},
	{SOL_SOCKET, SO_REUSEADDR, NUMBER, true, get_nothing, set_nothing},
	{SOL_SOCKET, SO_KEEPALIVE, NUMBER, true, get_nothing, set_nothing},
	{SOL_SOCKET, SO_SNDBUF, NUMBER, true, get_size, set_nothing},
	{SOL_SOCKET, SO_RCVBUF, NUMBER, true, get_size, set_nothing},
	{SOL_SOCKET, SO_RCVTIMEO_OLD, TIME, true, get_receive_timeout, set_receive_timeout},
	{SOL_SOCKET, SO_RCVTIMEO_NEW, TIME, true, get_receive_timeout, set_receive_timeout},
	{SOL_SOCKET, SO_SNDTIMEO_OLD, TIME, true, get_send_timeout, set_send_timeout},
	{SOL_SOCKET, SO_SNDTIMEO_NEW, TIME, true, get_send_timeout, set_send_timeout},
	{AF_VSOCK, BUFFER_SIZE, SIZE, true, get_size, set_size},
	{AF_VSOCK, BUFFER_MIN_SIZE, SIZE, true, get_size_min, set_size_min},
	{AF_VSOCK, BUFFER_MAX_SIZE, SIZE, true, get_size_max, set_size_max},
	{AF_VSOCK, CONNECT_TIMEOUT_OLD, TIME, true, get_connect_timeout, set_connect_timeout},
	{AF_VSOCK, CONNECT_TIMEOUT_NEW, TIME, true, get_connect_timeout, set_connect_timeout},
};

static const uint32_t sizes[] = {[NUMBER] = 4, [SIZE] = 8, [TIME] = 16};

static const struct option *option_find(uint64_t level, uint64_t name)
{
	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == (unsigned)level && options[i].name == (unsigned)name)
			return &options[i];
	return 0;
}

/* 0, and *option; or what the call gives. */
static int find(const uint64_t *a, struct vsock **vsock, const struct option **option)
{
	struct file *file = descriptor_file(a[0]);

	if (!file)
		return -EBADF;
	if (file->operations != &vsock_operations)
		return -ENOTSOCK;
	*vsock = file->object;
	*option = option_find(a[1], a[2]);
	return *option ? 0 : -ENOPROTOOPT;
}

/* No time is forever. */
static void time_out(uint64_t nanoseconds, int64_t timeval[2])
{
	if (nanoseconds == FOREVER)
		nanoseconds = 0;
	timeval[0] = (int64_t)(nanoseconds / NANOSECONDS);
	timeval[1] = (int64_t)(nanoseconds % NANOSECONDS / 1000);
}

HANDLER(getsockopt)
{
	const struct option *option;
	struct vsock *vsock;
	int64_t value[2];
	uint32_t length;
	int error = find(a, &vsock, &option);

	if (error)
		return error;
	if (get_user(length, a[4]))
		return -EFAULT;
	if (length < sizes[option->kind])
		return -EINVAL;
	length = sizes[option->kind];
	value[0] = (int64_t)option->get(vsock);
	if (option->kind == TIME)
		time_out((uint64_t)value[0], value);
	if (copy_to_user(a[3], value, length)) /* little-endian */
		return -EFAULT;
	return put_user(a[4], length);
}

HANDLER(setsockopt)
{
	const struct option *option;
	struct vsock *vsock;
	uint64_t value = 0;
	int error = find(a, &vsock, &option);

	if (error)
		return error;
	if (!option->settable)
		return -ENOPROTOOPT;
	if ((unsigned)a[4] < sizes[option->kind])
		return -EINVAL;
	if (option->kind == TIME)
		error = time_from_user_us(a[3], &value);
	else
		error = copy_from_user(&value, a[3], sizes[option->kind]);
	if (error)
		return error == -EINVAL ? -EDOM : error;
	if (option->kind == TIME && !value)
		value = FOREVER;
	return option->set(vsock, value);
}
