/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use a microVM's directory is decided by a lock on its pid file, so that two
 * commands at the same time never take or remove the same one. */
#include "api/cli/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/client.h"

static const char *const file_names[] = {"api.sock", "gdb", "log", "pid"};

static int check_private(const char *path, struct error *err)
{
	struct stat status;

	if (lstat(path, &status))
		return error_errno(err, "%s", path);
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077))
		return error_set(err, EPERM, "%s is not a directory of ours alone (mode 0700)",
				 path);
	return 0;
}

int state_base(char *base, size_t size, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length;

	if (geteuid() == 0)
		length = snprintf(base, size, "/run/mote");
	else if (runtime && *runtime == '/')
		length = snprintf(base, size, "%s/mote", runtime);
	else
		length = snprintf(base, size, "/tmp/mote-%u", (unsigned)geteuid());
	if ((size_t)length >= size)
		return error_set(err, ENAMETOOLONG, "XDG_RUNTIME_DIR: the path is too long");
	if (mkdir(base, 0700) && errno != EEXIST)
		return error_errno(err, "%s", base);
	return check_private(base, err);
}

bool state_id_is_good(const char *id)
{
	size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_");

	return length && length <= STATE_ID_MAX && !id[length];
}

int state_name(struct state *state, const char *base, const char *id, struct error *err)
{
	int length;

	state->lock = -1;
	if (!state_id_is_good(id))
		return error_set(err, EINVAL,
				 "'%.80s' is not a name: 1 to 64 letters, digits, '-' and '_'", id);
	snprintf(state->id, sizeof(state->id), "%s", id);
	length = snprintf(state->path, sizeof(state->path), "%s/%s", base, id);
	if ((size_t)length >= sizeof(state->path))
		return error_set(err, ENAMETOOLONG, "%s/%s: the path is too long", base, id);
	snprintf(state->socket, sizeof(state->socket), "%s/api.sock", state->path);
	return 0;
}

static void file_path(const struct state *state, const char *name, char *to, size_t size)
{
	snprintf(to, size, "%s/%s", state->path, name);
}

static void remove_files(const struct state *state, size_t count)
{
	char path[128];

	for (size_t i = 0; i < count; i++) {
		file_path(state, file_names[i], path, sizeof(path));
		unlink(path);
	}
}

/* The socket's first name, when its monitor was killed before it got its last one. */
static void remove_hidden(const struct state *state)
{
	DIR *dir = opendir(state->path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

static bool is_listening(const struct state *state)
{
	struct client client;
	struct error ignored;

	if (client_open(&client, state->socket, &ignored))
		return ignored.code != ENOENT && ignored.code != ECONNREFUSED;
	client_close(&client);
	return true;
}

/* Whether the locked file is still the one in the directory: somebody who had the lock
 * before us may have removed it. */
static bool is_current(const struct state *state, const char *path)
{
	struct stat there, ours;

	return !stat(path, &there) && !fstat(state->lock, &ours) && there.st_dev == ours.st_dev &&
	       there.st_ino == ours.st_ino;
}

static int lock_file(struct state *state, int flags, struct error *err)
{
	char path[128];

	file_path(state, "pid", path, sizeof(path));
	do {
		state_release(state);
		state->lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
		if (state->lock < 0)
			return error_errno(err, "%s", path);
		if (flock(state->lock, LOCK_EX | LOCK_NB)) {
			state_release(state);
			return error_set(err, EBUSY, "%s is in use", state->id);
		}
	} while (!is_current(state, path));
	return 0;
}

static int lock_dead(struct state *state, int flags, struct error *err)
{
	int result = lock_file(state, flags, err);

	if (result || !is_listening(state))
		return result;
	state_release(state);
	return error_set(err, EEXIST, "%s is running", state->id);
}

int state_lock(struct state *state, struct error *err)
{
	return lock_dead(state, 0, err);
}

static int claim_named(struct state *state, const char *base, const char *id, struct error *err)
{
	int result = state_name(state, base, id, err);

	while (!result) {
		if (mkdir(state->path, 0700) && errno != EEXIST)
			return error_errno(err, "%s", state->path);
		result = lock_dead(state, O_CREAT, err);
		if (result != -ENOENT)
			break;
		result = 0; /* removed between the two steps */
	}
	if (result == -EBUSY || result == -EEXIST)
		return error_set(err, EEXIST, "the name '%s' is in use", id);
	if (!result)
		remove_files(state, 2);
	return result;
}

static int claim_random(struct state *state, const char *base, struct error *err)
{
	unsigned char bytes[6];
	char id[13];
	int result;

	do {
		if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
			return error_errno(err, "getrandom");
		for (size_t i = 0; i < sizeof(bytes); i++)
			snprintf(id + 2 * i, 3, "%02x", bytes[i]);
		result = claim_named(state, base, id, err);
	} while (result == -EEXIST);
	return result;
}

bool state_remove_dead(struct state *state)
{
	struct error err;
	int result = state_lock(state, &err);

	if (result == -ENOENT) /* not even a pid file: rmdir() takes only what is empty */
		return !rmdir(state->path);
	if (result)
		return false;
	state_remove(state);
	return true;
}

/* What was left by those that were killed. */
static void sweep(const char *base)
{
	struct state state;
	struct error err;
	char **ids = state_list(base, &err);

	for (char **id = ids; id && *id; id++) {
		if (!state_name(&state, base, *id, &err))
			state_remove_dead(&state);
		free(*id);
	}
	free(ids);
}

int state_claim(struct state *state, const char *base, const char *id, struct error *err)
{
	sweep(base);
	return id ? claim_named(state, base, id, err) : claim_random(state, base, err);
}

int state_write_pid(struct state *state, pid_t pid, struct error *err)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", (int)pid);

	if (ftruncate(state->lock, 0) || pwrite(state->lock, text, (size_t)length, 0) != length)
		return error_errno(err, "%s/pid", state->path);
	return 0;
}

pid_t state_read_pid(const struct state *state)
{
	char path[128], text[16] = "";
	ssize_t count;
	int fd;

	file_path(state, "pid", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	count = read(fd, text, sizeof(text) - 1);
	close(fd);
	return count > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

void state_release(struct state *state)
{
	if (state->lock >= 0)
		close(state->lock);
	state->lock = -1;
}

void state_remove(struct state *state)
{
	remove_files(state, sizeof(file_names) / sizeof(file_names[0]));
	remove_hidden(state);
	rmdir(state->path);
	state_release(state);
}

static int is_id(const struct dirent *entry)
{
	return state_id_is_good(entry->d_name);
}

char **state_list(const char *base, struct error *err)
{
	struct dirent **entries;
	int count = scandir(base, &entries, is_id, alphasort);
	char **ids = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*ids));

	if (count < 0) {
		error_errno(err, "%s", base);
		return NULL;
	}
	if (!ids)
		error_set(err, ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		if (ids)
			ids[i] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return ids;
}
