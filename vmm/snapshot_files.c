/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_DIGITS = 2 * STATE_ID_SIZE };

static int too_long(const char *path, struct error *err)
{
	return error_set(err, ENAMETOOLONG, "%.80s…: the path is too long", path);
}

int snapshot_working_set_name(char *name, size_t size, const char *memory_path, struct error *err)
{
	int length = snprintf(name, size, "%s.working-set", memory_path);

	return length < 0 || (size_t)length >= size ? too_long(memory_path, err) : 0;
}

int snapshot_memory_name(char *name, size_t size, const char *memory_path,
			 const uint8_t id[STATE_ID_SIZE], struct error *err)
{
	int length = snprintf(name, size, "%s.", memory_path);

	if (length < 0 || (size_t)length + ID_DIGITS >= size)
		return too_long(memory_path, err);
	for (unsigned int i = 0; i < STATE_ID_SIZE; i++)
		sprintf(name + length + 2 * i, "%02x", id[i]);
	return 0;
}

/* The directory that a path is in, and where in the path its last name begins. */
static size_t split(const char *path, char directory[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		strcpy(directory, ".");
	else
		snprintf(directory, PATH_MAX, "%.*s", (int)(slash - path + 1), path);
	return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool is_temporary(const char *name, const char *base)
{
	size_t length = strlen(base);

	return !strncmp(name, base, length) && name[length] == '.' &&
	       strspn(name + length + 1, "0123456789abcdef") == ID_DIGITS &&
	       !name[length + 1 + ID_DIGITS];
}

static void sweep(const char *path)
{
	char directory[PATH_MAX];
	const char *base = path + split(path, directory);
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (is_temporary(entry->d_name, base))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* The snapshot that is there may have its memory under its second name still. */
static void finish_earlier(const char *state_path, const char *memory_path)
{
	uint8_t header[STATE_HEADER_SIZE];
	char name[PATH_MAX];
	struct error err;
	int fd = open(state_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (pread(fd, header, sizeof(header), 0) == sizeof(header) &&
	    snapshot_memory_name(name, sizeof(name), memory_path, header + STATE_HEADER_ID, &err) ==
		    0 &&
	    access(name, F_OK) == 0)
		rename(name, memory_path);
	close(fd);
}

int snapshot_file_create(struct snapshot_file *file, const char *path,
			 const uint8_t id[STATE_ID_SIZE], struct error *err)
{
	struct stat there;
	int result;

	file->path = path;
	file->fd = -1;
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return error_set(err, EINVAL, "%s: is not a regular file", path);
	result = snapshot_memory_name(file->temporary, sizeof(file->temporary), path, id, err);
	if (result < 0)
		return result;
	file->fd = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return file->fd < 0 ? error_errno(err, "%s", file->temporary) : 0;
}

int snapshot_files_create(struct snapshot_files *files, const char *state_path,
			  const char *memory_path, const uint8_t id[STATE_ID_SIZE],
			  struct error *err)
{
	char working_set[PATH_MAX];
	int result;

	files->state.fd = files->memory.fd = -1;
	if (!strcmp(state_path, memory_path))
		return error_set(err, EINVAL, "%s: both files have this path", state_path);
	finish_earlier(state_path, memory_path);
	sweep(state_path);
	sweep(memory_path);
	if (snapshot_working_set_name(working_set, sizeof(working_set), memory_path, err) == 0)
		sweep(working_set);
	result = snapshot_file_create(&files->state, state_path, id, err);
	return result < 0 ? result : snapshot_file_create(&files->memory, memory_path, id, err);
}

int snapshot_file_open(const char *path, uint64_t *size, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_errno(err, "%s", path);
	} else if (!S_ISREG(status.st_mode)) {
		error_set(err, EINVAL, "%s: is not a regular file", path);
	} else {
		*size = (uint64_t)status.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -err->code;
}

int snapshot_file_write(const struct snapshot_file *file, const void *bytes, size_t length,
			uint64_t offset, struct error *err)
{
	const char *from = bytes;

	while (length) {
		ssize_t put = pwrite(file->fd, from, length, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(err, "%s", file->path);
		if (put == 0)
			return error_set(err, EIO, "%s: nothing more is taken", file->path);
		from += put;
		offset += (uint64_t)put;
		length -= (size_t)put;
	}
	return 0;
}

int snapshot_file_read(int fd, const char *path, void *bytes, size_t length, uint64_t offset,
		       struct error *err)
{
	char *to = bytes;

	while (length) {
		ssize_t got = pread(fd, to, length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "%s", path);
		if (got == 0)
			return error_set(err, EIO, "%s: shorter than it was", path);
		to += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return 0;
}

static int sync_directory(const char *path, struct error *err)
{
	char directory[PATH_MAX];
	int fd, result;

	split(path, directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 || fsync(fd) < 0 ? error_errno(err, "%s", directory) : 0;
	if (fd >= 0)
		close(fd);
	return result;
}

static int make_safe(const struct snapshot_file *file, struct error *err)
{
	if (fsync(file->fd) < 0)
		return error_errno(err, "%s: fsync", file->path);
	return 0;
}

int snapshot_file_rename(struct snapshot_file *file, struct error *err)
{
	if (rename(file->temporary, file->path) < 0)
		return error_errno(err, "%s", file->path);
	file->temporary[0] = '\0';
	return 0;
}

/* Of what was there before. */
static void remove_working_set(const char *memory_path)
{
	char path[PATH_MAX];
	struct error ignored;

	if (snapshot_working_set_name(path, sizeof(path), memory_path, &ignored) == 0)
		unlink(path);
}

int snapshot_files_commit(struct snapshot_files *files, struct error *err)
{
	int result = make_safe(&files->memory, err);

	if (result == 0)
		result = make_safe(&files->state, err);
	/* The names too, before the one that counts is there. */
	if (result == 0)
		result = sync_directory(files->memory.path, err);
	if (result < 0)
		return result;
	result = snapshot_file_rename(&files->state, err);
	if (result == 0)
		result = snapshot_file_rename(&files->memory, err);
	if (result < 0)
		return result;
	remove_working_set(files->memory.path);
	result = sync_directory(files->state.path, err);
	return result < 0 ? result : sync_directory(files->memory.path, err);
}

void snapshot_file_close(struct snapshot_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	file->fd = -1;
	if (file->temporary[0])
		unlink(file->temporary);
}

void snapshot_files_close(struct snapshot_files *files)
{
	/* Once the state has its name, the memory is needed under whichever it has. */
	if (files->state.fd >= 0 && !files->state.temporary[0])
		files->memory.temporary[0] = '\0';
	snapshot_file_close(&files->memory);
	snapshot_file_close(&files->state);
}
