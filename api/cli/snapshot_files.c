/* SPDX-License-Identifier: Apache-2.0 */
/* `mote snapshot-merge` and `mote snapshot-verify`: about files alone, no microVM. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "vmm/snapshot_files.h"
#include "vmm/snapshot_memory.h"
#include "vmm/snapshot_place.h"
#include "vmm/state_file.h"

struct files_options {
	bool help, force;
};

#define AT(member) offsetof(struct files_options, member)
#define HELP                                                                                       \
	{                                                                                          \
		"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0                          \
	}

static const struct cli_option verify_options[] = {HELP, {.name = NULL}};
static const struct cli_option merge_options[] = {
	HELP,
	{"force", 0, CLI_FLAG, NULL, "replace the snapshot OUT", AT(force), 0, 0},
	{.name = NULL},
};

struct opened {
	char state_path[PATH_MAX + 8], memory_path[PATH_MAX + 8];
	uint8_t *bytes;
	struct state_file state;
	int memory_fd;
};

static int read_state(struct opened *opened, struct error *err)
{
	int fd = open(opened->state_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int result = 0;

	if (fd < 0)
		return error_errno(err, "%s", opened->state_path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > STATE_FILE_MAX)
		result = error_set(err, EINVAL, "%s: not the state file of a snapshot",
				   opened->state_path);
	if (!result) {
		opened->bytes = malloc((size_t)status.st_size + 1);
		if (!opened->bytes)
			result = error_set(err, ENOMEM, "out of memory");
		else if (read(fd, opened->bytes, (size_t)status.st_size) != status.st_size)
			result = error_set(err, EIO, "%s: can't be read", opened->state_path);
	}
	close(fd);
	return result ? result
		      : state_open(&opened->state, opened->bytes, (size_t)status.st_size, err);
}

static int paths(const char *name, char *state, char *memory, struct error *err)
{
	char directory[PATH_MAX];
	int result = snapshot_place(directory, name, err);

	if (!result) {
		sprintf(state, "%s/" SNAPSHOT_STATE, directory);
		sprintf(memory, "%s/" SNAPSHOT_MEMORY, directory);
	}
	return result;
}

static int open_both(struct opened *opened, const char *name, struct error *err)
{
	int result = paths(name, opened->state_path, opened->memory_path, err);

	opened->bytes = NULL;
	opened->memory_fd = -1;
	if (!result)
		result = read_state(opened, err);
	if (result)
		return opened->bytes ? error_about(err, "%.100s", opened->state_path) : result;
	opened->memory_fd = open(opened->memory_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return opened->memory_fd < 0 ? error_errno(err, "%s", opened->memory_path) : 0;
}

static void close_both(struct opened *opened)
{
	free(opened->bytes);
	if (opened->memory_fd >= 0)
		close(opened->memory_fd);
}

/* A Diff by itself is judged as a memory that nothing has to be merged into. */
static int judge(const struct opened *opened, struct error *err)
{
	struct state_header header = opened->state.header;

	header.kind = STATE_FULL;
	return snapshot_memory_judge(&header, opened->memory_fd, opened->memory_path, err);
}

/* ---- verify ---- */

static int verify(const char *name, struct error *err)
{
	struct opened opened;
	uint64_t sum;
	int result = open_both(&opened, name, err);

	if (!result)
		result = judge(&opened, err);
	if (!result)
		result = snapshot_memory_sum(opened.memory_fd, opened.memory_path, &sum, err);
	if (!result && sum != opened.state.header.memory_sum)
		result = error_set(err, EINVAL, "%s: damaged: the checksum is another",
				   opened.memory_path);
	close_both(&opened);
	return result;
}

/* The operands, or -EINVAL; 1: help was printed. */
static int parse(const char *usage, const char *about, const struct cli_option *table,
		 struct files_options *options, int operands, int argc, char ***argv,
		 struct error *err)
{
	int at = cli_options_parse(table, options, argc, *argv, err);

	if (at < 0)
		return at;
	if (options->help) {
		cli_options_help(usage, about, table);
		return 1;
	}
	*argv += at;
	return argc - at == operands ? 0 : error_set(err, EINVAL, "usage: %s", usage);
}

