/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that move bytes through descriptors. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "arch.h"
#include "file.h"
#include "node.h"
#include "pages.h"
#include "syscall.h"
#include "user.h"

typedef int64_t (*mover)(struct file *file, struct uio *uio, uint64_t *offset);

static int64_t at_own_offset(uint64_t descriptor, struct uio *uio, mover move)
{
	struct file *file = descriptor_file(descriptor);

	return file ? move(file, uio, &file->offset) : -EBADF;
}

static int64_t at_offset(uint64_t descriptor, struct uio *uio, uint64_t offset, mover move)
{
	struct file *file = descriptor_file(descriptor);

	if (!file)
		return -EBADF;
	if ((int64_t)offset < 0)
		return -EINVAL;
	return file->operations->seekable ? move(file, uio, &offset) : -ESPIPE;
}

static int64_t simple(const uint64_t *a, bool to_user, mover move)
{
	struct uio uio;
	int error = descriptor_file(a[0]) ? uio_buffer(&uio, a[1], a[2], to_user) : -EBADF;

	return error ? error : at_own_offset(a[0], &uio, move);
}

static int64_t positioned(const uint64_t *a, bool to_user, mover move)
{
	struct uio uio;
	int error = uio_buffer(&uio, a[1], a[2], to_user);

	return error ? error : at_offset(a[0], &uio, a[3], move);
}

static int64_t vector(const uint64_t *a, bool to_user, mover move)
{
	struct uio uio;
	int error =
		descriptor_file(a[0]) ? uio_vector(&uio, a[1], (unsigned)a[2], to_user) : -EBADF;

	return error ? error : at_own_offset(a[0], &uio, move);
}

/* preadv2's offset -1 means the file's own. */
static int64_t positioned_vector(const uint64_t *a, bool to_user, mover move)
{
	struct uio uio;
	int error = uio_vector(&uio, a[1], (unsigned)a[2], to_user);

	if (error)
		return error;
	return a[3] == UINT64_MAX ? at_own_offset(a[0], &uio, move)
				  : at_offset(a[0], &uio, a[3], move);
}

HANDLER(read)
{
	return simple(a, true, file_read);
}

HANDLER(write)
{
	return simple(a, false, file_write);
}

HANDLER(pread64)
{
	return positioned(a, true, file_read);
}

HANDLER(pwrite64)
{
	return positioned(a, false, file_write);
}

HANDLER(readv)
{
	return vector(a, true, file_read);
}

HANDLER(writev)
{
	return vector(a, false, file_write);
}

HANDLER(preadv)
{
	return positioned_vector(a, true, file_read);
}

HANDLER(pwritev)
{
	return positioned_vector(a, false, file_write);
}

static int64_t seek_from(const struct file *file, unsigned whence, int64_t by)
{
	bool regular = file->node && node_is(file->node, S_IFREG);
	int64_t size = regular ? (int64_t)file->node->size : 0;

	switch (whence) {
	case SEEK_SET:
		return by;
	case SEEK_CUR:
		return (int64_t)file->offset + by;
	case SEEK_END:
		return size + by;
	case SEEK_DATA:
		return by >= 0 && by < size ? by : -ENXIO;
	case SEEK_HOLE:
		return by >= 0 && by < size ? size : -ENXIO;
	default:
		return -EINVAL;
	}
}

HANDLER(lseek)
{
	struct file *file = descriptor_file(a[0]);
	int64_t to;

	if (!file)
		return -EBADF;
	if (!file->operations->seekable)
		return -ESPIPE;
	to = seek_from(file, (unsigned)a[2], (int64_t)a[1]);
	if (to < 0)
		return to == -ENXIO ? to : -EINVAL;
	file->offset = (uint64_t)to;
	return to;
}

/* sendfile and copy_file_range: from a regular file, through runs of its own bytes. */
struct transfer {
	struct file *from, *to;
	uint64_t *from_offset, *to_offset;
	uint64_t length;
};

static int64_t write_kernel(struct file *to, const void *bytes, size_t length, uint64_t *offset)
{
	struct uio uio;

	uio_kernel(&uio, bytes, length);
	return file_write(to, &uio, offset);
}

static int64_t transfer(const struct transfer *t)
{
	int64_t done = 0;
	char *buffer;

	if ((t->from->flags & O_ACCMODE) == O_WRONLY || (t->to->flags & O_ACCMODE) == O_RDONLY ||
	    (t->from->flags | t->to->flags) & O_PATH)
		return -EBADF;
	if (!t->from->node || !node_is(t->from->node, S_IFREG))
		return -EINVAL;
	buffer = pages_bounce(); /* free: one run of the runtime's bytes is never gathered */
	while ((uint64_t)done < t->length) {
		size_t want = t->length - (uint64_t)done, n;
		int64_t written;

		n = content_read(t->from->node, *t->from_offset, buffer,
				 want < BOUNCE_SIZE ? want : BOUNCE_SIZE);
		written = n ? write_kernel(t->to, buffer, n, t->to_offset) : 0;
		if (written <= 0) {
			done = done ? done : written;
			break;
		}
		*t->from_offset += (uint64_t)written;
		done += written;
	}
	return done;
}

HANDLER(sendfile)
{
	struct file *to = descriptor_file(a[0]), *from = descriptor_file(a[1]);
	uint64_t offset;
	struct transfer t;
	int64_t result;

	if (!to || !from)
		return -EBADF;
	t = (struct transfer){from, to, &from->offset, &to->offset, a[3]};
	if (a[2]) {
		if (get_user(offset, a[2]))
			return -EFAULT;
		t.from_offset = &offset;
	}
	result = transfer(&t);
	return a[2] && put_user(a[2], offset) ? -EFAULT : result;
}

HANDLER(copy_file_range)
{
	struct file *from = descriptor_file(a[0]), *to = descriptor_file(a[2]);
	uint64_t offsets[2];
	struct transfer t;
	int64_t result;

	if (!to || !from)
		return -EBADF;
	if (a[5])
		return -EINVAL;
	if (!to->node || !node_is(to->node, S_IFREG))
		return -EINVAL;
	t = (struct transfer){from, to, &from->offset, &to->offset, a[4]};
	if ((a[1] && get_user(offsets[0], a[1])) || (a[3] && get_user(offsets[1], a[3])))
		return -EFAULT;
	if (a[1])
		t.from_offset = &offsets[0];
	if (a[3])
		t.to_offset = &offsets[1];
	result = transfer(&t);
	if ((a[1] && put_user(a[1], offsets[0])) || (a[3] && put_user(a[3], offsets[1])))
		return -EFAULT;
	return result;
}
