/* SPDX-License-Identifier: Apache-2.0 */
/* User memory by software walk of the page tables: no fault is ever taken in the runtime.
 * There is one thread, so a page that was looked up stays. */
#include "user.h"

#include <linux/errno.h>

#include "arch.h"
#include "signal.h"
#include "space.h"
#include "string.h"

#define IOV_LIMIT 1024
#define UIO_TOTAL_MAX 0x7ffff000 /* Linux moves no more at once */

/* The linear address of a user address, or 0. */
static char *user_page(uint64_t address, bool write)
{
	unsigned access = write ? ACCESS_WRITE : ACCESS_READ;
	struct mapping mapping;
	struct fault fault;

	if (address >= USER_END)
		return 0;
	if (!mmu_lookup(page_down(address), &mapping) || !(mapping.access & access)) {
		space_fault(address, access, &fault);
		if (fault.signal || !mmu_lookup(page_down(address), &mapping))
			return 0;
	}
	return (char *)linear(mapping.physical) + (address & PAGE_MASK);
}

void *user_run(uint64_t address, size_t length, bool write, size_t *run)
{
	char *start = user_page(address, write), *page;
	size_t n = PAGE_SIZE - (address & PAGE_MASK);

	*run = 0;
	if (!start)
		return 0;
	while (n < length) {
		page = user_page(address + n, write);
		if (page != start + n)
			break;
		n += PAGE_SIZE;
	}
	*run = n < length ? n : length;
	return start;
}

static size_t chunk(uint64_t address, size_t length)
{
	size_t left = PAGE_SIZE - (address & PAGE_MASK);

	return length < left ? length : left;
}

int copy_to_user(uint64_t to, const void *from, size_t length)
{
	const char *bytes = from;

	while (length) {
		size_t n = chunk(to, length);
		char *page = user_page(to, true);

		if (!page)
			return -EFAULT;
		memcpy(page, bytes, n);
		to += n;
		bytes += n;
		length -= n;
	}
	return 0;
}

int copy_from_user(void *to, uint64_t from, size_t length)
{
	char *bytes = to;

	while (length) {
		size_t n = chunk(from, length);
		const char *page = user_page(from, false);

		if (!page)
			return -EFAULT;
		memcpy(bytes, page, n);
		from += n;
		bytes += n;
		length -= n;
	}
	return 0;
}

int clear_user(uint64_t to, size_t length)
{
	while (length) {
		size_t n = chunk(to, length);
		char *page = user_page(to, true);

		if (!page)
			return -EFAULT;
		memset(page, 0, n);
		to += n;
		length -= n;
	}
	return 0;
}

int64_t string_from_user(char *to, uint64_t from, size_t size)
{
	const char *page = 0;

	for (size_t i = 0; i < size; i++) {
		if (!page || !((from + i) & PAGE_MASK))
			page = user_page(from + i, false);
		if (!page)
			return -EFAULT;
		to[i] = *page++;
		if (!to[i])
			return (int64_t)i;
	}
	return -ENAMETOOLONG;
}

int uio_buffer(struct uio *uio, uint64_t base, size_t length, bool to_user)
{
	if ((int64_t)length < 0)
		return -EFAULT; /* no address space has room for it */
	if (length > UIO_TOTAL_MAX)
		length = UIO_TOTAL_MAX;
	*uio = (struct uio){.base = base, .length = length, .total = length, .to_user = to_user};
	return 0;
}

void uio_kernel(struct uio *uio, const void *bytes, size_t length)
{
	*uio = (struct uio){.length = length, .total = length, .kernel = bytes};
}

struct iovec {
	uint64_t base, length;
};

int uio_vector(struct uio *uio, uint64_t vector, unsigned count, bool to_user)
{
	struct iovec iovec;

	*uio = (struct uio){.vector = vector, .count = count, .to_user = to_user};
	if (count > IOV_LIMIT)
		return -EINVAL;
	for (unsigned i = 0; i < count; i++) {
		if (get_user(iovec, vector + i * sizeof(iovec)))
			return -EFAULT;
		if ((int64_t)iovec.length < 0)
			return -EINVAL;
		uio->total += iovec.length;
		if (uio->total > UIO_TOTAL_MAX)
			uio->total = UIO_TOTAL_MAX;
	}
	return 0;
}

/* The list is user memory and may have changed since: lengths never exceed the total. */
static bool next_buffer(struct uio *uio)
{
	struct iovec iovec;

	while (!uio->length && uio->count) {
		if (get_user(iovec, uio->vector))
			return false;
		uio->vector += sizeof(iovec);
		uio->count--;
		uio->base = iovec.base;
		uio->length = iovec.length < uio->total ? iovec.length : uio->total;
	}
	return uio->length;
}

void uio_advance(struct uio *uio, size_t length)
{
	uio->base += length;
	uio->length -= length;
	uio->total -= length;
}

void *uio_run(struct uio *uio, size_t *run)
{
	if (uio->kernel) {
		*run = uio->length;
		return (char *)uio->kernel + uio->base;
	}
	*run = 0;
	if (!next_buffer(uio))
		return 0;
	return user_run(uio->base, uio->length < UIO_RUN_MAX ? uio->length : UIO_RUN_MAX,
			uio->to_user, run);
}

int64_t uio_move(struct uio *uio, void *kernel, size_t length)
{
	size_t done = 0;

	if (length > uio->total)
		length = uio->total;
	while (done < length) {
		size_t run;
		char *user = uio_run(uio, &run);

		if (!run)
			return done ? (int64_t)done : -EFAULT;
		if (run > length - done)
			run = length - done;
		if (uio->to_user)
			memcpy(user, (char *)kernel + done, run);
		else
			memcpy((char *)kernel + done, user, run);
		uio_advance(uio, run);
		done += run;
	}
	return (int64_t)done;
}
