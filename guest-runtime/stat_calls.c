/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that describe files, and change what describes them. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include <asm/stat.h>
#include <asm/statfs.h>

#include "arch.h"
#include "devices.h"
#include "file.h"
#include "filesystem.h"
#include "pages.h"
#include "string.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define DEVICE 1 /* of the tree */
#define UTIME_NOW_VALUE 0x3fffffff
#define UTIME_OMIT_VALUE 0x3ffffffe
#define TMPFS_MAGIC_NUMBER 0x01021994

/* Whole pages; those that a file has got, where nothing of it is the initrd's. */
static uint64_t blocks(const struct node *node)
{
	uint64_t pages = node->image_size ? page_up(node->size) >> PAGE_SHIFT : node->page_count;

	return pages * (PAGE_SIZE / 512);
}

/* Times before 1970 are negative; the fraction is not. */
static struct timespec64 split(int64_t time)
{
	int64_t seconds = time / (int64_t)NANOSECONDS, rest = time % (int64_t)NANOSECONDS;

	if (rest < 0)
		return (struct timespec64){seconds - 1, rest + (int64_t)NANOSECONDS};
	return (struct timespec64){seconds, rest};
}

static uint64_t links_of(const struct node *node)
{
	return node->links + (node_is(node, S_IFDIR) ? 1 : 0);
}

static int64_t stat_write(const struct node *node, uint64_t address)
{
	struct timespec64 at = split(node->accessed);
	struct timespec64 mt = split(node->modified);
	struct timespec64 ct = split(node->changed);
	struct stat st;

	memset(&st, 0, sizeof(st));
	st.st_dev = DEVICE;
	st.st_ino = node->inode;
	st.st_mode = node->mode;
	st.st_nlink = (unsigned)links_of(node);
	st.st_uid = node->uid;
	st.st_gid = node->gid;
	st.st_rdev = device_number(node);
	st.st_size = (long)node->size;
	st.st_blksize = PAGE_SIZE;
	st.st_blocks = (long)blocks(node);
	st.st_atime = at.seconds;
	st.st_atime_nsec = (unsigned long)at.nanoseconds;
	st.st_mtime = mt.seconds;
	st.st_mtime_nsec = (unsigned long)mt.nanoseconds;
	st.st_ctime = ct.seconds;
	st.st_ctime_nsec = (unsigned long)ct.nanoseconds;
	return put_user(address, st);
}

static struct statx_timestamp statx_time(int64_t time)
{
	struct timespec64 t = split(time);

	return (struct statx_timestamp){.tv_sec = t.seconds, .tv_nsec = (uint32_t)t.nanoseconds};
}

static int64_t statx_write(const struct node *node, uint64_t address)
{
	uint64_t device = device_number(node);
	struct statx st;

	memset(&st, 0, sizeof(st));
	st.stx_mask = STATX_BASIC_STATS;
	st.stx_blksize = PAGE_SIZE;
	st.stx_nlink = (uint32_t)links_of(node);
	st.stx_uid = node->uid;
	st.stx_gid = node->gid;
	st.stx_mode = (uint16_t)node->mode;
	st.stx_ino = node->inode;
	st.stx_size = node->size;
	st.stx_blocks = blocks(node);
	st.stx_atime = statx_time(node->accessed);
	st.stx_mtime = statx_time(node->modified);
	st.stx_ctime = statx_time(node->changed);
	st.stx_rdev_major = (uint32_t)(device >> 8);
	st.stx_rdev_minor = device & 0xff;
	st.stx_dev_minor = DEVICE;
	return put_user(address, st);
}

/* A file without a node is described by one made up: streams are character devices, or
 * pipes where no terminal stands behind them; the rest are pipes. */
static const struct node *node_of(const struct file *file)
{
	static struct node made_up = {.mode = S_IFIFO | 0600, .links = 1};

	if (file->node)
		return file->node;
	made_up.inode = 1000000 + (uint64_t)file->stream;
	made_up.mode = file_is_terminal(file) ? S_IFCHR | 0620 : S_IFIFO | 0600;
	return &made_up;
}

typedef int64_t (*writer)(const struct node *node, uint64_t address);

