/* SPDX-License-Identifier: Apache-2.0 */
/* Open files, descriptors, and the operations of regular files. */
#include "file.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/stat.h>

#include "console.h"
#include "control.h"
#include "heap.h"
#include "node.h"
#include "signal.h"
#include "user.h"

static struct file streams[3] = {
	{.references = 1, .flags = O_RDWR, .operations = &console_operations, .stream = 0},
	{.references = 1, .flags = O_RDWR, .operations = &console_operations, .stream = 1},
	{.references = 1, .flags = O_RDWR, .operations = &console_operations, .stream = 2},
};

/* In two parts: the first is all that small programs touch. */
#define LOW 32
static struct file *low[LOW], *high[FILES_MAX - LOW];
static uint64_t close_on_exec_set[FILES_MAX / 64];

struct file *file_create(const struct file_operations *operations, unsigned flags,
			 struct node *node, void *object)
{
	static unsigned serial;
	struct file *file = heap_alloc(sizeof(*file));

	if (!file)
		return 0;
	file->references = 1;
	file->serial = ++serial;
	file->flags = flags;
	file->operations = operations;
	file->node = node;
	file->object = object;
	if (node)
		node_get(node);
	return file;
}

struct file *file_create_object(const struct file_operations *operations, size_t size,
				uint64_t flags)
{
	void *object = heap_alloc(size);
	struct file *file = 0;

	if (object)
		file = file_create(operations, O_RDWR | ((unsigned)flags & O_NONBLOCK), 0, object);
	if (!file)
		heap_free(object, size);
	return file;
}

static unsigned limit = FILES_MAX;

void descriptors_limit(unsigned count)
{
	limit = count;
}

unsigned descriptors_limit_now(void)
{
	return limit;
}

static struct file **slot(unsigned descriptor)
{
	return descriptor < LOW ? &low[descriptor] : &high[descriptor - LOW];
}

void descriptors_init(void)
{
	for (int i = 0; i < 3; i++)
		low[i] = &streams[i];
}

void file_get(struct file *file)
{
	file->references++;
}

static bool is_static(const struct file *file)
{
	return file >= streams && file < streams + 3;
}

void file_put(struct file *file)
{
	if (!file || --file->references)
		return;
	if (file->operations->close)
		file->operations->close(file);
	node_put(file->node);
	if (!is_static(file))
		heap_free(file, sizeof(*file));
}

struct file *descriptor_file(uint64_t descriptor)
{
	unsigned number = (unsigned)descriptor;

	return number < FILES_MAX ? *slot(number) : 0;
}

bool descriptor_get_flag(unsigned descriptor)
{
	return close_on_exec_set[descriptor / 64] >> descriptor % 64 & 1;
}

void descriptor_set_flag(unsigned descriptor, bool close_on_exec)
{
	uint64_t bit = 1ull << descriptor % 64;

	if (close_on_exec)
		close_on_exec_set[descriptor / 64] |= bit;
	else
		close_on_exec_set[descriptor / 64] &= ~bit;
}

void descriptor_replace(unsigned descriptor, struct file *file, bool close_on_exec)
{
	struct file *old = *slot(descriptor);

	*slot(descriptor) = file;
	descriptor_set_flag(descriptor, close_on_exec);
	file_put(old);
}

int descriptor_install(struct file *file, unsigned lowest, bool close_on_exec)
{
	for (unsigned n = lowest; n < limit; n++) {
		if (*slot(n))
			continue;
		descriptor_replace(n, file, close_on_exec);
		return (int)n;
	}
	file_put(file);
	return -EMFILE;
}

int descriptor_close(uint64_t descriptor)
{
	if (!descriptor_file(descriptor))
		return -EBADF;
	descriptor_replace((unsigned)descriptor, 0, false);
	return 0;
}

static bool may(const struct file *file, unsigned not_mode)
{
	return (file->flags & O_ACCMODE) != not_mode && !(file->flags & O_PATH);
}

int64_t file_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	if (!may(file, O_WRONLY))
		return -EBADF;
	return file->operations->read ? file->operations->read(file, uio, offset) : -EINVAL;
}

int64_t file_write(struct file *file, struct uio *uio, uint64_t *offset)
{
	if (!may(file, O_RDONLY))
		return -EBADF;
	return file->operations->write ? file->operations->write(file, uio, offset) : -EINVAL;
}

unsigned file_poll(struct file *file)
{
	if (file->operations->poll)
		return file->operations->poll(file);
	return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

bool file_is_terminal(const struct file *file)
{
	return file->operations == &console_operations && control_is_terminal(file->stream);
}

static int64_t regular_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	int64_t done = content_read_uio(file->node, *offset, uio);

	if (done > 0)
		*offset += (uint64_t)done;
	return done;
}

static int64_t regular_write(struct file *file, struct uio *uio, uint64_t *offset)
{
	int64_t done;

	if (file->flags & O_APPEND)
		*offset = file->node->size;
	done = content_write(file->node, *offset, uio);
	if (done > 0) {
		*offset += (uint64_t)done;
		node_touch(file->node);
	}
	return done;
}

static int64_t directory_read(struct file *file, struct uio *uio, uint64_t *offset)
{
	(void)file, (void)uio, (void)offset;
	return -EISDIR;
}

const struct file_operations regular_operations = {
	.read = regular_read,
	.write = regular_write,
	.seekable = true,
};

const struct file_operations directory_operations = {
	.read = directory_read,
	.seekable = true,
};
