/* SPDX-License-Identifier: Apache-2.0 */
/* The writing of a snapshot. */
#include "vmm/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "vmm/memory_log.h"
#include "vmm/snapshot_config.h"
#include "vmm/snapshot_files.h"
#include "vmm/snapshot_memory.h"

struct snapshot_job {
	struct vm *vm;
	const struct vm_config *config;
	struct snapshot_create what;
	struct loop *loop;
	struct snapshot_owner owner;
	struct loop_source finished; /* an eventfd */
	pthread_t worker;
	bool cancelled; /* atomic */
	int result; /* the worker's until it is joined, as err */
	struct error err;
	struct state_header header;
	struct snapshot_files files;
};

static bool in_set(const uint64_t *set, size_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Whether the page goes into the file: of a Full snapshot zeros are holes. */
static bool is_wanted(const struct snapshot_job *job, const uint64_t *set, size_t i)
{
	size_t page = memory_page_size();
	const struct memory *memory = vm_memory(job->vm);

	return in_set(set, i) &&
	       (job->what.kind == STATE_DIFF ||
		!is_zero(memory_read_span(memory, memory->base + i * page, page), page));
}

/* From page i on: how many pages lie together in one write. */
static size_t run_length(const struct snapshot_job *job, const uint64_t *set, size_t i, size_t end)
{
	size_t most = SNAPSHOT_RUN_BYTES / memory_page_size(), n = 0;

	while (n < most && i + n < end && is_wanted(job, set, i + n))
		n++;
	return n;
}

static int write_run(struct snapshot_job *job, size_t first, size_t count, struct error *err)
{
	const struct memory *memory = vm_memory(job->vm);
	uint64_t offset = first * memory_page_size(), length = count * memory_page_size();
	const uint8_t *bytes = memory_read_span(memory, memory->base + offset, length);

	for (uint64_t at = 0; at < length; at += MEMORY_SUM_PAGE)
		job->header.memory_sum += memory_page_sum(offset + at, bytes + at);
	return snapshot_file_write(&job->files.memory, bytes, length, offset, err);
}

static int write_pages(struct snapshot_job *job, const uint64_t *set, struct error *err)
{
	size_t count = vm_memory(job->vm)->size / memory_page_size(), run;
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i += run ? run : 1) {
		if (__atomic_load_n(&job->cancelled, __ATOMIC_RELAXED))
			return error_set(err, ECANCELED, "the snapshot was given up");
		if (i % 64 == 0 && !set[i / 64]) {
			run = 64;
			continue;
		}
		run = run_length(job, set, i, count);
		if (run)
			result = write_run(job, i, run, err);
	}
	return result;
}

static bool is_subset(const uint64_t *set, const uint64_t *of, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (set[i] & ~of[i])
			return false;
	return true;
}

/* The pages to be written; the caller frees. Dirty pages are taken with every snapshot: after any
 * of them, a Diff is one to it. A Diff that has everything is whole. */
static uint64_t *choose_pages(struct snapshot_job *job, struct error *err)
{
	const struct memory *memory = vm_memory(job->vm);
	uint64_t *changed = vm_changed(job->vm, err);
	uint64_t *held = changed ? memory_held(memory) : NULL;
	bool full = job->what.kind == STATE_FULL;

	if (changed && !held)
		error_set(err, ENOMEM, "snapshot: out of memory");
	if (!held) {
		free(changed);
		return NULL;
	}
	if (!full && is_subset(held, changed, memory_set_words(memory)))
		job->header.kind = STATE_FULL; /* and its base counts no more */
	free(full ? changed : held);
	return full ? held : changed;
}

static int write_memory(struct snapshot_job *job, struct error *err)
{
	const struct memory *memory = vm_memory(job->vm);
	uint64_t *set = choose_pages(job, err);
	int result;

	if (!set)
		return -err->code;
	result = ftruncate(job->files.memory.fd, (off_t)memory->size) < 0
			 ? error_errno(err, "%s", job->what.memory_path)
			 : 0;
	if (result == 0)
		result = write_pages(job, set, err);
	free(set);
	return result;
}

static int write_state(struct snapshot_job *job, struct state_writer *state, struct error *err)
{
	int result = state_finish(state, &job->header, err);

	return result < 0
		       ? result
		       : snapshot_file_write(&job->files.state, state->data, state->size, 0, err);
}

