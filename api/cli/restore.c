/* SPDX-License-Identifier: Apache-2.0 */
/* `mote restore`: starts a monitor for a snapshot and behaves like the program in it. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/request.h"
#include "api/cli/session.h"
#include "vmm/snapshot_place.h"

static const char usage[] = "mote restore [OPTIONS] NAME";
static const char about[] = "Lets a snapshot go on; its program has these streams then.";

#define AT(member) offsetof(struct run_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"name", 0, CLI_TEXT, "N", "name of the microVM (random)", AT(name), 0, 0},
	{"clock", 0, CLI_TEXT, "CLOCK", "guest: no time has passed; wall: it has", AT(clock), 0, 0},
	{"detach", 0, CLI_FLAG, NULL, "print the ID and return", AT(detach), 0, 0},
	{"tty", 0, CLI_FLAG, NULL, "the program has this terminal", AT(tty), 0, 0},
	{"no-prefetch", 0, CLI_FLAG, NULL, "don't bring in, or note, what is touched first",
	 AT(no_prefetch), 0, 0},
	{"no-jail", 0, CLI_FLAG, NULL, "don't confine the monitor", AT(no_jail), 0, 0},
	{.name = NULL},
};

/* The monitor starts where we are, but a path of its own is clearer in messages. */
static int file_path(char path[PATH_MAX], const char *name, const char *file, struct error *err)
{
	char directory[PATH_MAX], whole[PATH_MAX + 16];
	int result = snapshot_place(directory, name, err);

	if (result < 0)
		return result;
	snprintf(whole, sizeof(whole), "%s/%s", directory, file);
	return realpath(whole, path) ? 0 : error_errno(err, "%s", whole);
}

static int body(const struct run_options *options, json_t **body, struct error *err)
{
	char state[PATH_MAX], memory[PATH_MAX];
	int result = file_path(state, options->program, SNAPSHOT_STATE, err);

	if (result == 0)
		result = file_path(memory, options->program, SNAPSHOT_MEMORY, err);
	if (result < 0)
		return result;
	*body = json_pack("{s:s, s:s, s:b, s:b, s:s}", "snapshot_path", state, "mem_file_path",
			  memory, "resume_vm", true, "prefetch", !options->no_prefetch, "clock",
			  options->clock ? options->clock : "guest");
	return *body ? 0 : error_set(err, EILSEQ, "%s: is not UTF-8", state);
}

static int start(struct session *session, const struct run_options *options, struct error *err)
{
	json_t *load;
	int result = body(options, &load, err);

	if (result)
		return result;
	result = session_start(session, options->detach, err);
	if (result) {
		json_decref(load);
		return result;
	}
	return session_put(session, "/snapshot/load", load, err);
}

static int check(const struct run_options *options, struct error *err)
{
	json_t *ignored;
	int result;

	if (options->clock && strcmp(options->clock, "guest") && strcmp(options->clock, "wall"))
		return error_set(err, EINVAL, "--clock '%.32s': guest or wall", options->clock);
	result = body(options, &ignored, err);
	if (!result)
		json_decref(ignored);
	return result;
}

int command_restore(int argc, char **argv)
{
	struct run_options options = {0};
	struct error err;
	int operand = cli_options_parse(options_table, &options, argc, argv, &err);

	if (options.help) {
		cli_options_help(usage, about, options_table);
		return 0;
	}
	if (operand >= 0 && operand != argc - 1)
		operand = error_set(&err, EINVAL, "usage: %s", usage);
	if (operand < 0)
		return command_fail(STATUS_FAILED, &err);
	options.program = argv[operand];
	if (check(&options, &err))
		return command_fail(STATUS_FAILED, &err);
	return command_session(&options, start);
}
