/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that change or read directories. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "control.h"
#include "file.h"
#include "filesystem.h"
#include "heap.h"
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "user.h"

#define RENAME_NOREPLACE_FLAG 1
#define RENAME_EXCHANGE_FLAG 2

/* The entry that a lookup ended at; "." and ".." and made-up ones have none. */
static struct entry *entry_of(const struct lookup *lookup)
{
	return lookup->length ? entry_find(lookup->directory, lookup->name, lookup->length) : 0;
}

/* A place for a new entry: -EEXIST if something is there. */
static int lookup_new(struct lookup *lookup, uint64_t descriptor, uint64_t path)
{
	int error = lookup_user(lookup, descriptor, path, LOOKUP_CREATE);

	if (error == -ENOTDIR && lookup->node && lookup->length && !node_is(lookup->node, S_IFDIR))
		return entry_of(lookup) ? -EEXIST : error;
	if (error)
		return error == -ENXIO ? -EEXIST : error;
	if (lookup->node)
		return -EEXIST;
	if (lookup->directory->lookup)
		return -EPERM;
	return lookup->directory->links ? 0 : -ENOENT;
}

/* Takes over the reference to the node. */
static int add(struct lookup *lookup, struct node *node)
{
	int error = -ENOSPC;

	if (node)
		error = entry_add(lookup->directory, lookup->name, lookup->length, node);
	if (!error)
		node_touch(lookup->directory);
	node_put(node);
	return error == -ENOMEM ? -ENOSPC : error;
}

static struct node *node_new(uint32_t mode)
{
	struct node *node = node_create(mode);

	if (node) {
		node_touch(node);
		node->accessed = node->modified;
	}
	return node;
}

HANDLER(mkdirat)
{
	struct lookup lookup;
	int error = lookup_new(&lookup, a[0], a[1]);

	if (!error)
		error = add(&lookup,
			    node_new(S_IFDIR | ((uint32_t)a[2] & 01777 & ~process_umask())));
	lookup_finish(&lookup);
	return error;
}

HANDLER(mknodat)
{
	uint32_t type = (uint32_t)a[2] & S_IFMT;
	struct lookup lookup;
	int error = lookup_new(&lookup, a[0], a[1]);

	if (!error && lookup.must_be_directory)
		error = -ENOENT;
	if (!error && type && type != S_IFREG && type != S_IFIFO)
		error = -EPERM;
	if (!error)
		error = add(&lookup, node_new((type ? type : S_IFREG) |
					      ((uint32_t)a[2] & 07777 & ~process_umask())));
	lookup_finish(&lookup);
	return error;
}

HANDLER(symlinkat)
{
	static char target[PATH_LENGTH_MAX];
	int64_t length = string_from_user(target, a[0], sizeof(target));
	struct node *node = 0;
	struct lookup lookup;
	int error;

	if (length <= 0)
		return length ? length : -ENOENT;
	error = lookup_new(&lookup, a[1], a[2]);
	if (!error && lookup.must_be_directory)
		error = -ENOENT;
	if (!error) {
		node = node_new(S_IFLNK | 0777);
		if (node && content_append(node, target, (size_t)length) < 0) {
			node_put(node);
			node = 0;
		}
		error = add(&lookup, node);
	}
	lookup_finish(&lookup);
	return error;
}

