/* SPDX-License-Identifier: Apache-2.0 */
/* The newc cpio format, read without trust: every size is held against the archive, and a
 * name that leaves the root, repeats or stands under a file is refused. Hard links are
 * files of their own (the monitor makes none); devices are refused. */
#include "cpio.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "node.h"
#include "string.h"

#define HEADER_SIZE 110
#define MAGIC "070701"
#define TRAILER "TRAILER!!!"

struct member {
	const char *name;
	uint32_t mode, uid, gid, mtime;
	const uint8_t *data;
	size_t size;
	const uint8_t *next;
};

bool cpio_is_archive(const void *archive, size_t size)
{
	return size >= HEADER_SIZE && !memcmp(archive, MAGIC, 6);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Field n of the header: eight hexadecimal digits behind the magic. */
static bool field(const uint8_t *header, int n, uint32_t *value)
{
	const char *digits = (const char *)header + 6 + 8 * n;

	*value = 0;
	for (int i = 0; i < 8; i++) {
		int d = digit(digits[i]);

		if (d < 0)
			return false;
		*value = *value << 4 | (uint32_t)d;
	}
	return true;
}

/* Offsets are padded to four bytes from the start of the archive. */
static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static const char *member_read(const uint8_t *archive, size_t size, size_t at, struct member *m)
{
	uint32_t file_size, name_size;
	const uint8_t *header = archive + at;
	size_t data;

	if (size - at < HEADER_SIZE || memcmp(header, MAGIC, 6))
		return "no header where one must be";
	if (!field(header, 1, &m->mode) || !field(header, 2, &m->uid) ||
	    !field(header, 3, &m->gid) || !field(header, 5, &m->mtime) ||
	    !field(header, 6, &file_size) || !field(header, 11, &name_size))
		return "a header field is not a number";
	if (!name_size || name_size > PATH_LENGTH_MAX || name_size > size - at - HEADER_SIZE)
		return "a name is longer than the archive";
	m->name = (const char *)header + HEADER_SIZE;
	/* NULs behind a name move the data to a page boundary. */
	if (m->name[name_size - 1])
		return "a name does not end where its length says";
	data = padded(at + HEADER_SIZE + name_size);
	if (data > size || file_size > size - data)
		return "a file is longer than the archive";
	m->data = archive + data;
	m->size = file_size;
	m->next = archive + (padded(data + file_size) < size ? padded(data + file_size) : size);
	return 0;
}

/* The component at *name, which moves behind it and its slashes; 0 at the end. */
static size_t component(const char **name, const char **start)
{
	while (**name == '/')
		(*name)++;
	*start = *name;
	while (**name && **name != '/')
		(*name)++;
	return (size_t)(*name - *start);
}

static bool is(const char *start, size_t length, const char *name)
{
	return strlen(name) == length && !memcmp(start, name, length);
}

/* The directory that the last component stands in, made if the archive left it out. */
static struct node *parent_of(struct node *root, const char **name, size_t *length,
			      const char **problem)
{
	struct node *directory = root;
	const char *rest = *name, *start, *next;
	size_t n = component(&rest, &start), following;

	for (;;) {
		struct entry *entry;
		struct node *made;

		if (is(start, n, "..") || n > NAME_LENGTH_MAX) {
			*problem = "a name is not allowed";
			return 0;
		}
		following = component(&rest, &next);
		if (!following)
			break;
		entry = entry_find(directory, start, n);
		made = entry ? entry->node : is(start, n, ".") ? directory : 0;
		if (!made) {
			made = node_create(S_IFDIR | 0755);
			if (!made || entry_add(directory, start, n, made)) {
				node_put(made);
				*problem = "memory is short";
				return 0;
			}
			node_put(made);
		}
		if (!node_is(made, S_IFDIR)) {
			*problem = "a name stands under one that is no directory";
			return 0;
		}
		directory = made;
		start = next;
		n = following;
	}
	*name = start;
	*length = n;
	return directory;
}

static void node_describe(struct node *node, const struct member *m)
{
	node->mode = m->mode & 0177777;
	node->uid = m->uid;
	node->gid = m->gid;
	node->accessed = node->modified = node->changed = (int64_t)m->mtime * 1000000000;
	if (!node_is(node, S_IFDIR)) {
		node->image = m->data;
		node->image_size = node->size = m->size;
	}
}

static const char *node_insert(struct node *directory, const char *name, size_t length,
			       const struct member *m)
{
	struct entry *entry = entry_find(directory, name, length);
	struct node *node;
	int error;

	if (!length || is(name, length, ".")) /* the root itself */
		return S_ISDIR(m->mode) ? (node_describe(directory, m), (const char *)0)
					: "the root is no directory";
	if (entry) { /* a directory may come after what is in it */
		if (!S_ISDIR(m->mode) || !node_is(entry->node, S_IFDIR))
			return "a name is there twice";
		node_describe(entry->node, m);
		return 0;
	}
	node = node_create(0);
	if (!node)
		return "memory is short";
	node_describe(node, m);
	error = entry_add(directory, name, length, node);
	node_put(node);
	return error ? "memory is short" : 0;
}

static const char *member_add(struct node *root, const struct member *m)
{
	const char *name = m->name, *problem = 0;
	struct node *directory;
	size_t length;

	if (*name == '/')
		return "a name starts at the root";
	if (!S_ISREG(m->mode) && !S_ISDIR(m->mode) && !S_ISLNK(m->mode))
		return "an entry is neither file nor directory nor symbolic link";
	if (S_ISLNK(m->mode) && (!m->size || m->size >= PATH_LENGTH_MAX))
		return "a symbolic link has a bad length";
	directory = parent_of(root, &name, &length, &problem);
	return directory ? node_insert(directory, name, length, m) : problem;
}

static void explain(struct text *reason, const char *problem, const char *name)
{
	text_string(reason, "initrd: ");
	text_string(reason, problem);
	if (name) {
		text_string(reason, ": ");
		text_string(reason, name);
	}
}

int cpio_unpack(const void *archive, size_t size, struct node *root, struct text *reason)
{
	const uint8_t *bytes = archive;
	size_t at = 0;

	for (;;) {
		struct member member = {0};
		const char *problem = member_read(bytes, size, at, &member);

		if (problem) {
			explain(reason, problem, 0);
			return -EINVAL;
		}
		if (!strcmp(member.name, TRAILER))
			return 0;
		problem = member_add(root, &member);
		if (problem) {
			explain(reason, problem, member.name);
			return -EINVAL;
		}
		at = (size_t)(member.next - bytes);
	}
}
