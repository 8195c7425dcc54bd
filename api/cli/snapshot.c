/* SPDX-License-Identifier: Apache-2.0 */
/* `mote snapshot`: pauses a microVM if it runs, has it written to a directory, and lets it go on.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"
#include "vmm/snapshot_place.h"

static const char usage[] = "mote snapshot [--diff] [--force] ID NAME";
static const char about[] = "Writes a microVM to files, from which it can go on again.";

struct snapshot_options {
	bool help, diff, force;
};

#define AT(member) offsetof(struct snapshot_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"diff", 0, CLI_FLAG, NULL, "only what has changed since the last one", AT(diff), 0, 0},
	{"force", 0, CLI_FLAG, NULL, "replace the snapshot of this name", AT(force), 0, 0},
	{.name = NULL},
};

/* With all that leads to it. The directories of snapshots are for nobody else. */
static int make_directories(char *path, struct error *err)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int made;

		*slash = '\0';
		made = mkdir(path, 0700);
		*slash = '/';
		if (made < 0 && errno != EEXIST)
			return error_errno(err, "%s", path);
	}
	return 0;
}

/* The snapshot's directory, made unless it may be there. *made: it was not. */
static int directory_make(char directory[PATH_MAX], const char *name, bool force, bool *made,
			  struct error *err)
{
	int result = snapshot_place(directory, name, err);

	if (!result)
		result = make_directories(directory, err);
	if (result)
		return result;
	*made = mkdir(directory, 0700) == 0;
	if (*made || (force && errno == EEXIST))
		return 0;
	if (errno == EEXIST)
		return error_set(err, EEXIST, "%s is there already; --force replaces it",
				 directory);
	return error_errno(err, "%s", directory);
}

static json_t *create_body(const char *directory, bool diff)
{
	char absolute[PATH_MAX], state[PATH_MAX + 16], memory[PATH_MAX + 16];

	if (!realpath(directory, absolute))
		return NULL;
	snprintf(state, sizeof(state), "%s/" SNAPSHOT_STATE, absolute);
	snprintf(memory, sizeof(memory), "%s/" SNAPSHOT_MEMORY, absolute);
	return json_pack("{s:s, s:s, s:s}", "snapshot_type", diff ? "Diff" : "Full",
			 "snapshot_path", state, "mem_file_path", memory);
}

/* However long it takes. */
static int create(struct client *client, const char *directory, bool diff, struct error *err)
{
	json_t *body = create_body(directory, diff);
	int result = body ? client_send(client, "PUT", "/snapshot/create", NULL, body, err)
			  : error_set(err, EILSEQ, "%s: is not UTF-8, or gone", directory);

	while (!result)
		result = client_receive(client, err);
	return result < 0 ? result : client_reply(client, NULL, err);
}

static int set_state(struct client *client, const char *wanted, struct error *err)
{
	return client_call(client, "PATCH", "/vm", json_pack("{s:s}", "state", wanted), NULL, err);
}

static int is_running(struct client *client, bool *running, struct error *err)
{
	json_t *instance;
	const char *state;
	int result = vm_client_get(client, "/", &instance, err);

	if (result)
		return result;
	state = json_string_value(json_object_get(instance, "state"));
	*running = state && !strcmp(state, "Running");
	json_decref(instance);
	return 0;
}

/* What ran goes on, whatever became of the snapshot. */
static int snapshot(struct client *client, const char *directory, bool diff, struct error *err)
{
	struct error later;
	bool running;
	int result = is_running(client, &running, err);

	if (!result && running)
		result = set_state(client, "Paused", err);
	if (result)
		return result;
	result = create(client, directory, diff, err);
	if (running && set_state(client, "Resumed", &later) && !result) {
		*err = later;
		result = -err->code;
	}
	return result;
}

static int run(const struct snapshot_options *options, const char *id, const char *name)
{
	char directory[PATH_MAX];
	struct client client;
	struct state state;
	struct error err;
	bool made = false;
	int result = vm_client_open(&state, &client, id, &err);

	if (result)
		return command_fail(STATUS_FAILED, &err);
	result = directory_make(directory, name, options->force, &made, &err);
	if (!result)
		result = snapshot(&client, directory, options->diff, &err);
	client_close(&client);
	if (!result)
		return 0;
	if (made)
		rmdir(directory);
	return command_fail(STATUS_FAILED, &err);
}

/* Options may stand before, between and behind the two words. */
static int parse(struct snapshot_options *options, int argc, char **argv, const char *words[2],
		 struct error *err)
{
	int at = 0, count = 0;

	while (at < argc) {
		int taken = cli_options_parse(options_table, options, argc - at, argv + at, err);

		if (taken < 0 || options->help)
			return taken;
		at += taken;
		if (at < argc && count == 2)
			return error_set(err, EINVAL, "usage: %s", usage);
		if (at < argc)
			words[count++] = argv[at];
	}
	return count == 2 ? 0 : error_set(err, EINVAL, "usage: %s", usage);
}

int command_snapshot(int argc, char **argv)
{
	struct snapshot_options options = {0};
	const char *words[2];
	struct error err;

	if (parse(&options, argc, argv, words, &err) < 0)
		return command_fail(STATUS_FAILED, &err);
	if (!options.help)
		return run(&options, words[0], words[1]);
	cli_options_help(usage, about, options_table);
	return 0;
}
