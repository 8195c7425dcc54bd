/* SPDX-License-Identifier: Apache-2.0 */
/* `mote snapshot-merge` and `mote snapshot-verify`: about files alone, no microVM. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "vmm/snapshot_files.h"
#include "vmm/snapshot_input.h"
#include "vmm/snapshot_memory.h"
#include "vmm/snapshot_place.h"

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

static int paths(const char *name, char state[PATH_MAX], char memory[PATH_MAX], struct error *err)
{
	char directory[PATH_MAX];
	int result = snapshot_place(directory, name, err);

	if (result)
		return result;
	if (snprintf(state, PATH_MAX, "%s/" SNAPSHOT_STATE, directory) >= PATH_MAX ||
	    snprintf(memory, PATH_MAX, "%s/" SNAPSHOT_MEMORY, directory) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "%.80s…: the path is too long", name);
	return 0;
}

static int open_both(struct snapshot_input *input, const char *name, struct error *err)
{
	char state[PATH_MAX], memory[PATH_MAX];
	int result = paths(name, state, memory, err);

	if (!result)
		result = snapshot_input_state(input, state, err);
	return result ? result : snapshot_input_memory(input, memory, true, err);
}

/* ---- verify ---- */

/* The memory's sum is taken over what is no hole, a Diff's over that alone. */
static int verify(const char *name, struct error *err)
{
	struct snapshot_input input = SNAPSHOT_INPUT_CLOSED;
	uint64_t sum;
	int result = open_both(&input, name, err);

	if (!result)
		result = snapshot_memory_sum(input.memory_fd, input.memory_path, &sum, err);
	if (!result && sum != input.state.header.memory_sum)
		result = error_set(err, EINVAL, "%s: damaged: the checksum is another",
				   input.memory_path);
	snapshot_input_close(&input);
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

static int write_merged(struct snapshot_files *files, const struct snapshot_input *base,
			const struct snapshot_input *diff, struct error *err)
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

static int check_pair(const struct snapshot_input *base, const struct snapshot_input *diff,
		      char **names, struct error *err)
{
	const struct state_header *from = &base->state.header, *to = &diff->state.header;

	if (to->kind != STATE_DIFF)
		return error_set(err, EINVAL, "%.100s: is not a Diff", names[1]);
	if (from->memory_size != to->memory_size || memcmp(from->id, to->base, sizeof(to->base)))
		return error_set(err, EINVAL, "%.100s: is a Diff to another snapshot than %.100s",
				 names[1], names[0]);
	return 0;
}

static int merge_into(const char *name, const struct snapshot_input *base,
		      const struct snapshot_input *diff, bool force, struct error *err)
{
	char state[PATH_MAX], memory[PATH_MAX], directory[PATH_MAX];
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
	struct snapshot_input base = SNAPSHOT_INPUT_CLOSED, diff = SNAPSHOT_INPUT_CLOSED;
	int result = open_both(&base, names[0], err);

	if (!result)
		result = open_both(&diff, names[1], err);
	if (!result)
		result = check_pair(&base, &diff, names, err);
	if (!result)
		result = merge_into(names[2], &base, &diff, force, err);
	snapshot_input_close(&base);
	snapshot_input_close(&diff);
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
