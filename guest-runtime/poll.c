/* SPDX-License-Identifier: Apache-2.0 */
/* ppoll, pselect6 and their elder kin: one loop over descriptors, asked again after each
 * interrupt. */
#include <linux/errno.h>
#include <linux/poll.h>

#include "arch.h"
#include "file.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "user.h"
#include "wait.h"

/* `unit`: nanoseconds that the fraction counts. */
static void time_left(uint64_t timeout, uint64_t deadline, int64_t unit)
{
	uint64_t now = clock_now();
	struct timespec64 left = time_split(deadline > now ? deadline - now : 0);

	left.nanoseconds /= unit;
	copy_to_user(timeout, &left, sizeof(left)); /* where it may not be written: no harm */
}

/* What is left of the time goes to user mode as pselect6 and ppoll want it. */
static int64_t wait_with_mask(bool (*ready)(void *), void *context, uint64_t timeout, uint64_t mask,
			      uint64_t size)
{
	uint64_t time, deadline = FOREVER;
	int error = timeout ? time_from_user(timeout, &time) : 0;

	if (!error && timeout)
		deadline = time ? time_deadline(time) : 0;
	if (!error && mask)
		error = signal_mask_temporarily(mask, size);
	if (error)
		return error;
	error = wait_for(ready, context, deadline);
	if (error != -EINTR) /* then its handler runs under the mask that let it through */
		signal_mask_back();
	if (timeout)
		time_left(timeout, deadline, 1);
	return error;
}

struct poll_list {
	uint64_t address;
	uint64_t count;
	int64_t ready;
};

static unsigned poll_one(const struct pollfd *entry)
{
	struct file *file;

	if (entry->fd < 0)
		return 0;
	file = descriptor_file((uint64_t)entry->fd);
	if (!file)
		return POLLNVAL;
	return file_poll(file) & ((unsigned)(uint16_t)entry->events | POLLERR | POLLHUP);
}

/* Counts the ready ones and writes all results; a bad address ends it as ready. */
static bool list_ready(void *context)
{
	struct poll_list *list = context;

	list->ready = 0;
	for (uint64_t i = 0; i < list->count; i++) {
		uint64_t at = list->address + i * sizeof(struct pollfd);
		struct pollfd entry;

		if (get_user(entry, at)) {
			list->ready = -EFAULT;
			return true;
		}
		entry.revents = (short)poll_one(&entry);
		if (put_user(at, entry)) {
			list->ready = -EFAULT;
			return true;
		}
		list->ready += entry.revents != 0;
	}
	return list->ready;
}

HANDLER(ppoll)
{
	struct poll_list list = {a[0], (unsigned)a[1], 0};
	int64_t error;

	if (list.count > FILES_MAX)
		return -EINVAL;
	error = wait_with_mask(list_ready, &list, a[2], a[3], a[4]);
	return error == -ETIMEDOUT ? 0 : error ? error : list.ready;
}

HANDLER(poll)
{
	struct poll_list list = {a[0], (unsigned)a[1], 0};
	int64_t error;

	if (list.count > FILES_MAX)
		return -EINVAL;
	error = wait_for(list_ready, &list, time_deadline_ms((int)a[2]));
	return error == -ETIMEDOUT ? 0 : error ? error : list.ready;
}

#define SET_WORDS (FILES_MAX / 64)

struct select_sets {
	uint64_t in[3][SET_WORDS], out[3][SET_WORDS];
	unsigned count;
	int64_t ready;
};

/* readable, writable, exceptional */
static const unsigned select_events[3] = {
	POLLIN | POLLRDNORM | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLERR,
	POLLPRI,
};

static void select_one(struct select_sets *sets, unsigned n)
{
	uint64_t bit = 1ull << n % 64;
	struct file *file = descriptor_file(n);

	for (int i = 0; i < 3; i++) {
		if (!(sets->in[i][n / 64] & bit))
			continue;
		if (!file) {
			sets->ready = -EBADF;
			return;
		}
		if (file_poll(file) & select_events[i]) {
			sets->out[i][n / 64] |= bit;
			sets->ready++;
		}
	}
}

static bool sets_ready(void *context)
{
	struct select_sets *sets = context;

	sets->ready = 0;
	for (unsigned n = 0; n < sets->count && sets->ready >= 0; n++)
		select_one(sets, n);
	return sets->ready;
}

static size_t set_bytes(const struct select_sets *sets)
{
	return (sets->count + 63) / 64 * 8;
}

static int sets_read(struct select_sets *sets, const uint64_t *a)
{
	if ((int)a[0] < 0)
		return -EINVAL;
	sets->count = (unsigned)a[0] < FILES_MAX ? (unsigned)a[0] : FILES_MAX;
	for (int i = 0; i < 3; i++)
		if (a[1 + i] && copy_from_user(sets->in[i], a[1 + i], set_bytes(sets)))
			return -EFAULT;
	return 0;
}

/* `error`: how the wait ended. */
static int64_t sets_write(const struct select_sets *sets, const uint64_t *a, int64_t error)
{
	if (error && error != -ETIMEDOUT)
		return error;
	if (sets->ready < 0)
		return sets->ready;
	for (int i = 0; i < 3; i++)
		if (a[1 + i] && copy_to_user(a[1 + i], sets->out[i], set_bytes(sets)))
			return -EFAULT;
	return sets->ready;
}

HANDLER(pselect6)
{
	struct select_sets sets = {.ready = 0};
	uint64_t mask[2] = {0, 0};
	int64_t error = sets_read(&sets, a);

	if (!error && a[5] && get_user(mask, a[5]))
		error = -EFAULT;
	if (error)
		return error;
	error = wait_with_mask(sets_ready, &sets, a[4], mask[0], mask[1]);
	return sets_write(&sets, a, error);
}

HANDLER(select)
{
	struct select_sets sets = {.ready = 0};
	uint64_t time, deadline = FOREVER;
	int64_t error = sets_read(&sets, a);

	if (!error && a[4]) {
		error = time_from_user_us(a[4], &time);
		deadline = time ? time_deadline(time) : 0;
	}
	if (error)
		return error;
	error = wait_for(sets_ready, &sets, deadline);
	if (a[4])
		time_left(a[4], deadline, 1000);
	return sets_write(&sets, a, error);
}
