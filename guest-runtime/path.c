/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a node. The path being walked is one buffer; a symbolic link's target is
 * put in front of what is left of it. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "file.h"
#include "filesystem.h"
#include "string.h"
#include "user.h"

#define LINKS_MAX 40

/* One walk at a time: the application has one thread. The text stands at the end. */
static struct {
	size_t at;
	int links;
	char text[PATH_LENGTH_MAX];
} walk;

void lookup_finish(struct lookup *lookup)
{
	node_put(lookup->node);
	node_put(lookup->directory);
	lookup->node = lookup->directory = 0;
}

/* Takes over a reference to the node. */
static void lookup_at(struct lookup *lookup, struct node *node)
{
	node_put(lookup->node);
	lookup->node = node;
}

/* Takes the next component off the text; its length, 0 at the end. */
static int64_t next_component(struct lookup *lookup)
{
	size_t length = 0;

	while (walk.text[walk.at] == '/')
		walk.at++;
	while (walk.text[walk.at] && walk.text[walk.at] != '/') {
		if (length == NAME_LENGTH_MAX)
			return -ENAMETOOLONG;
		lookup->name[length++] = walk.text[walk.at++];
	}
	lookup->name[length] = 0;
	lookup->must_be_directory = walk.text[walk.at] == '/';
	while (walk.text[walk.at] == '/')
		walk.at++;
	lookup->length = length;
	return (int64_t)length;
}

static struct node *child(struct node *directory, const char *name, size_t length)
{
	struct entry *entry;

	if (directory->lookup)
		return directory->lookup(directory, name, length);
	entry = entry_find(directory, name, length);
	if (!entry)
		return 0;
	node_get(entry->node);
	return entry->node;
}

/* The link's text goes in front of the rest. */
static int prepend_target(struct node *link)
{
	size_t length = link->size, slash = walk.text[walk.at] ? 1 : 0;

	if (walk.at < length + slash) {
		size_t rest = strlen(walk.text + walk.at) + 1;

		if (length + slash + rest > sizeof(walk.text))
			return -ENAMETOOLONG;
		memmove(walk.text + sizeof(walk.text) - rest, walk.text + walk.at, rest);
		walk.at = sizeof(walk.text) - rest;
	}
	if (slash)
		walk.text[--walk.at] = '/';
	walk.at -= length;
	content_read(link, 0, walk.text + walk.at, length);
	return 0;
}

/* `link` was found in `directory`; goes on where it points to. */
static int follow(struct lookup *lookup, struct node *directory, struct node *link)
{
	int error;

	if (++walk.links > LINKS_MAX)
		return -ELOOP;
	if (link->link_target) { /* what it stands for may have no path */
		struct node *node = link->link_target->node;

		if (!node)
			return -ENXIO;
		node_get(node);
		lookup_at(lookup, node);
		return 0;
	}
	if (lookup->must_be_directory && !walk.text[walk.at] && walk.at) {
		walk.text[--walk.at] = '/'; /* the slash that was taken off */
		walk.text[walk.at + 1] = 0;
	}
	error = prepend_target(link);
	if (error)
		return error;
	if (walk.text[walk.at] == '/')
		directory = filesystem_root();
	node_get(directory);
	lookup_at(lookup, directory);
	return 0;
}

static void set_directory(struct lookup *lookup)
{
	node_put(lookup->directory);
	lookup->directory = lookup->node;
	node_get(lookup->directory);
}

static bool is_dot(const struct lookup *lookup)
{
	return !strcmp(lookup->name, ".") || !strcmp(lookup->name, "..");
}

/* One component: lookup->node goes from the directory to what is in it. */
static int step(struct lookup *lookup, unsigned flags)
{
	bool last = !walk.text[walk.at];
	struct node *directory = lookup->node, *next;

	if (!node_is(directory, S_IFDIR))
		return -ENOTDIR;
	set_directory(lookup);
	if (is_dot(lookup)) {
		next = lookup->name[1] && directory->parent ? directory->parent : directory;
		node_get(next);
		lookup_at(lookup, next);
		return 0;
	}
	next = child(directory, lookup->name, lookup->length);
	if (!next) {
		lookup_at(lookup, 0);
		return last && flags & LOOKUP_CREATE ? 0 : -ENOENT;
	}
	if (next->link_target && flags & LOOKUP_STOP_AT_FILE) {
		lookup_at(lookup, next);
		return 0;
	}
	if (node_is(next, S_IFLNK) &&
	    (!last || (lookup->must_be_directory && !(flags & LOOKUP_STAY)) ||
	     flags & LOOKUP_FOLLOW)) {
		struct node *from = lookup->directory;
		int error = follow(lookup, from, next);

		node_put(next);
		return error;
	}
	lookup_at(lookup, next);
	return 0;
}

/* Walks the text from lookup->node, which has a reference. */
static int walk_text(struct lookup *lookup, unsigned flags)
{
	int64_t length;
	int error = 0;

	walk.links = 0;
	lookup->name[0] = 0;
	lookup->length = 0;
	if (walk.text[walk.at] == '/') {
		node_get(filesystem_root());
		lookup_at(lookup, filesystem_root());
	}
	while (!error && walk.text[walk.at] && lookup->node) {
		length = next_component(lookup);
		if (length <= 0)
			return (int)length;
		error = step(lookup, flags);
	}
	if (!error && lookup->node && lookup->must_be_directory && !node_is(lookup->node, S_IFDIR))
		error = -ENOTDIR;
	return error;
}

static int start_at(struct lookup *lookup, uint64_t descriptor)
{
	struct node *node = filesystem_cwd();
	struct file *file;

	if ((int)descriptor != AT_FDCWD) {
		file = descriptor_file(descriptor);
		if (!file)
			return -EBADF;
		node = file->node;
		if (!node)
			return -ENOTDIR;
	}
	node_get(node);
	lookup->node = node;
	return 0;
}

int lookup_user(struct lookup *lookup, uint64_t descriptor, uint64_t path, unsigned flags)
{
	int64_t length;
	int error;

	*lookup = (struct lookup){0};
	length = string_from_user(walk.text, path, sizeof(walk.text));
	walk.at = 0;
	if (length < 0)
		return (int)length;
	if (!length && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	/* An absolute path does not look at the descriptor. */
	error = start_at(lookup, walk.text[0] == '/' ? (uint64_t)AT_FDCWD : descriptor);
	if (error)
		return error;
	return walk_text(lookup, flags);
}

int lookup_user_link(struct lookup *lookup, uint64_t descriptor, uint64_t path)
{
	return lookup_user(lookup, descriptor, path, LOOKUP_FOLLOW | LOOKUP_STOP_AT_FILE);
}

int lookup_kernel(struct lookup *lookup, const char *path, unsigned flags)
{
	size_t length = strlen(path);

	*lookup = (struct lookup){0};
	if (length >= sizeof(walk.text))
		return -ENAMETOOLONG;
	memcpy(walk.text, path, length + 1);
	walk.at = 0;
	return walk_text(lookup, flags);
}
