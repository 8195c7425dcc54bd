/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that make, copy and close descriptors. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "arch.h"
#include "console.h"
#include "control.h"
#include "devices.h"
#include "file.h"
#include "filesystem.h"
#include "process.h"
#include "syscall.h"
#include "user.h"

#define CREATION_FLAGS                                                                             \
	(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)
#define SETTABLE_FLAGS (O_APPEND | O_NONBLOCK | O_NOATIME)
#ifndef F_LINUX_SPECIFIC_BASE
#define F_LINUX_SPECIFIC_BASE 1024
#endif
#define F_DUPFD_CLOEXEC_COMMAND (F_LINUX_SPECIFIC_BASE + 6)
#define F_GETOWN_EX_COMMAND 16
#define F_GETPIPE_SZ_COMMAND (F_LINUX_SPECIFIC_BASE + 8)

static uint32_t file_mode_mask = 022;

uint32_t process_umask(void)
{
	return file_mode_mask;
}

HANDLER(umask)
{
	uint32_t old = file_mode_mask;

	file_mode_mask = (uint32_t)a[0] & 0777;
	return old;
}

/* The node that does not exist yet. */
static int create(struct lookup *lookup, uint32_t mode)
{
	struct node *node;
	int error;

	if (lookup->must_be_directory)
		return -EISDIR;
	if (!lookup->directory->links)
		return -ENOENT; /* in a directory that was removed */
	if (lookup->directory->lookup)
		return -EACCES;
	node = node_create(S_IFREG | (mode & 07777 & ~file_mode_mask));
	if (!node)
		return -ENOSPC;
	node_touch(node);
	node->accessed = node->modified;
	error = entry_add(lookup->directory, lookup->name, lookup->length, node);
	if (error) {
		node_put(node);
		return error == -ENOMEM ? -ENOSPC : error;
	}
	node_touch(lookup->directory);
	lookup->node = node;
	return 0;
}

static int judge(const struct lookup *lookup, uint64_t flags, bool created)
{
	const struct node *node = lookup->node;
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	if (created)
		return 0;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	/* A link to an open file borrows it: it must not stay. */
	if (node_is(node, S_IFLNK) && (!(flags & O_PATH) || node->link_target))
		return -ELOOP;
	if (flags & O_DIRECTORY && !node_is(node, S_IFDIR))
		return -ENOTDIR;
	if (node_is(node, S_IFDIR) && (writes || flags & (O_CREAT | O_TRUNC)) && !(flags & O_PATH))
		return -EISDIR;
	if (node_is(node, S_IFIFO) && !(flags & O_PATH))
		return -ENXIO; /* there is nobody for its other end */
	if (node->generate && writes)
		return -EACCES;
	return 0;
}

/* Generated files get a node of their own, filled now. */
static struct file *open_generated(struct node *model, unsigned flags)
{
	struct node *node = node_create(model->mode);
	struct file *file;

	if (!node)
		return 0;
	node->inode = model->inode;
	node->entry = model->entry;
	model->generate(node);
	file = file_create(&regular_operations, flags, node, 0);
	node_put(node);
	return file;
}

static struct file *open_node(struct node *node, unsigned flags)
{
	struct file *file;

	if (node->generate)
		return open_generated(node, flags);
	if (node->device) {
		file = file_create(node->device->operations, flags, node, 0);
		if (file) /* /dev/tty: one file for both ways */
			file->stream = control_is_terminal(0) ? 0 : 1;
		return file;
	}
	return file_create(node_is(node, S_IFDIR) ? &directory_operations : &regular_operations,
			   flags, node, 0);
}

static int64_t open_looked_up(struct lookup *lookup, uint64_t flags, uint32_t mode)
{
	bool created = !lookup->node;
	int error = created ? create(lookup, mode) : 0;
	struct file *file;

	if (!error)
		error = judge(lookup, flags, created);
	if (!error && flags & O_TRUNC && !(flags & O_PATH) && !lookup->node->generate &&
	    node_is(lookup->node, S_IFREG) && lookup->node->size) {
		content_resize(lookup->node, 0);
		node_touch(lookup->node);
	}
	if (error)
		return error;
	file = open_node(lookup->node, (unsigned)flags & ~(unsigned)CREATION_FLAGS);
	return file ? descriptor_install(file, 0, flags & O_CLOEXEC) : -ENOMEM;
}

/* /proc/self/fd/N and /dev/stdin: what the descriptor is, once more. A stream and a pipe
 * are shared, a file is opened anew. */