HANDLER(linkat)
{
	struct lookup from, to;
	unsigned how = (a[4] & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
		       (a[4] & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int error;

	if (a[4] & ~(uint64_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = lookup_user(&from, a[0], a[1], how);
	if (error) {
		lookup_finish(&from);
		return error;
	}
	error = lookup_new(&to, a[2], a[3]);
	if (!error && (node_is(from.node, S_IFDIR) || from.node->link_target))
		error = -EPERM;
	if (!error && !from.node->links)
		error = -ENOENT;
	if (!error) {
		node_get(from.node);
		error = add(&to, from.node);
		from.node->changed = to.directory->changed;
	}
	lookup_finish(&to);
	lookup_finish(&from);
	return error;
}

static int judge_removal(const struct lookup *lookup, bool directory)
{
	if (!strcmp(lookup->name, "."))
		return -EINVAL;
	if (!strcmp(lookup->name, ".."))
		return -ENOTEMPTY;
	if (!lookup->length)
		return -EBUSY;
	if (directory && !node_is(lookup->node, S_IFDIR))
		return -ENOTDIR;
	if (!directory && node_is(lookup->node, S_IFDIR))
		return -EISDIR;
	if (directory && !directory_is_empty(lookup->node))
		return -ENOTEMPTY;
	return entry_of(lookup) && !lookup->node->generate ? 0 : -EPERM;
}

HANDLER(unlinkat)
{
	struct lookup lookup;
	int error;

	if (a[2] & ~(uint64_t)AT_REMOVEDIR)
		return -EINVAL;
	error = lookup_user(&lookup, a[0], a[1], LOOKUP_STAY);
	if (!error)
		error = judge_removal(&lookup, a[2] & AT_REMOVEDIR);
	if (!error) {
		entry_remove(lookup.directory, entry_of(&lookup));
		node_touch(lookup.directory);
		lookup.node->changed = lookup.directory->changed;
	}
	lookup_finish(&lookup);
	return error;
}

static bool is_inside(const struct node *node, const struct node *directory)
{
	for (; node != directory; node = node->parent)
		if (!node || node == node->parent)
			return false;
	return true;
}

static int judge_rename(const struct lookup *from, const struct lookup *to, uint64_t flags)
{
	bool directory = node_is(from->node, S_IFDIR);

	if (!entry_of(from) || (to->node && !entry_of(to)))
		return -EBUSY;
	if (from->node->generate || (to->node && to->node->generate))
		return -EPERM;
	if (!to->directory->links || to->directory->lookup)
		return -ENOENT;
	if (directory && is_inside(to->directory, from->node))
		return -EINVAL;
	if (to->must_be_directory && !directory)
		return -ENOTDIR;
	if (!to->node)
		return flags & RENAME_EXCHANGE_FLAG ? -ENOENT : 0;
	if (flags & RENAME_NOREPLACE_FLAG)
		return -EEXIST;
	if (flags & RENAME_EXCHANGE_FLAG)
		return is_inside(from->directory, to->node) ? -EINVAL : 0;
	if (to->node == from->node)
		return 0;
	if (directory && !node_is(to->node, S_IFDIR))
		return -ENOTDIR;
	if (!directory && node_is(to->node, S_IFDIR))
		return -EISDIR;
	return directory && !directory_is_empty(to->node) ? -ENOTEMPTY : 0;
}

/* Puts the node under an entry in place of what is there. */
static void entry_set(struct entry *entry, struct node *node)
{
	entry->node = node;
	node->entry = entry;
	if (node_is(node, S_IFDIR))
		node_set_parent(node, entry->directory);
}

static int exchange(struct lookup *from, struct lookup *to)
{
	struct entry *a = entry_of(from), *b = entry_of(to);

	if (node_is(from->node, S_IFDIR) != node_is(to->node, S_IFDIR)) {
		int by = node_is(from->node, S_IFDIR) ? 1 : -1;

		from->directory->links -= (unsigned)by;
		to->directory->links += (unsigned)by;
	}
	entry_set(a, to->node);
	entry_set(b, from->node);
	return 0;
}

/* The old name goes first where the new one must be made: nothing can fail in between,
 * since the freed entry's memory is at least as good. */
static int move(struct lookup *from, struct lookup *to)
{
	int error;

	if (to->node)
		entry_remove(to->directory, entry_of(to));
	error = entry_add(to->directory, to->name, to->length, from->node);
	if (error)
		return -ENOSPC;
	entry_remove(from->directory, entry_of(from));
	from->node->entry = entry_of(to);
	node_touch(from->directory);
	node_touch(to->directory);
	return 0;
}

static int64_t rename(const uint64_t *a, uint64_t flags)
{
	struct lookup from, to = {0};
	int error = lookup_user(&from, a[0], a[1], LOOKUP_STAY);

	if (!error)
		error = lookup_user(&to, a[2], a[3], LOOKUP_CREATE | LOOKUP_STAY);
	if (!error)
		error = judge_rename(&from, &to, flags);
	if (!error && to.node != from.node)
		error = flags & RENAME_EXCHANGE_FLAG ? exchange(&from, &to) : move(&from, &to);
	lookup_finish(&to);
	lookup_finish(&from);
	return error;
}

HANDLER(renameat)
{
	return rename(a, 0);
}

HANDLER(renameat2)
{
	if (a[4] & ~(uint64_t)(RENAME_NOREPLACE_FLAG | RENAME_EXCHANGE_FLAG) ||
	    a[4] == (RENAME_NOREPLACE_FLAG | RENAME_EXCHANGE_FLAG))
		return -EINVAL;
	return rename(a, a[4]);
}

/* What /proc/self/fd/N points to. */
static size_t name_file(const struct file *file, char *path, size_t size)
{
	struct text text = {path, size, 0};

	path[0] = 0;
	if (file->node && node_path(file->node, path, size))
		return strlen(path);
	if (file_is_terminal(file))
		text_string(&text, "/dev/tty");
	else if (file->node)
		text_string(&text, "(deleted)");
	else
		text_string(&text, "pipe:[1]");
	return text.length;
}

HANDLER(readlinkat)
{
	static char target[PATH_LENGTH_MAX];
	struct lookup lookup;
	int64_t result = lookup_user(&lookup, a[0], a[1], LOOKUP_EMPTY);
	size_t length = 0;

	if (!result && (int)a[3] <= 0)
		result = -EINVAL;
	if (!result && !node_is(lookup.node, S_IFLNK))
		result = -EINVAL;
	if (!result) {
		length = lookup.node->link_target
				 ? name_file(lookup.node->link_target, target, sizeof(target))
				 : content_read(lookup.node, 0, target, sizeof(target));
		length = length < a[3] ? length : a[3];
		result = copy_to_user(a[2], target, length) ? -EFAULT : (int64_t)length;
	}
	lookup_finish(&lookup);
	return result;
}

struct dirent_head { /* of struct linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
} __attribute__((packed));

/* One record: its length, 0 when it does not fit, -EFAULT. */
static int64_t dirent_write(uint64_t to, uint64_t room, const struct node *node, const char *name,
			    uint64_t next)
{
	static union {
		struct dirent_head head;
		char bytes[sizeof(struct dirent_head) + NAME_LENGTH_MAX + 9];
	} record;
	size_t length = (sizeof(struct dirent_head) + strlen(name) + 1 + 7) & ~(size_t)7;

	if (length > room)
		return 0;
	memset(&record, 0, length);
	record.head.inode = node->inode;
	record.head.offset = (int64_t)next;
	record.head.length = (uint16_t)length;
	record.head.type = (uint8_t)((node->mode & S_IFMT) >> 12);
	memcpy(record.head.name, name, strlen(name));
	return copy_to_user(to, &record, length) ? -EFAULT : (int64_t)length;
}

/* Position 0 is ".", 1 is "..", 1 + n is what follows the entry with cookie n - 1. */
static int64_t next_record(const struct node *directory, uint64_t *position, uint64_t to,
			   uint64_t room)
{
	const struct entry *entry = directory->first;
	uint64_t next;
	int64_t length;

	if (*position < 2) {
		const struct node *node =
			*position && directory->parent ? directory->parent : directory;

		length = dirent_write(to, room, node, *position ? ".." : ".", *position + 1);
		*position += length > 0;
		return length;
	}
	while (entry && entry->cookie + 1 < *position)
		entry = entry->next;
	if (!entry)
		return -ENOENT;
	next = entry->cookie + 2;
	length = dirent_write(to, room, entry->node, entry->name, next);
	if (length > 0)
		*position = next;
	return length;
}

HANDLER(getdents64)
{
	struct file *file = descriptor_file(a[0]);
	int64_t done = 0, length;

	if (!file)
		return -EBADF;
	if (!file->node || !node_is(file->node, S_IFDIR))
		return -ENOTDIR;
	if (!file->node->links)
		return -ENOENT;
	if (file->node->refresh && !file->offset)
		file->node->refresh(file->node);
	for (;;) {
		length = next_record(file->node, &file->offset, a[1] + (uint64_t)done,
				     (unsigned)a[2] - (uint64_t)done);
		if (length == -ENOENT)
			return done;
		if (length <= 0)
			return done ? done : length ? length : -EINVAL;
		done += length;
	}
}

HANDLER(getcwd)
{
	static char path[PATH_LENGTH_MAX];
	size_t length;

	if (!node_path(filesystem_cwd(), path, sizeof(path)))
		return -ENOENT;
	length = strlen(path) + 1;
	if (length > a[1])
		return -ERANGE;
	return copy_to_user(a[0], path, length) ? -EFAULT : (int64_t)length;
}

static int enter(struct node *node)
{
	if (!node || !node_is(node, S_IFDIR))
		return -ENOTDIR;
	filesystem_set_cwd(node);
	return 0;
}

HANDLER(chdir)
{
	struct lookup lookup;
	int error = lookup_user(&lookup, (uint64_t)AT_FDCWD, a[0], LOOKUP_FOLLOW);

	if (!error)
		error = enter(lookup.node);
	lookup_finish(&lookup);
	return error;
}

HANDLER(fchdir)
{
	struct file *file = descriptor_file(a[0]);

	return file ? enter(file->node) : -EBADF;
}
