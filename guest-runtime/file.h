/* SPDX-License-Identifier: Apache-2.0 */
/* Open files and the table of descriptors. What a file can do is its struct of operations;
 * a missing operation is an error of its own kind, see file.c. */
#ifndef GUEST_FILE_H
#define GUEST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILES_MAX 1024

struct node;
struct uio;
struct file;

struct file_operations {
	/* *offset is the file's own or pread's; it moves by the result. May wait. */
	int64_t (*read)(struct file *file, struct uio *uio, uint64_t *offset);
	int64_t (*write)(struct file *file, struct uio *uio, uint64_t *offset);
	unsigned (*poll)(struct file *file); /* POLL…; missing: always both ways */
	int64_t (*ioctl)(struct file *file, unsigned request, uint64_t argument);
	void (*close)(struct file *file); /* the last reference is gone */
	bool seekable;
};

struct file {
	unsigned references;
	unsigned serial; /* of no other one, though a new one may lie where an old one did */
	unsigned flags; /* O_… without O_CLOEXEC and the flags of creation */
	uint64_t offset;
	const struct file_operations *operations;
	struct node *node; /* one reference; 0 for pipes and the like */
	void *object; /* what the operations work on */
	int stream; /* of the console */
};

/* One reference, the caller's; takes over nothing: the node gets a reference. 0: no memory. */
struct file *file_create(const struct file_operations *operations, unsigned flags,
			 struct node *node, void *object);
/* The same, for reading and writing, with an object of `size` zeroed bytes on the heap, which
 * the operations' close frees. Of `flags` O_NONBLOCK counts. */
struct file *file_create_object(const struct file_operations *operations, size_t size,
				uint64_t flags);
void file_get(struct file *file);
void file_put(struct file *file);

/* The three streams become descriptors 0 to 2. */
void descriptors_init(void);
/* Descriptors. descriptor_file gives the file without a reference, or 0. */
struct file *descriptor_file(uint64_t descriptor);
/* The lowest free one from `lowest` on takes the caller's reference: number, -EMFILE. On
 * an error the reference is given back. */
int descriptor_install(struct file *file, unsigned lowest, bool close_on_exec);
/* Puts the file there, whatever was. The number must be below FILES_MAX. */
void descriptor_replace(unsigned descriptor, struct file *file, bool close_on_exec);
/* New descriptors are below this, at most FILES_MAX. */
void descriptors_limit(unsigned count);
unsigned descriptors_limit_now(void);
int descriptor_close(uint64_t descriptor);
bool descriptor_get_flag(unsigned descriptor);
void descriptor_set_flag(unsigned descriptor, bool close_on_exec);

int64_t file_read(struct file *file, struct uio *uio, uint64_t *offset);
int64_t file_write(struct file *file, struct uio *uio, uint64_t *offset);
unsigned file_poll(struct file *file);

/* A stream with a terminal behind it. */
bool file_is_terminal(const struct file *file);

/* Regular files and directories. */
extern const struct file_operations regular_operations, directory_operations;
#endif
