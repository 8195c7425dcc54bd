/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and directories. Contents are in content.c, paths in path.c. */
#include "node.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "heap.h"
#include "string.h"
#include "time.h"

static uint64_t next_inode = 1, count;

struct node *node_create(uint32_t mode)
{
	struct node *node = heap_alloc(sizeof(*node));

	if (!node)
		return 0;
	node->references = 1;
	node->mode = mode;
	node->inode = next_inode++;
	count++;
	return node;
}

uint64_t node_count(void)
{
	return count;
}

void node_get(struct node *node)
{
	node->references++;
}

void node_put(struct node *node)
{
	while (node && !--node->references) {
		struct node *parent = node->parent == node ? 0 : node->parent;

		content_free(node);
		heap_free(node, sizeof(*node));
		count--;
		node = parent; /* not a call: the program decides how deep directories are */
	}
}

void node_set_parent(struct node *directory, struct node *parent)
{
	struct node *old = directory->parent;

	node_get(parent);
	directory->parent = parent;
	node_put(old);
}

void node_touch(struct node *node)
{
	node->modified = node->changed = (int64_t)time_wall();
}

static uint32_t hash(const char *name, size_t length)
{
	uint32_t h = 2166136261u;

	while (length--)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

struct entry *entry_find(const struct node *directory, const char *name, size_t length)
{
	uint32_t h = hash(name, length);

	for (struct entry *entry = directory->first; entry; entry = entry->next)
		if (entry->hash == h && entry->length == length &&
		    !memcmp(entry->name, name, length))
			return entry;
	return 0;
}

static size_t entry_size(size_t length)
{
	return sizeof(struct entry) + length + 1;
}

static void entry_append(struct node *directory, struct entry *entry)
{
	entry->directory = directory;
	entry->cookie = ++directory->next_cookie;
	if (directory->last)
		directory->last->next = entry;
	else
		directory->first = entry;
	directory->last = entry;
}

int entry_add(struct node *directory, const char *name, size_t length, struct node *node)
{
	struct entry *entry;

	if (entry_find(directory, name, length))
		return -EEXIST;
	entry = heap_alloc(entry_size(length));
	if (!entry)
		return -ENOMEM;
	memcpy(entry->name, name, length);
	entry->length = (uint16_t)length;
	entry->hash = hash(name, length);
	entry->node = node;
	entry_append(directory, entry);
	node_get(node);
	node->links++;
	node->entry = entry;
	if (node_is(node, S_IFDIR)) {
		node_set_parent(node, directory);
		directory->links++;
	}
	return 0;
}

void entry_remove(struct node *directory, struct entry *entry)
{
	struct entry **link = &directory->first, *previous = 0;
	struct node *node = entry->node;

	while (*link != entry) {
		previous = *link;
		link = &(*link)->next;
	}
	*link = entry->next;
	if (directory->last == entry)
		directory->last = previous;
	if (node->entry == entry)
		node->entry = 0;
	if (node_is(node, S_IFDIR))
		directory->links--;
	node->links--;
	heap_free(entry, entry_size(entry->length));
	node_put(node);
}

bool directory_is_empty(const struct node *directory)
{
	return !directory->first;
}

bool node_path(const struct node *node, char *path, size_t size)
{
	size_t at = size - 1;

	path[at] = 0;
	for (; node->entry; node = node->entry->directory) {
		const struct entry *entry = node->entry;

		if (at < entry->length + 1u)
			return false;
		at -= entry->length;
		memcpy(path + at, entry->name, entry->length);
		path[--at] = '/';
	}
	if (node->parent != node)
		return false; /* removed, or never linked */
	if (!path[at])
		path[--at] = '/';
	memmove(path, path + at, size - at);
	return true;
}
