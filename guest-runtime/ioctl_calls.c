/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl: what every descriptor knows; the rest is the file's own operation. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include <asm/ioctls.h>

#include "file.h"
#include "node.h"
#include "syscall.h"
#include "user.h"

static int64_t set_nonblocking(struct file *file, uint64_t address)
{
	int32_t on;

	if (get_user(on, address))
		return -EFAULT;
	file->flags = (file->flags & ~(unsigned)O_NONBLOCK) | (on ? O_NONBLOCK : 0);
	return 0;
}

static int64_t bytes_left(const struct file *file, uint64_t address)
{
	const int32_t left =
		file->node->size > file->offset ? (int32_t)(file->node->size - file->offset) : 0;

	return put_user(address, left);
}

HANDLER(ioctl)
{
	struct file *file = descriptor_file(a[0]);

	if (!file)
		return -EBADF;
	switch ((unsigned)a[1]) {
	case FIONBIO:
		return set_nonblocking(file, a[2]);
	case FIOCLEX:
	case FIONCLEX:
		descriptor_set_flag((unsigned)a[0], (unsigned)a[1] == FIOCLEX);
		return 0;
	case FIONREAD:
		if (file->node && node_is(file->node, S_IFREG))
			return bytes_left(file, a[2]);
		break;
	}
	return file->operations->ioctl ? file->operations->ioctl(file, (unsigned)a[1], a[2])
				       : -ENOTTY;
}