int command_snapshot_verify(int argc, char **argv)
{
	struct files_options options = {0};
	struct error err;
	int result = parse("mote snapshot-verify NAME",
			   "Checks state and memory of a snapshot, every byte of them.",
			   verify_options, &options, 1, argc, &argv, &err);

	if (!result)
		result = verify(argv[0], &err);
	return result < 0 ? command_fail(STATUS_FAILED, &err) : 0;
}

/* ---- merge ---- */

static int copy_run(void *context, uint64_t offset, const uint8_t *bytes, size_t length,
		    struct error *err)
{
	return snapshot_file_write(context, bytes, length, offset, err);
}

static int write_merged(struct snapshot_files *files, const struct opened *base,
			const struct opened *diff, struct error *err)
{
	struct state_header header = diff->state.header;
	int result = 0;

	if (ftruncate(files->memory.fd, (off_t)header.memory_size) < 0)
		return error_errno(err, "%s", files->memory.path);
	result = snapshot_memory_walk(base->memory_fd, base->memory_path, copy_run, &files->memory,
				      err);
	if (!result)
		result = snapshot_memory_walk(diff->memory_fd, diff->memory_path, copy_run,
					      &files->memory, err);
	if (!result)
		result = snapshot_memory_sum(files->memory.fd, files->memory.path,
					     &header.memory_sum, err);
	if (result)
		return result;
	header.kind = base->state.header.kind;
	memcpy(header.base, base->state.header.base, sizeof(header.base));
	state_seal(diff->bytes, diff->state.size, &header);
	return snapshot_file_write(&files->state, diff->bytes, diff->state.size, 0, err);
}

static int check_pair(const struct opened *base, const struct opened *diff, struct error *err)
{
	const struct state_header *from = &base->state.header, *to = &diff->state.header;

	if (to->kind != STATE_DIFF)
		return error_set(err, EINVAL, "%s: is not a Diff", diff->state_path);
	if (from->memory_size != to->memory_size || memcmp(from->id, to->base, sizeof(to->base)))
		return error_set(err, EINVAL, "%s: is a Diff to another snapshot than %s",
				 diff->state_path, base->state_path);
	return 0;
}

static int merge_into(const char *name, const struct opened *base, const struct opened *diff,
		      bool force, struct error *err)
{
	char state[PATH_MAX + 8], memory[PATH_MAX + 8], directory[PATH_MAX];
	struct snapshot_files files;
	int result = paths(name, state, memory, err);

	if (!result)
		result = snapshot_place(directory, name, err);
	if (result)
		return result;
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", directory);
	if (!force && access(state, F_OK) == 0)
		return error_set(err, EEXIST, "%s is there already; --force replaces it",
				 directory);
	result = snapshot_files_create(&files, state, memory, diff->state.header.id, err);
	if (!result)
		result = write_merged(&files, base, diff, err);
	if (!result)
		result = snapshot_files_commit(&files, err);
	snapshot_files_close(&files);
	return result;
}

static int merge(char **names, bool force, struct error *err)
{
	struct opened base, diff = {.memory_fd = -1};
	int result = open_both(&base, names[0], err);

	if (!result)
		result = open_both(&diff, names[1], err);
	if (!result)
		result = check_pair(&base, &diff, err);
	if (!result)
		result = judge(&base, err);
	if (!result)
		result = judge(&diff, err);
	if (!result)
		result = merge_into(names[2], &base, &diff, force, err);
	close_both(&base);
	close_both(&diff);
	return result;
}

int command_snapshot_merge(int argc, char **argv)
{
	struct files_options options = {0};
	struct error err;
	int result = parse("mote snapshot-merge [--force] BASE DIFF OUT",
			   "Makes a snapshot of its own out of a Diff and what it is a Diff to.",
			   merge_options, &options, 3, argc, &argv, &err);

	if (!result)
		result = merge(argv, options.force, &err);
	return result < 0 ? command_fail(STATUS_FAILED, &err) : 0;
}
