/* SPDX-License-Identifier: Apache-2.0 */
/* `mote reset`. */
#include <stdbool.h>
#include <stdio.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

struct reset_options {
	bool help;
};

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", offsetof(struct reset_options, help), 0, 0},
	{.name = NULL},
};

static int reset(const char *id, json_t **cost, struct error *err)
{
	struct client client;
	struct state state;
	int result = vm_client_open(&state, &client, id, err);

	if (result)
		return result;
	result = client_call(&client, "PUT", "/snapshot/reset", json_object(), cost, err);
	client_close(&client);
	return result;
}

int command_reset(int argc, char **argv)
{
	struct reset_options options = {0};
	json_t *cost = NULL;
	struct error err;
	int status;
	const char *id = command_id("mote reset ID",
				    "Puts a microVM back to the snapshot that it was loaded from.",
				    options_table, &options, argc, argv, &status);

	if (!id)
		return status;
	if (reset(id, &cost, &err))
		return command_fail(STATUS_FAILED, &err);
	if (cost)
		fprintf(stderr, "mote: %s\n", json_string_value(json_object_get(cost, "reason")));
	json_decref(cost);
	return 0;
}
