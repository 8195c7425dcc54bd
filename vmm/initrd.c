/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/initrd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/cpio.h"
#include "vmm/image.h"
#include "vmm/log.h"

enum { ROOT_DEPTH_MAX = 64 };

/* The program, found: where it is read from and what the guest calls it. */
struct program {
	int fd;
	int root_fd; /* -1: no root */
	bool in_root; /* the walk over the root brings it along */
	char guest_path[PATH_MAX]; /* absolute */
};

static int load_whole(const struct image *image, const struct memory *memory, uint64_t start,
		      uint64_t limit, struct initrd *initrd, struct error *err)
{
	if (start > limit || image->size > limit - start)
		return error_set(err, ENOSPC, "%s: memory is too small: %llu bytes do not fit",
				 image->name, (unsigned long long)image->size);
	initrd->start = start;
	initrd->end = start + image->size;
	if (!image->size)
		return 0;
	return image_read(image, 0, memory_write_span(memory, start, image->size), image->size,
			  err);
}

int initrd_load_file(struct initrd *initrd, const char *path, const struct memory *memory,
		     uint64_t start, uint64_t limit, struct error *err)
{
	struct image image;
	int result = image_open(&image, path, err);

	if (result < 0)
		return result;
	initrd->program[0] = '\0';
	result = load_whole(&image, memory, start, limit, initrd, err);
	image_close(&image);
	return result;
}

static void program_close(struct program *program)
{
	if (program->fd >= 0)
		close(program->fd);
	if (program->root_fd >= 0)
		close(program->root_fd);
}

/* Opens what the guest will find at path when the root is its /, if it is a regular file:
 * links and dots do not lead out of the root. */
static bool program_try_root(struct program *program, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int fd = (int)syscall(SYS_openat2, program->root_fd, path, &how, sizeof(how));

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	program->fd = fd;
	program->in_root = true;
	snprintf(program->guest_path, sizeof(program->guest_path), "/%s", path);
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int program_find(struct program *program, const struct application *application,
			struct error *err)
{
	const char *path = application->path, *base = base_name(path);
	struct image image;
	struct stat st;
	int result;

	if (program->root_fd >= 0) {
		if (path[0] == '/' && program_try_root(program, path + strspn(path, "/")))
			return 0;
		if (base[0] && program_try_root(program, base))
			return 0;
	}
	result = image_open(&image, path, err);
	if (result == -ENOENT && program->root_fd >= 0 && program_try_root(program, path))
		return 0;
	if (result < 0)
		return result;
	program->fd = image.fd;
	/* A directory or a link of that name would collide with the program in the guest. */
	if (program->root_fd >= 0 && fstatat(program->root_fd, base, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, EEXIST, "%s: the root has something else named %s", path,
				 base);
	snprintf(program->guest_path, sizeof(program->guest_path), "/%s", base);
	return 0;
}

static int program_open(struct program *program, const struct application *application,
			struct error *err)
{
	int result;

	*program = (struct program){.fd = -1, .root_fd = -1};
	if (application->root) {
		program->root_fd = open(application->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (program->root_fd < 0)
			return error_errno(err, "root %s", application->root);
	}
	result = program_find(program, application, err);
	if (result == 0)
		result = image_check_application(application->path, program->fd, err);
	if (result < 0)
		program_close(program);
	return result;
}

int initrd_check_application(const struct application *application, struct error *err)
{
	struct program program;
	int result = program_open(&program, application, err);

	if (result == 0)
		program_close(&program);
	return result;
}

static int walk_directory(struct cpio *cpio, int fd, const char *path, const char *program,
			  int depth, struct error *err);

static int walk_link(struct cpio *cpio, int dir, const char *entry, const char *path,
		     const struct stat *st, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, entry, target, sizeof(target) - 1);

	if (length < 0)
		return error_errno(err, "root: %s", path);
	target[length] = '\0';
	return cpio_symlink(cpio, path, st, target, err);
}

/* A regular file or a directory, opened without following links and judged again by fstat. */
static int walk_open(struct cpio *cpio, int dir, const char *entry, const char *path,
		     const char *program, int depth, struct error *err)
{
	struct stat st;
	int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return error_errno(err, "root: %s", path);
	if (fstat(fd, &st) < 0) {
		result = error_errno(err, "root: %s", path);
	} else if (S_ISREG(st.st_mode)) {
		result = cpio_file(cpio, path, &st, fd,
				   strcmp(path, program + 1) ? CPIO_PACKED : CPIO_PAGE, err);
	} else if (S_ISDIR(st.st_mode)) {
		result = cpio_directory(cpio, path, &st, err);
		if (result == 0)
			return walk_directory(cpio, fd, path, program, depth + 1, err);
	}
	close(fd);
	return result;
}

static int walk_entry(struct cpio *cpio, int dir, const char *parent, const char *entry,
		      const char *program, int depth, struct error *err)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s%s%s", parent, *parent ? "/" : "", entry) >=
	    (int)sizeof(path))
		return error_set(err, ENAMETOOLONG, "root: %.100s…: path too long", parent);
	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "root: %s", path);
	if (S_ISLNK(st.st_mode))
		return walk_link(cpio, dir, entry, path, &st, err);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return walk_open(cpio, dir, entry, path, program, depth, err);
	log_warning("root: %s: left out: not a file, directory or symbolic link", path);
	return 0;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **list;
	size_t count;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

