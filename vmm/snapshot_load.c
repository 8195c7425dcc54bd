/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of a snapshot: everything is judged before anything of it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/dev/control_abi.h"
#include "vmm/snapshot.h"
#include "vmm/snapshot_config.h"
#include "vmm/snapshot_files.h"
#include "vmm/snapshot_memory.h"
#include "vmm/uffd.h"

static int open_regular(const char *path, uint64_t *size, struct error *err)
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

static int read_all(int fd, const char *path, uint8_t *bytes, size_t size, struct error *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(fd, bytes + done, size - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "%s", path);
		if (got == 0)
			return error_set(err, EIO, "%s: shorter than it was", path);
		done += (size_t)got;
	}
	return 0;
}

static int open_state(struct snapshot *snapshot, const char *path, struct error *err)
{
	uint64_t size;
	int fd = open_regular(path, &size, err), result;

	if (fd < 0)
		return fd;
	if (size > STATE_FILE_MAX) {
		close(fd);
		return error_set(err, EFBIG, "%s: %llu bytes, at most %d are taken", path,
				 (unsigned long long)size, STATE_FILE_MAX);
	}
	snapshot->bytes = malloc(size + 1);
	result = snapshot->bytes ? read_all(fd, path, snapshot->bytes, size, err)
				 : error_set(err, ENOMEM, "%s: out of memory", path);
	close(fd);
	if (result == 0 && state_open(&snapshot->state, snapshot->bytes, size, err) < 0)
		result = error_about(err, "%.100s", path);
	return result;
}

/* Under its name, or under the one that it had when the snapshot became valid. */
static int open_memory(struct snapshot *snapshot, const char *path, struct error *err)
{
	const struct state_header *header = &snapshot->state.header;
	char second[PATH_MAX];
	struct error ignored;
	uint64_t size = 0;
	int result;

	snapshot->memory_fd = open_regular(path, &size, err);
	result = snapshot->memory_fd < 0
			 ? -err->code
			 : snapshot_memory_judge(header, snapshot->memory_fd, path, err);
	if (result == 0 ||
	    snapshot_memory_name(second, sizeof(second), path, header->id, &ignored) < 0 ||
	    access(second, F_OK) < 0)
		return result;
	if (snapshot->memory_fd >= 0)
		close(snapshot->memory_fd);
	snapshot->memory_fd = open_regular(second, &size, err);
	return snapshot->memory_fd < 0
		       ? -err->code
		       : snapshot_memory_judge(header, snapshot->memory_fd, second, err);
}

int snapshot_open(struct snapshot *snapshot, const struct snapshot_load *what, struct error *err)
{
	int result;

	*snapshot = (struct snapshot){.memory_fd = -1};
	result = open_state(snapshot, what->state_path, err);
	if (result < 0)
		return result;
	if (what->backend == BACKEND_FILE)
		return open_memory(snapshot, what->memory_path, err);
	snapshot->handler = what->memory_path;
	return 0;
}

void snapshot_close(struct snapshot *snapshot)
{
	free(snapshot->bytes);
	snapshot->bytes = NULL;
	if (snapshot->memory_fd >= 0)
		close(snapshot->memory_fd);
	snapshot->memory_fd = -1;
}

int snapshot_config(const struct snapshot *snapshot, struct vm_config *config, struct error *err)
{
	return snapshot_config_load(config, &snapshot->state, err);
}

/* Of a handler of page faults the first page is asked for here. */
static int map_uffd(void *context, struct memory *memory, uint64_t base, uint64_t size,
		    struct error *err)
{
	const struct snapshot *snapshot = context;
	uint8_t mark[STATE_ID_SIZE];
	int result = uffd_map(memory, base, size, snapshot->handler, err);

	if (result < 0)
		return result;
	memory_read(memory, base + size - CONTROL_AREA_SIZE + CONTROL_SNAPSHOT, mark, sizeof(mark));
	if (memcmp(mark, snapshot->state.header.id, sizeof(mark)) == 0)
		return 0;
	return error_set(err, EINVAL, "%s: serves the memory of another snapshot",
			 snapshot->handler);
}

struct vm *snapshot_restore(const struct snapshot *snapshot, const struct vm_config *config,
			    struct loop *loop, struct streams *streams,
			    const struct vm_owner *owner, struct error *err)
{
	const struct vm_image image = {
		.state = &snapshot->state,
		.memory_fd = snapshot->memory_fd,
		.map = snapshot->handler ? map_uffd : NULL,
		.context = (void *)snapshot,
	};

	return vm_restore(config, &image, loop, streams, owner, err);
}