static int write_all(struct snapshot_job *job, struct error *err)
{
	struct state_writer state = {0};
	int result;

	snapshot_config_save(job->config, &state);
	result = vm_save(job->vm, &state, err);
	if (result == 0)
		result = write_memory(job, err);
	if (result == 0)
		result = write_state(job, &state, err);
	state_writer_free(&state);
	if (result == 0)
		result = snapshot_files_commit(&job->files, err);
	if (result == 0)
		vm_saved(job->vm, job->header.id);
	return result;
}

static void *work(void *context)
{
	struct snapshot_job *job = context;

	job->result = write_all(job, &job->err);
	eventfd_write(job->finished.fd, 1);
	return NULL;
}

static void job_free(struct snapshot_job *job)
{
	snapshot_files_close(&job->files);
	snapshot_create_finish(&job->what);
	if (job->finished.fd >= 0) {
		loop_remove(job->loop, &job->finished);
		close(job->finished.fd);
	}
	free(job);
}

static void job_finished(void *context, uint32_t events)
{
	struct snapshot_job *job = context;
	eventfd_t count;

	(void)events;
	eventfd_read(job->finished.fd, &count);
	job->owner.done(job->owner.context);
}

/* Signals that end the process are the loop's. */
static int start_worker(struct snapshot_job *job, struct error *err)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&job->worker, NULL, work, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result ? error_set(err, result, "snapshot: thread: %s", strerror(result)) : 0;
}

static int job_watch(struct snapshot_job *job, struct error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC), result;

	if (fd < 0)
		return error_errno(err, "eventfd");
	job->finished = (struct loop_source){fd, job_finished, job};
	result = loop_add(job->loop, &job->finished, EPOLLIN, err);
	if (result < 0) {
		close(fd);
		job->finished.fd = -1;
	}
	return result;
}

static int job_init(struct snapshot_job *job, struct error *err)
{
	struct state_header *header = &job->header;
	int result;

	*header = (struct state_header){
		.memory_size = vm_memory(job->vm)->size,
		.kind = (uint32_t)job->what.kind,
	};
	if (header->kind == STATE_DIFF)
		memcpy(header->base, vm_base(job->vm), sizeof(header->base));
	if (getrandom(header->id, sizeof(header->id), 0) != sizeof(header->id))
		return error_errno(err, "getrandom");
	result = snapshot_files_create(&job->files, job->what.state_path, job->what.memory_path,
				       header->id, err);
	if (result == 0)
		result = job_watch(job, err);
	if (result < 0)
		return result;
	vm_mark(job->vm, header->id);
	return start_worker(job, err);
}

struct snapshot_job *snapshot_begin(struct vm *vm, const struct vm_config *config,
				    struct snapshot_create *what, struct loop *loop,
				    const struct snapshot_owner *owner, struct error *err)
{
	struct snapshot_job *job = calloc(1, sizeof(*job));

	if (!job) {
		error_set(err, ENOMEM, "snapshot: out of memory");
		return NULL;
	}
	*job = (struct snapshot_job){.vm = vm, .config = config, .loop = loop, .owner = *owner};
	job->finished.fd = job->files.state.fd = job->files.memory.fd = -1;
	job->what = *what;
	*what = (struct snapshot_create){0};
	if (job_init(job, err) < 0) {
		*what = job->what;
		job->what = (struct snapshot_create){0};
		job_free(job);
		return NULL;
	}
	return job;
}

int snapshot_end(struct snapshot_job *job, struct error *err)
{
	int result;

	__atomic_store_n(&job->cancelled, true, __ATOMIC_RELAXED);
	pthread_join(job->worker, NULL);
	result = job->result;
	if (result < 0)
		*err = job->err;
	job_free(job);
	return result;
}

void snapshot_create_finish(struct snapshot_create *what)
{
	free(what->state_path);
	free(what->memory_path);
	*what = (struct snapshot_create){0};
}

void snapshot_load_finish(struct snapshot_load *what)
{
	free(what->state_path);
	free(what->memory_path);
	free(what->backend_path);
	free(what->vsock_path);
	*what = (struct snapshot_load){0};
}
