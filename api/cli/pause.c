/* SPDX-License-Identifier: Apache-2.0 */
/* `mote pause` and `mote resume`. */
#include <stdbool.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

struct pause_options {
	bool help;
};

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", offsetof(struct pause_options, help), 0, 0},
	{.name = NULL},
};

static int set_state(const char *id, const char *wanted, struct error *err)
{
	struct client client;
	struct state state;
	int result = vm_client_open(&state, &client, id, err);

	if (result)
		return result;
	result = client_call(&client, "PATCH", "/vm", json_pack("{s:s}", "state", wanted), NULL,
			     err);
	client_close(&client);
	return result;
}

static int command_state(const char *usage, const char *about, const char *wanted, int argc,
			 char **argv)
{
	struct pause_options options = {0};
	struct error err;
	int status;
	const char *id = command_id(usage, about, options_table, &options, argc, argv, &status);

	if (!id)
		return status;
	return set_state(id, wanted, &err) ? command_fail(STATUS_FAILED, &err) : 0;
}

int command_pause(int argc, char **argv)
{
	return command_state("mote pause ID",
			     "Halts a microVM: it uses no CPU time until it is resumed.", "Paused",
			     argc, argv);
}

int command_resume(int argc, char **argv)
{
	return command_state("mote resume ID", "Lets a paused microVM go on.", "Resumed", argc,
			     argv);
}