static bool reopen(uint64_t directory, uint64_t path, uint64_t flags, int64_t *result)
{
	struct lookup lookup;
	struct file *target = 0;
	int error;

	if (flags & O_NOFOLLOW)
		return false;
	error = lookup_user_link(&lookup, directory, path);
	if (!error && lookup.node && lookup.node->link_target)
		target = lookup.node->link_target;
	lookup_finish(&lookup);
	if (!target || (target->node && !target->object))
		return false;
	file_get(target);
	*result = descriptor_install(target, 0, flags & O_CLOEXEC);
	return true;
}

HANDLER(openat)
{
	uint64_t flags = a[2];
	struct lookup lookup;
	int64_t result;
	unsigned how;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	how = flags & O_CREAT ? LOOKUP_CREATE : 0;
	if (!(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
		how |= LOOKUP_FOLLOW;
	result = lookup_user(&lookup, a[0], a[1], how);
	if (result == -ENXIO)
		reopen(a[0], a[1], flags, &result);
	else if (!result)
		result = open_looked_up(&lookup, flags, (uint32_t)a[3]);
	lookup_finish(&lookup);
	return result;
}

/* A file that has no name anywhere. */
HANDLER(memfd_create)
{
	char name[NAME_LENGTH_MAX - 5];
	int64_t length = string_from_user(name, a[0], sizeof(name));
	struct file *file = 0;
	struct node *node;

	if (a[1] & ~3ull) /* MFD_CLOEXEC, MFD_ALLOW_SEALING */
		return -EINVAL;
	if (length < 0)
		return length == -EFAULT ? -EFAULT : -EINVAL;
	node = node_create(S_IFREG | 0777);
	if (node)
		file = file_create(&regular_operations, O_RDWR, node, 0);
	node_put(node);
	return file ? descriptor_install(file, 0, a[1] & 1) : -ENOMEM;
}

HANDLER(close)
{
	return descriptor_close(a[0]);
}

HANDLER(close_range)
{
	uint64_t last = a[1] < FILES_MAX ? a[1] : FILES_MAX - 1;

	if (a[0] > a[1] || a[2] & ~6ull)
		return -EINVAL;
	for (uint64_t n = a[0]; n <= last; n++) {
		if (!descriptor_file(n))
			continue;
		if (a[2] & 4) /* CLOSE_RANGE_CLOEXEC */
			descriptor_set_flag((unsigned)n, true);
		else
			descriptor_close(n);
	}
	return 0;
}

static int64_t duplicate(struct file *file, uint64_t lowest, bool close_on_exec)
{
	if (lowest >= descriptors_limit_now())
		return -EINVAL;
	file_get(file);
	return descriptor_install(file, (unsigned)lowest, close_on_exec);
}

HANDLER(dup)
{
	struct file *file = descriptor_file(a[0]);

	return file ? duplicate(file, 0, false) : -EBADF;
}

HANDLER(dup3)
{
	struct file *file = descriptor_file(a[0]);

	if ((unsigned)a[0] == (unsigned)a[1] || a[2] & ~(uint64_t)O_CLOEXEC)
		return -EINVAL;
	if (!file || (unsigned)a[1] >= descriptors_limit_now())
		return -EBADF;
	file_get(file);
	descriptor_replace((unsigned)a[1], file, a[2] & O_CLOEXEC);
	return (int64_t)(unsigned)a[1];
}

/* The only lock holder is this process: no lock is ever in the way. */
static int64_t get_lock(uint64_t address)
{
	const int16_t unlocked = F_UNLCK;

	return put_user(address, unlocked);
}

HANDLER(fcntl)
{
	const int32_t nobody[2] = {1, 0}; /* F_OWNER_PID */
	struct file *file = descriptor_file(a[0]);

	if (!file)
		return -EBADF;
	switch ((int)a[1]) {
	case F_DUPFD:
		return duplicate(file, a[2], false);
	case F_DUPFD_CLOEXEC_COMMAND:
		return duplicate(file, a[2], true);
	case F_GETFD:
		return descriptor_get_flag((unsigned)a[0]) ? FD_CLOEXEC : 0;
	case F_SETFD:
		descriptor_set_flag((unsigned)a[0], a[2] & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return file->flags & O_PATH ? file->flags : file->flags | O_LARGEFILE;
	case F_SETFL:
		file->flags = (file->flags & ~(unsigned)SETTABLE_FLAGS) |
			      ((unsigned)a[2] & SETTABLE_FLAGS);
		return 0;
	case F_GETLK:
	case F_OFD_GETLK:
		return get_lock(a[2]);
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
	case F_GETOWN:
	case F_SETOWN:
	case F_SETSIG:
		return 0;
	case F_GETOWN_EX_COMMAND:
		return put_user(a[2], nobody);
	case F_GETPIPE_SZ_COMMAND:
		return PAGE_SIZE * 16;
	default:
		return -EINVAL;
	}
}

HANDLER(flock)
{
	return descriptor_file(a[0]) ? 0 : -EBADF;
}
