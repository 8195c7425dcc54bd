/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's only ways to the application's memory. Addresses are numbers; each access
 * goes through the page tables, makes missing pages, and fails with -EFAULT where user
 * mode itself would get a signal. */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -EFAULT; what was copied before the bad page stays copied. */
int copy_to_user(uint64_t to, const void *from, size_t length);
int copy_from_user(void *to, uint64_t from, size_t length);
int clear_user(uint64_t to, size_t length);
/* Length without the NUL, -EFAULT, or -ENAMETOOLONG when it does not fit in `size`. */
int64_t string_from_user(char *to, uint64_t from, size_t size);

/* The bytes at an address as far as they lie in one physically contiguous run, at most
 * `length`; *run is 0 for a bad address. */
void *user_run(uint64_t address, size_t length, bool write, size_t *run);

/* What readv and writev take: a list of buffers, consumed from the front. */
struct uio {
	uint64_t vector; /* the rest of the list, in user memory */
	unsigned count;
	uint64_t base; /* the current buffer */
	size_t length;
	size_t total; /* bytes left in all */
	bool to_user;
	const char *kernel; /* instead of user memory: the runtime's own bytes, to be written */
};

#define UIO_RUN_MAX 0x40000

int uio_buffer(struct uio *uio, uint64_t base, size_t length, bool to_user);
/* One physically contiguous buffer of the runtime, as the source of a write. */
void uio_kernel(struct uio *uio, const void *bytes, size_t length);
int uio_vector(struct uio *uio, uint64_t vector, unsigned count, bool to_user);
/* Moves up to `length` bytes between `kernel` and the list: the count moved, which is short
 * only at the list's end or at a bad address; -EFAULT when nothing could be moved. */
int64_t uio_move(struct uio *uio, void *kernel, size_t length);
/* The next run, at most UIO_RUN_MAX long, not consumed; 0 with *run 0 for a bad address or at the
 * end. */
void *uio_run(struct uio *uio, size_t *run);
void uio_advance(struct uio *uio, size_t length);

#define put_user(address, object) copy_to_user((address), &(object), sizeof(object))
#define get_user(object, address) copy_from_user(&(object), (address), sizeof(object))
#endif
