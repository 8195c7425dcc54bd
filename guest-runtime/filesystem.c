/* SPDX-License-Identifier: Apache-2.0 */
/* The tree at the start: the initrd's files, /tmp; then, when the application first asks
 * for a path, /dev and /proc. */
#include "filesystem.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "arch.h"
#include "cpio.h"
#include "machine.h"
#include "program.h"
#include "string.h"

static struct node *root, *cwd;
static bool populated;

struct node *filesystem_root(void)
{
	if (!populated) {
		populated = true; /* short memory leaves a part: no worse than its absence */
		if (!devices_create(root))
			proc_create(root);
	}
	return root;
}

struct node *filesystem_cwd(void)
{
	filesystem_root();
	return cwd;
}

void filesystem_set_cwd(struct node *directory)
{
	node_get(directory);
	node_put(cwd);
	cwd = directory;
}

static int directory_ensure(const char *name, uint32_t mode)
{
	struct entry *entry = entry_find(root, name, strlen(name));
	struct node *node;
	int error;

	if (entry)
		return node_is(entry->node, S_IFDIR) ? 0 : -ENOTDIR;
	node = node_create(S_IFDIR | mode);
	if (!node)
		return -ENOMEM;
	error = entry_add(root, name, strlen(name), node);
	node_put(node);
	return error;
}

/* The initrd is the program alone. */
static int file_alone(const struct machine *machine, const void *bytes, size_t size)
{
	const char *name = machine->program + 1;
	struct node *node = node_create(S_IFREG | 0755);
	int error;

	if (!node)
		return -ENOMEM;
	node->image = bytes;
	node->image_size = node->size = size;
	error = entry_add(root, name, strlen(name), node);
	node_put(node);
	return error;
}

static int find_program(struct text *reason)
{
	struct lookup lookup;
	bool was_populated = populated;
	int error;

	populated = true; /* not yet: nobody has asked */
	error = lookup_kernel(&lookup, program.path, LOOKUP_FOLLOW);
	populated = was_populated;
	if (!error && !node_is(lookup.node, S_IFREG))
		error = -ENOEXEC;
	if (error) {
		text_string(reason, program.path);
		text_string(reason, ": no such file in the guest");
	} else {
		program.node = lookup.node;
		node_get(program.node);
	}
	lookup_finish(&lookup);
	return error;
}

static int unpack(const struct machine *machine, struct text *reason)
{
	const void *bytes = linear(machine->initrd_start);
	size_t size = machine->initrd_end - machine->initrd_start;
	int error;

	if (cpio_is_archive(bytes, size))
		return cpio_unpack(bytes, size, root, reason);
	error = file_alone(machine, bytes, size);
	if (error)
		text_string(reason, "the program's name can't be used");
	return error;
}

int filesystem_create(const struct machine *machine, struct text *reason)
{
	int error;

	program.path = machine->program;
	if (!program.path || program.path[0] != '/' ||
	    machine->initrd_end <= machine->initrd_start) {
		text_string(reason, "there is no application");
		return -ENOENT;
	}
	root = node_create(S_IFDIR | 0755);
	if (!root)
		return -ENOMEM;
	root->parent = root;
	root->links = 1;
	filesystem_set_cwd(root);
	error = unpack(machine, reason);
	if (!error && directory_ensure("tmp", 01777)) {
		text_string(reason, "/tmp can't be made");
		error = -ENOTDIR;
	}
	return error ? error : find_program(reason);
}
