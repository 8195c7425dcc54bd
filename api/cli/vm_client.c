/* SPDX-License-Identifier: Apache-2.0 */
/* From an ID to a connection. */
#include "api/cli/vm_client.h"

#include <errno.h>
#include <unistd.h>

int vm_client_find(struct state *state, const char *id, struct error *err)
{
	char base[256];
	int result = state_base(base, sizeof(base), err);

	if (!result)
		result = state_name(state, base, id, err);
	if (!result && access(state->path, F_OK))
		result = error_set(err, ENOENT, "no microVM is named '%s'", id);
	return result;
}

int vm_client_open(struct state *state, struct client *client, const char *id, struct error *err)
{
	int result = vm_client_find(state, id, err);

	if (result)
		return result;
	result = client_open(client, state->socket, err);
	if (result == -ENOENT || result == -ECONNREFUSED)
		return error_set(err, ESRCH, "%s is not running", id);
	return result;
}

int vm_client_get(struct client *client, const char *path, json_t **reply, struct error *err)
{
	int result = client_call(client, "GET", path, NULL, reply, err);

	if (!result && !json_is_object(*reply)) {
		json_decref(*reply);
		result = error_set(err, EPROTO, "%s: the monitor's answer is no object", path);
	}
	return result;
}
