/* SPDX-License-Identifier: Apache-2.0 */
/* `mote inspect`: configuration and state of one microVM as JSON, or its registers. */
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
	{"registers", 0, CLI_FLAG, NULL, "registers of a paused or ended one, by class",
	 AT(registers), 0, 0},
	{"json", 0, CLI_FLAG, NULL, "JSON, which is the default without --registers", AT(json), 0,
	 0},
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

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

static void print_register(const json_t *reg)
{
	const json_t *refused = json_object_get(reg, "refused");

	printf("  %-16s %s%s%s", json_string_value(json_object_get(reg, "name")),
	       json_string_value(json_object_get(reg, "value")),
	       json_is_true(json_object_get(reg, "valid")) ? " valid" : "",
	       json_is_true(json_object_get(reg, "dirty")) ? " dirty" : "");
	if (refused)
		printf(" refused %s", json_string_value(refused));
	putchar('\n');
}

static void print_vcpu(json_t *vcpu)
{
	const char *class;
	json_t *list, *reg;
	size_t index;

	printf("vCPU %lld\n", (long long)json_integer_value(json_object_get(vcpu, "vcpu")));
	json_object_foreach(json_object_get(vcpu, "classes"), class, list)
	{
		if (json_array_size(list))
			printf("%s\n", class);
		json_array_foreach(list, index, reg)
		{
			print_register(reg);
		}
	}
}

static int registers(const char *id, bool json, struct error *err)
{
	struct client client;
	struct state state;
	json_t *all, *vcpu;
	size_t index;
	int result = vm_client_open(&state, &client, id, err);

	if (result)
		return result;
	result = vm_client_get(&client, "/registers", &all, err);
	client_close(&client);
	if (result)
		return result;
	if (json)
		print_json(all);
	json_array_foreach(json ? NULL : json_object_get(all, "vcpus"), index, vcpu)
	{
		print_vcpu(vcpu);
	}
	json_decref(all);
	return 0;
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
	if (!result)
		print_json(all);
	json_decref(all);
	return result;
}

int command_inspect(int argc, char **argv)
{
	struct inspect_options options = {0};
	struct error err;
	int status, result;
	const char *id = command_id("mote inspect [--registers] [--json] ID",
				    "Prints configuration and state of a microVM.", options_table,
				    &options, argc, argv, &status);

	if (!id)
		return status;
	result = options.registers ? registers(id, options.json, &err) : inspect(id, &err);
	return result ? command_fail(STATUS_FAILED, &err) : 0;
}
