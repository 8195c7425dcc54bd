/* SPDX-License-Identifier: Apache-2.0 */
/* `mote ps`: one line for each microVM of this user. What dead ones left is removed. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

struct ps_options {
	bool help, json;
};

#define AT(member) offsetof(struct ps_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"json", 0, CLI_FLAG, NULL, "an array of objects", AT(json), 0, 0},
	{.name = NULL},
};

static json_t *member(json_t *answer, const char *section, const char *key)
{
	if (section)
		answer = json_object_get(answer, section);
	return json_incref(json_object_get(answer, key));
}

/* NULL members are left out: "?o"-like, but for what the monitor did not say. */
static void set(json_t *vm, const char *key, json_t *value)
{
	json_object_set_new(vm, key, value ? value : json_null());
}

static void describe_running(json_t *vm, struct client *client)
{
	json_t *status = NULL, *config = NULL;
	struct error err;

	set(vm, "pid", json_integer(client_peer(client)));
	if (vm_client_get(client, "/application", &status, &err) ||
	    vm_client_get(client, "/vm/config", &config, &err)) {
		set(vm, "state", json_string("not answering"));
	} else {
		set(vm, "state", member(status, NULL, "state"));
		set(vm, "exit_code", member(status, NULL, "exit_code"));
		set(vm, "signal", member(status, NULL, "signal"));
		set(vm, "vcpu_count", member(config, "machine-config", "vcpu_count"));
		set(vm, "mem_size_mib", member(config, "machine-config", "mem_size_mib"));
		set(vm, "path", member(config, "application", "path"));
	}
	json_decref(status);
	json_decref(config);
}

/* NULL: there's nothing alive. */
static json_t *describe(const char *base, const char *id)
{
	struct client client;
	struct state state;
	struct error err;
	json_t *vm;

	if (state_name(&state, base, id, &err) || state_remove_dead(&state))
		return NULL;
	vm = json_pack("{s:s, s:s}", "id", id, "state", "starting");
	if (!client_open(&client, state.socket, &err)) {
		describe_running(vm, &client);
		client_close(&client);
	}
	return vm;
}

static json_t *describe_all(struct error *err)
{
	char base[256];
	json_t *all = json_array();
	char **ids = state_base(base, sizeof(base), err) ? NULL : state_list(base, err);

	if (!ids) {
		json_decref(all);
		return NULL;
	}
	for (char **id = ids; *id; id++) {
		json_t *vm = describe(base, *id);

		if (vm)
			json_array_append_new(all, vm);
		free(*id);
	}
	free(ids);
	return all;
}

static void print_number(const json_t *vm, const char *key, int width)
{
	const json_t *value = json_object_get(vm, key);

	if (json_is_integer(value))
		printf("  %*lld", width, (long long)json_integer_value(value));
	else
		printf("  %*s", width, "-");
}

static void print_line(const json_t *vm)
{
	const char *state = json_string_value(json_object_get(vm, "state"));
	const char *path = json_string_value(json_object_get(vm, "path"));

	printf("%-16s  %-13s", json_string_value(json_object_get(vm, "id")), state ? state : "-");
	print_number(vm, "pid", 7);
	print_number(vm, "vcpu_count", 4);
	print_number(vm, "mem_size_mib", 7);
	printf("  %s\n", path ? path : "-");
}

static void print_table(const json_t *all)
{
	const json_t *vm;
	size_t index;

	printf("%-16s  %-13s  %7s  %4s  %7s  %s\n", "ID", "STATE", "PID", "CPUS", "MEM/MiB",
	       "PROGRAM");
	json_array_foreach(all, index, vm)
	{
		print_line(vm);
	}
}

static void print_json(const json_t *all)
{
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int ps(const struct ps_options *options)
{
	struct error err;
	json_t *all = describe_all(&err);

	if (!all)
		return command_fail(STATUS_FAILED, &err);
	if (options->json)
		print_json(all);
	else
		print_table(all);
	json_decref(all);
	return 0;
}

int command_ps(int argc, char **argv)
{
	struct ps_options options = {0};
	struct error err = {0};
	int operand = cli_options_parse(options_table, &options, argc, argv, &err);

	if (operand >= 0 && operand < argc)
		operand = error_set(&err, EINVAL, "ps takes no arguments");
	if (operand < 0)
		return command_fail(STATUS_FAILED, &err);
	if (!options.help)
		return ps(&options);
	cli_options_help("mote ps [--json]", "Lists the running microVMs.", options_table);
	return 0;
}