static int64_t describe_path(const uint64_t *where, uint64_t flags, uint64_t to, writer write)
{
	struct lookup lookup;
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	int64_t result;

	if (flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	result = lookup_user(&lookup, where[0], where[1], how);
	if (!result)
		result = write(lookup.node, to);
	lookup_finish(&lookup);
	if (result != -ENXIO)
		return result;
	/* Through /proc/self/fd to a file that has no node: a stream or a pipe. */
	result = lookup_user_link(&lookup, where[0], where[1]);
	if (!result)
		result = write(node_of(lookup.node->link_target), to);
	lookup_finish(&lookup);
	return result;
}

/* AT_EMPTY_PATH with an empty path is the descriptor, whatever it is. */
static bool is_descriptor(const uint64_t *where, uint64_t flags)
{
	char first;

	if (!(flags & AT_EMPTY_PATH) || (int)where[0] == AT_FDCWD)
		return false;
	return !where[1] || (!get_user(first, where[1]) && !first);
}

static int64_t describe(const uint64_t *where, uint64_t flags, uint64_t to, writer write)
{
	struct file *file;

	if (!is_descriptor(where, flags))
		return describe_path(where, flags, to, write);
	file = descriptor_file(where[0]);
	return file ? write(node_of(file), to) : -EBADF;
}

#define AT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)

HANDLER(newfstatat)
{
	if (a[3] & ~(uint64_t)AT_FLAGS)
		return -EINVAL;
	return describe(a, a[3], a[2], stat_write);
}

HANDLER(statx)
{
	if (a[2] & ~(uint64_t)(AT_FLAGS | AT_STATX_SYNC_TYPE) || a[3] & STATX__RESERVED ||
	    (a[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	return describe(a, a[2], a[4], statx_write);
}

HANDLER(fstat)
{
	struct file *file = descriptor_file(a[0]);

	return file ? stat_write(node_of(file), a[1]) : -EBADF;
}

static int64_t statfs_write(uint64_t address)
{
	struct statfs fs;

	memset(&fs, 0, sizeof(fs));
	fs.f_type = TMPFS_MAGIC_NUMBER;
	fs.f_bsize = PAGE_SIZE;
	fs.f_frsize = PAGE_SIZE;
	fs.f_blocks = pages_total();
	fs.f_bfree = fs.f_bavail = pages_total() - pages_charged();
	fs.f_files = pages_total();
	fs.f_ffree = pages_total() - node_count();
	fs.f_namelen = NAME_LENGTH_MAX;
	return put_user(address, fs);
}

HANDLER(statfs)
{
	struct lookup lookup;
	int64_t result = lookup_user(&lookup, (uint64_t)AT_FDCWD, a[0], LOOKUP_FOLLOW);

	lookup_finish(&lookup);
	return result ? result : statfs_write(a[1]);
}

HANDLER(fstatfs)
{
	return descriptor_file(a[0]) ? statfs_write(a[1]) : -EBADF;
}

static int64_t access(const uint64_t *where, uint64_t mode, uint64_t flags)
{
	unsigned how = LOOKUP_EMPTY * !!(flags & AT_EMPTY_PATH);
	struct lookup lookup;
	int64_t result;

	if (!(flags & AT_SYMLINK_NOFOLLOW))
		how |= LOOKUP_FOLLOW;
	if (mode & ~7ull || flags & ~(uint64_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	result = lookup_user(&lookup, where[0], where[1], how);
	/* User 0 may do everything but run what nobody may run. */
	if (!result && mode & 1 && node_is(lookup.node, S_IFREG) && !(lookup.node->mode & 0111))
		result = -EACCES;
	lookup_finish(&lookup);
	return result == -ENXIO ? 0 : result;
}

HANDLER(faccessat)
{
	return access(a, a[2], 0);
}

HANDLER(faccessat2)
{
	return access(a, a[2], a[3]);
}

/* Calls change(node, arguments) for a path, or for a descriptor where the path is null. */
typedef int64_t (*changer)(struct node *node, const void *arguments);

static int64_t change(const uint64_t *where, uint64_t flags, changer by, const void *arguments)
{
	struct lookup lookup;
	struct file *file;
	int64_t result;

	if (!where[1] || is_descriptor(where, flags)) {
		file = descriptor_file(where[0]);
		return !file ? -EBADF : file->node ? by(file->node, arguments) : 0;
	}
	result = lookup_user(&lookup, where[0], where[1],
			     flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (!result)
		result = by(lookup.node, arguments);
	lookup_finish(&lookup);
	return result == -ENXIO ? 0 : result;
}

static int64_t change_mode(struct node *node, const void *mode)
{
	node->mode = (node->mode & S_IFMT) | (*(const uint32_t *)mode & 07777);
	node->changed = (int64_t)time_wall();
	return 0;
}

HANDLER(fchmodat)
{
	uint32_t mode = (uint32_t)a[2];

	return a[1] ? change(a, 0, change_mode, &mode) : -EFAULT;
}

static bool is_path_only(uint64_t descriptor)
{
	const struct file *file = descriptor_file(descriptor);

	return file && file->flags & O_PATH;
}

HANDLER(fchmod)
{
	const uint64_t where[2] = {a[0], 0};
	uint32_t mode = (uint32_t)a[1];

	if (is_path_only(a[0]))
		return -EBADF;
	return change(where, 0, change_mode, &mode);
}

static int64_t change_owner(struct node *node, const void *owner)
{
	const uint32_t *ids = owner;

	if (ids[0] != UINT32_MAX)
		node->uid = ids[0];
	if (ids[1] != UINT32_MAX)
		node->gid = ids[1];
	node->changed = (int64_t)time_wall();
	return 0;
}

HANDLER(fchownat)
{
	const uint32_t ids[2] = {(uint32_t)a[2], (uint32_t)a[3]};

	if (a[4] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return a[1] ? change(a, a[4], change_owner, ids) : -EFAULT;
}

HANDLER(fchown)
{
	const uint64_t where[2] = {a[0], 0};
	const uint32_t ids[2] = {(uint32_t)a[1], (uint32_t)a[2]};

	return change(where, 0, change_owner, ids);
}

static int set_time(int64_t *field, const struct timespec64 *time)
{
	if (time->nanoseconds == UTIME_OMIT_VALUE)
		return 0;
	if (time->nanoseconds == UTIME_NOW_VALUE)
		*field = (int64_t)time_wall();
	else if ((uint64_t)time->nanoseconds >= NANOSECONDS)
		return -EINVAL;
	else
		*field = time->seconds * (int64_t)NANOSECONDS + time->nanoseconds;
	return 0;
}

static int64_t change_times(struct node *node, const void *times)
{
	const struct timespec64 *t = times;

	if (set_time(&node->accessed, &t[0]) || set_time(&node->modified, &t[1]))
		return -EINVAL;
	node->changed = (int64_t)time_wall();
	return 0;
}

HANDLER(utimensat)
{
	struct timespec64 times[2] = {{0, UTIME_NOW_VALUE}, {0, UTIME_NOW_VALUE}};

	if (a[2] && get_user(times, a[2]))
		return -EFAULT;
	if (a[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (times[0].nanoseconds == UTIME_OMIT_VALUE && times[1].nanoseconds == UTIME_OMIT_VALUE)
		return 0; /* before anything is looked at, as Linux */
	if (!a[1] && (int)a[0] == AT_FDCWD)
		return -EFAULT;
	return change(a, a[3], change_times, times);
}

static int64_t resize(struct node *node, const void *size)
{
	int error;

	if (node_is(node, S_IFDIR))
		return -EISDIR;
	if (!node_is(node, S_IFREG) || (int64_t)(*(const uint64_t *)size) < 0)
		return -EINVAL;
	error = content_resize(node, *(const uint64_t *)size);
	if (!error)
		node_touch(node);
	return error;
}

HANDLER(truncate)
{
	const uint64_t where[2] = {(uint64_t)AT_FDCWD, a[0]};

	if ((int64_t)a[1] < 0)
		return -EINVAL;
	return a[0] ? change(where, 0, resize, &a[1]) : -EFAULT;
}

HANDLER(ftruncate)
{
	struct file *file = descriptor_file(a[0]);

	if (!file)
		return -EBADF;
	if (!file->node || (file->flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	return resize(file->node, &a[1]);
}

#define FALLOC_KEEP_SIZE 1

HANDLER(fallocate)
{
	struct file *file = descriptor_file(a[0]);
	uint64_t end = a[2] + a[3];
	int error;

	if (!file || (file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if ((int64_t)a[2] < 0 || (int64_t)a[3] <= 0 || (int64_t)end < 0)
		return -EINVAL;
	if (!file->node || !node_is(file->node, S_IFREG))
		return -ENODEV;
	if (a[1] & ~(uint64_t)FALLOC_KEEP_SIZE)
		return -EOPNOTSUPP;
	if (end >> PAGE_SHIFT > pages_total())
		return -ENOSPC;
	error = content_reserve(file->node, a[2], end);
	if (!error && !(a[1] & FALLOC_KEEP_SIZE) && end > file->node->size)
		error = content_resize(file->node, end);
	return error;
}

HANDLER(fsync)
{
	return descriptor_file(a[0]) ? 0 : -EBADF;
}