/* Returns 0 or -1 with errno. */
static int add_name(struct names *names, const char *name)
{
	/* doubled at every power of two */
	if (!(names->count & (names->count - 1))) {
		size_t room = names->count ? 2 * names->count : 1;
		char **list = reallocarray(names->list, room, sizeof(*list));

		if (!list)
			return -1;
		names->list = list;
	}
	names->list[names->count] = strdup(name);
	return names->list[names->count] ? (names->count++, 0) : -1;
}

/* In alphabetical order. Returns 0 or -1 with errno; the names so far are there in both cases. */
static int read_names(DIR *directory, struct names *names)
{
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(directory)))
		if (!is_dots(entry->d_name) && add_name(names, entry->d_name))
			return -1;
	if (errno)
		return -1;
	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return 0;
}

/* Takes fd over. Entries in alphabetical order: the same tree gives the same archive. */
static int walk_directory(struct cpio *cpio, int fd, const char *path, const char *program,
			  int depth, struct error *err)
{
	struct names names = {0};
	DIR *directory;
	int result = 0;

	if (depth > ROOT_DEPTH_MAX) {
		close(fd);
		return error_set(err, ELOOP, "root: %s: more than %d levels deep", path,
				 ROOT_DEPTH_MAX);
	}
	directory = fdopendir(fd);
	if (!directory || read_names(directory, &names))
		result = error_errno(err, "root: %s", *path ? path : ".");
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = walk_entry(cpio, fd, path, names.list[i], program, depth, err);
	free_names(&names);
	if (directory)
		closedir(directory);
	else
		close(fd);
	return result;
}

/* The program first, if the root does not bring it, then the root. */
static int load_archive(struct cpio *cpio, struct program *program, struct error *err)
{
	struct stat st;
	int result = 0;

	if (!program->in_root) {
		if (fstat(program->fd, &st) < 0)
			return error_errno(err, "program");
		st.st_mode |= S_IXUSR;
		result = cpio_file(cpio, program->guest_path + 1, &st, program->fd, CPIO_PAGE, err);
	}
	if (result == 0) {
		int fd = program->root_fd;

		program->root_fd = -1;
		result = walk_directory(cpio, fd, "", program->guest_path, 0, err);
	}
	return result < 0 ? result : cpio_end(cpio, err);
}

int initrd_load_application(struct initrd *initrd, const struct application *application,
			    const struct memory *memory, uint64_t start, uint64_t limit,
			    struct error *err)
{
	struct cpio cpio = {.memory = memory, .next = start, .limit = limit};
	struct program program;
	int result = program_open(&program, application, err);

	if (result < 0)
		return result;
	strcpy(initrd->program, program.guest_path);
	if (start > limit) {
		result = error_set(err, ENOSPC, "memory is too small for the runtime");
	} else if (program.root_fd < 0) {
		struct stat st;
		struct image image = {.name = application->path, .fd = program.fd};

		if (fstat(program.fd, &st) == 0)
			image.size = (uint64_t)st.st_size;
		result = load_whole(&image, memory, start, limit, initrd, err);
	} else {
		result = load_archive(&cpio, &program, err);
		initrd->start = start;
		initrd->end = cpio.next;
	}
	program_close(&program);
	return result;
}
