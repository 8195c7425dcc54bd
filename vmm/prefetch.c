/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/prefetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/log.h"
#include "vmm/memory_log.h"
#include "vmm/snapshot_files.h"
#include "vmm/working_set.h"

struct prefetch {
	const struct memory *memory;
	struct loop *loop;
	uint8_t id[STATE_ID_SIZE]; /* of the snapshot */
	struct loop_source timer; /* fd -1: it does not run */
	char path[PATH_MAX];
};

/* ---- following one ---- */

static int load(const char *path, uint8_t *data, size_t *size, struct error *err)
{
	uint64_t length;
	int fd = snapshot_file_open(path, &length, err), result;

	if (fd < 0)
		return fd;
	*size = length;
	result = length > WORKING_SET_FILE_MAX
			 ? error_set(err, EFBIG, "%s: larger than any working set", path)
			 : snapshot_file_read(fd, path, data, length, 0, err);
	close(fd);
	return result;
}

bool prefetch_sweep(const struct memory *memory, const char *memory_path,
		    const uint8_t id[STATE_ID_SIZE])
{
	uint8_t data[WORKING_SET_FILE_MAX];
	char path[PATH_MAX];
	unsigned int count;
	struct error err;
	size_t size;
	int result = snapshot_working_set_name(path, sizeof(path), memory_path, &err);

	if (result == 0)
		result = load(path, data, &size, &err);
	if (result == 0 && working_set_judge(data, size, id, memory->size, &count, &err) < 0)
		result = error_about(&err, "%.100s", path);
	if (result < 0) {
		if (result != -ENOENT)
			log_warning("%s; memory comes when it is touched", err.message);
		return false;
	}
	for (unsigned int i = 0; i < count; i++) {
		struct working_set_run run = working_set_run(data, i);

		memory_prefetch(memory, memory->base + run.offset, run.length);
	}
	return true;
}

/* ---- writing one ---- */

static int make(const struct prefetch *prefetch, uint8_t *data, size_t *size, struct error *err)
{
	uint64_t *touched = memory_touched(prefetch->memory);
	size_t page = memory_page_size();

	if (!touched)
		return error_set(err, ENOTSUP, "%s: the host does not tell what was touched",
				 prefetch->path);
	*size = working_set_make(data, prefetch->id, touched, prefetch->memory->size / page, page);
	free(touched);
	return 0;
}

/* First the file, which may be impossible, then the work. It need not survive a crash. */
static int record(const struct prefetch *prefetch, struct error *err)
{
	uint8_t data[WORKING_SET_FILE_MAX], suffix[STATE_ID_SIZE];
	struct snapshot_file file;
	size_t size = 0;
	int result = getrandom(suffix, sizeof(suffix), 0) == sizeof(suffix)
			     ? snapshot_file_create(&file, prefetch->path, suffix, err)
			     : error_errno(err, "getrandom");

	if (result < 0)
		return result;
	result = make(prefetch, data, &size, err);
	if (result == 0)
		result = snapshot_file_write(&file, data, size, 0, err);
	if (result == 0)
		result = snapshot_file_rename(&file, err);
	snapshot_file_close(&file);
	return result;
}

static void stop_timer(struct prefetch *prefetch)
{
	loop_remove(prefetch->loop, &prefetch->timer);
	close(prefetch->timer.fd);
	prefetch->timer.fd = -1;
}

void prefetch_finish(struct prefetch *prefetch)
{
	struct error err;

	if (!prefetch || prefetch->timer.fd < 0)
		return;
	stop_timer(prefetch);
	if (record(prefetch, &err) < 0)
		log_info("no working set is kept: %s", err.message);
}

static void elapsed(void *context, uint32_t events)
{
	(void)events;
	prefetch_finish(context);
}

void prefetch_begin(struct prefetch *prefetch)
{
	const struct itimerspec when = {.it_value = {PREFETCH_SECONDS, 0}};
	struct error err;
	int fd;

	if (!prefetch)
		return;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return;
	prefetch->timer = (struct loop_source){fd, elapsed, prefetch};
	timerfd_settime(fd, 0, &when, NULL);
	if (loop_add(prefetch->loop, &prefetch->timer, EPOLLIN, &err) < 0) {
		close(fd);
		prefetch->timer.fd = -1;
	}
}

struct prefetch *prefetch_create(const struct memory *memory, const char *memory_path,
				 const uint8_t id[STATE_ID_SIZE], struct loop *loop)
{
	struct prefetch *prefetch = malloc(sizeof(*prefetch));
	struct error err;

	if (!prefetch)
		return NULL;
	prefetch->memory = memory;
	prefetch->loop = loop;
	prefetch->timer.fd = -1;
	memcpy(prefetch->id, id, STATE_ID_SIZE);
	if (snapshot_working_set_name(prefetch->path, sizeof(prefetch->path), memory_path, &err) ==
	    0)
		return prefetch;
	free(prefetch);
	return NULL;
}

void prefetch_destroy(struct prefetch *prefetch)
{
	if (prefetch && prefetch->timer.fd >= 0)
		stop_timer(prefetch);
	free(prefetch);
}
