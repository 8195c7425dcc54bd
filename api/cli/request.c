/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies from options. JSON carries UTF-8 only, so other bytes are refused. */
#include "api/cli/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int set_text(json_t *object, const char *key, const char *text, struct error *err)
{
	if (!text || !json_object_set_new(object, key, json_string(text)))
		return 0;
	return error_set(err, EILSEQ, "%s '%.80s' is not UTF-8", key, text);
}

static int set_args(json_t *object, char **args, struct error *err)
{
	json_t *array = json_array();

	if (json_object_set_new(object, "args", array))
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; args[i]; i++) {
		if (json_array_append_new(array, json_string(args[i])))
			return error_set(err, EILSEQ, "argument %zu is not UTF-8", i + 1);
	}
	return 0;
}

/* "K=V" into the object; a later K replaces an earlier one. */
static int set_pair(json_t *object, const char *pair, struct error *err)
{
	size_t length = strcspn(pair, "=");

	if (!length || !pair[length])
		return error_set(err, EINVAL, "--env '%.80s': must be NAME=VALUE", pair);
	if (json_object_setn_new(object, pair, length, json_string(pair + length + 1)))
		return error_set(err, EILSEQ, "--env '%.80s' is not UTF-8", pair);
	return 0;
}

/* The kind of terminal belongs to the terminal. */
static int set_env(json_t *object, const struct run_options *options, struct error *err)
{
	json_t *pairs = json_object();
	int result = 0;

	if (json_object_set_new(object, "env", pairs))
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; !result && i < options->env.count; i++)
		result = set_pair(pairs, options->env.items[i], err);
	if (!result && options->tty && !json_object_get(pairs, "TERM"))
		result = set_text(pairs, "TERM", getenv("TERM"), err);
	return result;
}

int request_application(const struct run_options *options, json_t **body, struct error *err)
{
	json_t *object = json_object();
	int result = set_text(object, "path", options->program, err);

	if (!result && options->args[0])
		result = set_args(object, options->args, err);
	if (!result && (options->env.count || options->tty))
		result = set_env(object, options, err);
	if (!result)
		result = set_text(object, "root", options->root, err);
	if (result)
		json_decref(object);
	else
		*body = object;
	return result;
}

json_t *request_machine(const struct run_options *options)
{
	if (!options->mem && !options->cpus)
		return NULL;
	return json_pack("{s:I, s:I}", "vcpu_count",
			 (json_int_t)(options->cpus ? options->cpus : 1), "mem_size_mib",
			 (json_int_t)(options->mem ? options->mem : 128));
}
