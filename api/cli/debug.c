/* SPDX-License-Identifier: Apache-2.0 */
/* `mote debug`: has the monitor open a socket for gdb, and becomes a gdb that is connected there,
 * with the symbols of the program and, where they are found, of the runtime. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

static const char usage[] = "mote debug ID [GDB-ARGUMENTS…]";
static const char about[] = "Starts gdb on a microVM: $MOTE_GDB, else gdb-multiarch, else gdb.";

struct debug_options {
	bool help;
};

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", offsetof(struct debug_options, help), 0, 0},
	{.name = NULL},
};

/* What gdb is told, and the room for it. */
struct start {
	char program[PATH_MAX]; /* "": not an application, or it is not found */
	char runtime[PATH_MAX + 32], target[160];
	const char *arguments[64];
	size_t count;
};

/* The program's file: as the monitor was told, where the monitor is. */
static void find_program(struct start *start, const json_t *config, pid_t monitor)
{
	const json_t *application = json_object_get(config, "application");
	const char *path = json_string_value(json_object_get(application, "path"));
	char place[PATH_MAX];

	if (!path)
		return;
	snprintf(place, sizeof(place), "/proc/%d/cwd/%s", (int)monitor, path);
	if (!realpath(*path == '/' ? path : place, start->program))
		start->program[0] = '\0';
}

/* Beside mote where it was built, else where it is installed. */
static void find_runtime(struct start *start)
{
	static const char *const places[] = {"runtime.elf.debug", "../lib/mote/runtime.debug"};
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	if (length < 0)
		return;
	self[length] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - self), self, places[i]);
		if (access(path, R_OK) || strlen(path) >= PATH_MAX)
			continue;
		snprintf(start->runtime, sizeof(start->runtime), "add-symbol-file %.*s", PATH_MAX,
			 path);
		return;
	}
}

static void argument(struct start *start, const char *text)
{
	if (start->count < sizeof(start->arguments) / sizeof(start->arguments[0]) - 1)
		start->arguments[start->count++] = text;
}

static void say(struct start *start, const char *text)
{
	argument(start, "-ex");
	argument(start, text);
}

static void make_arguments(struct start *start, char **more)
{
	argument(start, "gdb");
	argument(start, "-q");
	if (*start->program)
		argument(start, start->program);
	/* Text that the guest has not touched yet is nowhere but in the file. */
	say(start, "set trust-readonly-sections on");
	if (*start->runtime) {
		say(start, "set confirm off");
		say(start, start->runtime);
		say(start, "set confirm on");
	}
	say(start, start->target);
	while (*more)
		argument(start, *more++);
}

static int become_gdb(const struct start *start, struct error *err)
{
	static const char *const names[] = {"gdb-multiarch", "gdb"};
	const char *given = getenv("MOTE_GDB");

	if (given && *given) {
		execvp(given, (char *const *)start->arguments);
		return error_errno(err, "MOTE_GDB=%s", given);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		execvp(names[i], (char *const *)start->arguments);
	return error_errno(err, "neither gdb-multiarch nor gdb can be started");
}

static int open_socket(struct client *client, const char *socket, struct error *err)
{
	return client_call(client, "PUT", "/debug", json_pack("{s:s}", "socket", socket), NULL,
			   err);
}

static int debug(const char *id, char **more, struct error *err)
{
	char socket[sizeof(((struct state *)0)->path) + 8];
	struct start start = {0};
	struct client client;
	struct state state;
	json_t *config = NULL;
	int result = vm_client_open(&state, &client, id, err);

	if (result)
		return result;
	snprintf(socket, sizeof(socket), "%s/gdb", state.path);
	snprintf(start.target, sizeof(start.target), "target remote %s", socket);
	result = vm_client_get(&client, "/vm/config", &config, err);
	if (!result) {
		find_program(&start, config, client_peer(&client));
		result = open_socket(&client, socket, err);
	}
	json_decref(config);
	client_close(&client);
	if (result)
		return result;
	find_runtime(&start);
	make_arguments(&start, more);
	return become_gdb(&start, err);
}

int command_debug(int argc, char **argv)
{
	struct debug_options options = {0};
	struct error err;
	int operand = cli_options_parse(options_table, &options, argc, argv, &err);

	if (operand >= 0 && options.help) {
		cli_options_help(usage, about, options_table);
		return 0;
	}
	if (operand == argc)
		operand = error_set(&err, EINVAL, "usage: %s", usage);
	if (operand >= 0)
		debug(argv[operand], argv + operand + 1, &err);
	return command_fail(STATUS_FAILED, &err);
}
