/* SPDX-License-Identifier: Apache-2.0 */
/* `mote inspect`: configuration and state of one microVM as JSON. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

struct inspect_options {
	bool help, registers, json;
};

#define AT(member) offsetof(struct inspect_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"registers", 0, CLI_FLAG, NULL, "not built yet", AT(registers), 0, 0},
	{"json", 0, CLI_FLAG, NULL, "JSON, which is the default", AT(json), 0, 0},
	{.name = NULL},
};

static const struct {
	const char *key, *path;
} sections[] = {
	{"instance", "/"},
	{"application", "/application"},
	{"config", "/vm/config"},
};

static int collect(struct client *client, json_t *all, struct error *err)
{
	int result = 0;

	for (size_t i = 0; !result && i < sizeof(sections) / sizeof(sections[0]); i++) {
		json_t *section;

		result = vm_client_get(client, sections[i].path, &section, err);
		if (!result)
			json_object_set_new(all, sections[i].key, section);
	}
	return result;
}

static int inspect(const char *id, struct error *err)
{
	struct client client;
	struct state state;
	json_t *all;
	int result = vm_client_open(&state, &client, id, err);

	if (result)
		return result;
	all = json_pack("{s:s, s:i, s:s}", "id", id, "pid", (int)client_peer(&client), "directory",
			state.path);
	result = collect(&client, all, err);
	client_close(&client);
	if (!result) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return result;
}

int command_inspect(int argc, char **argv)
{
	struct inspect_options options = {0};
	struct error err;
	int status;
	const char *id =
		command_id("mote inspect ID", "Prints configuration and state of a microVM.",
			   options_table, &options, argc, argv, &status);

	if (!id)
		return status;
	if (options.registers) {
		error_set(&err, ENOTSUP, "inspect --registers is not built yet");
		return command_fail(STATUS_FAILED, &err);
	}
	return inspect(id, &err) ? command_fail(STATUS_FAILED, &err) : 0;
}
