/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's reader of an initrd. Whatever comes out is a tree: names without slashes,
 * contents inside the archive, nothing lost when it is taken apart. The first byte says when
 * memory runs out. */
#include "guest-runtime/cpio.h"
#include "guest-runtime/node.h"
#include "guest-runtime/string.h"
#include "tests/fuzz/support/input.h"
#include "tests/fuzz/support/runtime.h"

enum { DIRECTORY = 0040000, LINK = 0120000 };

static const uint8_t *archive;
static size_t archive_size;

static void check_contents(const struct node *node)
{
	if (!node->size)
		return;
	check(node->image >= archive && node->image_size == node->size);
	check(node->size <= archive_size - (size_t)(node->image - archive));
	check(!node_is(node, LINK) || node->size < PATH_LENGTH_MAX);
}

/* Checks what is in a directory and takes it out. */
static void take_apart(struct node *directory)
{
	while (directory->first) {
		struct entry *entry = directory->first;
		struct node *node = entry->node;

		check(entry->length && entry->length <= NAME_LENGTH_MAX);
		check(!memchr(entry->name, '/', entry->length));
		check(strcmp(entry->name, ".") && strcmp(entry->name, ".."));
		check(entry->directory == directory && node->links >= 1);
		if (node_is(node, DIRECTORY)) {
			check(node->parent == directory);
			take_apart(node);
		} else {
			check_contents(node);
		}
		entry_remove(directory, entry);
	}
	check(!directory->last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint8_t memory = input_u8(&input);
	char buffer[200] = "";
	struct text reason = TEXT(buffer);
	struct node *root;

	fuzz_allocations = -1;
	root = node_create(DIRECTORY | 0755);
	root->parent = root;
	archive_size = input.size;
	archive = memcpy(aligned_alloc(4, (archive_size + 4) & ~(size_t)3), input.data, input.size);
	fuzz_allocations = memory < 128 ? -1 : memory - 128;
	if (cpio_is_archive(archive, archive_size) &&
	    cpio_unpack(archive, archive_size, root, &reason) != 0)
		check(reason.length);
	take_apart(root);
	node_put(root);
	free((void *)archive);
	return 0;
}
