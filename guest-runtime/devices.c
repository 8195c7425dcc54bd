/* SPDX-License-Identifier: Apache-2.0 */
/* /dev: the character devices that are pure software, and the names of the streams. */
#include <linux/errno.h>
#include <linux/stat.h>

#include "console.h"
#include "control.h"
#include "devices.h"
#include "filesystem.h"
#include "random.h"
#include "signal.h"
#include "string.h"
#include "user.h"
#include "vsock.h"

static int64_t read_nothing(struct file *file, struct uio *uio, uint64_t *offset)
{
	(void)file, (void)uio, (void)offset;
	return 0;
}

static int64_t write_swallowed(struct file *file, struct uio *uio, uint64_t *offset)
{
	int64_t length = (int64_t)uio->total;

	(void)file, (void)offset;
	return length;
}

static int64_t write_full(struct file *file, struct uio *uio, uint64_t *offset)
{
	(void)file, (void)uio, (void)offset;
	return -ENOSPC;
}

static int64_t read_zeros(struct file *file, struct uio *uio, uint64_t *offset)
{
	int64_t done = 0;

	(void)file, (void)offset;
	while (uio->total) {
		size_t run;
		void *to = uio_run(uio, &run);

		if (!run)
			return done ? done : -EFAULT;
		memset(to, 0, run);
		uio_advance(uio, run);
		done += (int64_t)run;
	}
	return done;
}

static int64_t read_random(struct file *file, struct uio *uio, uint64_t *offset)
{
	uint8_t block[RANDOM_BLOCK];
	int64_t done = 0, moved;

	(void)file, (void)offset;
	while (uio->total) {
		random_bytes(block, sizeof(block));
		moved = uio_move(uio, block, sizeof(block));
		if (moved < 0)
			return done ? done : moved;
		done += moved;
		if (!(done % 4096) && signal_pending())
			break;
	}
	return done;
}

static const struct file_operations null_operations = {
	.read = read_nothing, .write = write_swallowed, .seekable = true};
static const struct file_operations zero_operations = {
	.read = read_zeros, .write = write_swallowed, .seekable = true};
static const struct file_operations full_operations = {
	.read = read_zeros, .write = write_full, .seekable = true};
static const struct file_operations random_operations = {.read = read_random,
							 .write = write_swallowed};

static const struct device devices[] = {
	{"null", 1, 3, &null_operations},
	{"zero", 1, 5, &zero_operations},
	{"full", 1, 7, &full_operations},
	{"random", 1, 8, &random_operations},
	{"urandom", 1, 9, &random_operations},
	{"tty", 5, 0, &console_operations},
	{"vsock", 10, 121, &vsock_control_operations},
};

static const struct link {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
};

bool device_is_zero(const struct node *node)
{
	return node->device && node->device->operations == &zero_operations;
}

uint64_t device_number(const struct node *node)
{
	return node->device ? (uint64_t)node->device->major << 8 | node->device->minor : 0;
}

static int add(struct node *directory, const char *name, struct node *node)
{
	int error;

	if (!node)
		return -ENOMEM;
	error = entry_add(directory, name, strlen(name), node);
	node_put(node);
	return error;
}

static struct node *device_node(const struct device *device)
{
	struct node *node = node_create(S_IFCHR | 0666);

	if (node)
		node->device = device;
	return node;
}

static struct node *link_node(const char *target)
{
	struct node *node = node_create(S_IFLNK | 0777);

	if (node) {
		node->image = (const uint8_t *)target;
		node->image_size = node->size = strlen(target);
	}
	return node;
}

/* The directory of that name, which the initrd may have brought. */
struct node *directory_open(struct node *parent, const char *name, uint32_t mode)
{
	struct entry *entry = entry_find(parent, name, strlen(name));
	struct node *node;

	if (entry)
		return node_is(entry->node, S_IFDIR) ? entry->node : 0;
	node = node_create(S_IFDIR | mode);
	return add(parent, name, node) ? 0 : node;
}

static bool is_wanted(const struct device *device)
{
	if (device->operations == &vsock_control_operations)
		return vsock_exists();
	return device->operations != &console_operations || control_is_terminal(0) ||
	       control_is_terminal(1);
}

/* What the initrd already has under these names stays. */
int devices_create(struct node *root)
{
	struct node *directory = directory_open(root, "dev", 0755);
	int error = directory ? 0 : -ENOTDIR;

	for (size_t i = 0; (!error || error == -EEXIST) && i < sizeof(devices) / sizeof(devices[0]);
	     i++)
		if (is_wanted(&devices[i]))
			error = add(directory, devices[i].name, device_node(&devices[i]));
	for (size_t i = 0; (!error || error == -EEXIST) && i < sizeof(links) / sizeof(links[0]);
	     i++)
		error = add(directory, links[i].name, link_node(links[i].target));
	return error == -EEXIST ? 0 : error;
}
