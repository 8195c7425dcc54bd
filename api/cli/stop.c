/* SPDX-License-Identifier: Apache-2.0 */
/* `mote stop` and `mote kill`: ending a microVM that another mote started, and removing
 * what it leaves, unless that mote is still there to do it. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/monitor.h"
#include "api/cli/vm_client.h"

struct stop_options {
	bool help;
	int64_t timeout;
};

#define AT(member) offsetof(struct stop_options, member)

static const struct cli_option stop_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"timeout", 0, CLI_NUMBER, "S", "seconds before it is killed (10)", AT(timeout), 0, 3600},
	{.name = NULL},
};

static const struct cli_option kill_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{.name = NULL},
};

/* Receives the answer, which the monitor gives in time if it is well. */
static int receive_until(struct client *client, int timeout_ms, struct error *err)
{
	struct pollfd ready = {client->fd, POLLIN, 0};
	int result = 0;

	while (!result) {
		if (poll(&ready, 1, timeout_ms) != 1)
			return error_set(err, ETIMEDOUT, "the monitor does not answer");
		result = client_receive(client, err);
	}
	return result;
}

static bool has_ended(const struct client *client)
{
	struct error err;
	json_t *status;
	const char *state;
	bool ended;

	if (client_reply(client, &status, &err))
		return false;
	state = json_string_value(json_object_get(status, "state"));
	ended = state && (!strcmp(state, "exited") || !strcmp(state, "crashed"));
	json_decref(status);
	return ended;
}

/* Asks the application to end; true if it did in time. */
static bool ask_to_end(const struct state *state, int64_t timeout_s)
{
	char header[48];
	struct client client;
	struct error err;
	bool ended;

	if (client_open(&client, state->socket, &err))
		return false;
	snprintf(header, sizeof(header), "Prefer: wait=%lld", (long long)timeout_s);
	/* Refused when it has ended already, or was never started: the answer below tells. A
	 * paused one has to go on to end. */
	client_call(&client, "PUT", "/actions", json_pack("{s:s}", "action_type", "SendCtrlAltDel"),
		    NULL, &err);
	client_call(&client, "PATCH", "/vm", json_pack("{s:s}", "state", "Resumed"), NULL, &err);
	ended = !client_send(&client, "GET", "/application", header, NULL, &err) &&
		receive_until(&client, (int)timeout_s * 1000 + 1000, &err) == 1 &&
		has_ended(&client);
	client_close(&client);
	return ended;
}

/* What is left when the monitor is dead; a mote that is attached to it cleans up itself. */
static void remove_rest(struct state *state)
{
	struct error err;

	if (!state_lock(state, &err))
		state_remove(state);
}

static int end(const char *id, int64_t timeout_s, bool at_once, struct error *err)
{
	struct monitor monitor;
	struct state state;
	int result = vm_client_find(&state, id, err);

	if (result)
		return result;
	if (!monitor_open(&monitor, &state, err)) {
		monitor_end(&monitor, at_once || !ask_to_end(&state, timeout_s));
		monitor_close(&monitor);
	} else if (state_lock(&state, err) == -EBUSY) {
		return error_set(err, EBUSY, "%s is just being started or ended", id);
	} else {
		state_release(&state);
	}
	remove_rest(&state);
	return 0;
}

int command_stop(int argc, char **argv)
{
	struct stop_options options = {.timeout = 10};
	struct error err;
	int status;
	const char *id = command_id("mote stop ID [--timeout S]",
				    "Asks the program to end (SIGTERM); kills it after a while.",
				    stop_table, &options, argc, argv, &status);

	if (!id)
		return status;
	return end(id, options.timeout, false, &err) ? command_fail(STATUS_FAILED, &err) : 0;
}

int command_kill(int argc, char **argv)
{
	struct stop_options options = {0};
	struct error err;
	int status;
	const char *id = command_id("mote kill ID", "Ends a microVM at once.", kill_table, &options,
				    argc, argv, &status);

	if (!id)
		return status;
	return end(id, 0, true, &err) ? command_fail(STATUS_FAILED, &err) : 0;
}
