/* SPDX-License-Identifier: Apache-2.0 */
/* The two files of a snapshot on their way to their names. Both are written beside where they
 * will be, under names that carry the snapshot's id, and made safe. The state file is renamed
 * first: at that moment the new snapshot takes the place of the old one, whatever happens
 * later, for its memory is found by the id too. */
#ifndef MOTE_SNAPSHOT_FILES_H
#define MOTE_SNAPSHOT_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"
#include "vmm/state_file.h"

struct snapshot_file {
	const char *path; /* borrowed: where it will be */
	char temporary[PATH_MAX];
	int fd; /* -1: not open */
};

struct snapshot_files {
	struct snapshot_file state, memory;
};

/* Creates both, empty, mode 0600, after removing what a crash may have left of others. Each path
 * is free or a regular file. snapshot_files_close() also after a failure. */
int snapshot_files_create(struct snapshot_files *files, const char *state_path,
			  const char *memory_path, const uint8_t id[STATE_ID_SIZE],
			  struct error *err);

/* One such file, to be written: created as snapshot_files_create() does it. */
int snapshot_file_create(struct snapshot_file *file, const char *path,
			 const uint8_t id[STATE_ID_SIZE], struct error *err);

/* Gives it its name. */
int snapshot_file_rename(struct snapshot_file *file, struct error *err);

/* Closes it, and removes what has not got its name; -1 is fine. */
void snapshot_file_close(struct snapshot_file *file);

/* A regular file for reading, and its size; or an error that names the path. */
int snapshot_file_open(const char *path, uint64_t *size, struct error *err);

/* All of it, or an error that names the file. */
int snapshot_file_write(const struct snapshot_file *file, const void *bytes, size_t length,
			uint64_t offset, struct error *err);

/* All of it, or an error that names the path. */
int snapshot_file_read(int fd, const char *path, void *bytes, size_t length, uint64_t offset,
		       struct error *err);

/* Makes both safe and gives them their names. After an error neither or both of them count. */
int snapshot_files_commit(struct snapshot_files *files, struct error *err);

/* Closes them; what was not committed is removed. */
void snapshot_files_close(struct snapshot_files *files);

/* The name of the working set beside a memory file (vmm/prefetch.h). A new snapshot there removes
 * it. */
int snapshot_working_set_name(char *name, size_t size, const char *memory_path, struct error *err);

/* The name of a memory file whose snapshot was committed but that has not got its own yet. */
int snapshot_memory_name(char *name, size_t size, const char *memory_path,
			 const uint8_t id[STATE_ID_SIZE], struct error *err);

#endif
