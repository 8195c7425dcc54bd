/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: complaining, and options followed by one ID. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/cli/commands.h"

int command_fail(int status, const struct error *err)
{
	fprintf(stderr, "mote: %s\n", err->message);
	return status;
}

/* Options may stand before and behind the ID. The ID's index, or -EINVAL. */
static int parse_id(const char *usage, const struct cli_option *options, void *into, int argc,
		    char **argv, struct error *err)
{
	int operand = cli_options_parse(options, into, argc, argv, err), rest;

	if (operand < 0 || *(bool *)into)
		return operand;
	if (operand == argc)
		return error_set(err, EINVAL, "usage: %s", usage);
	rest = cli_options_parse(options, into, argc - operand, argv + operand, err);
	if (rest >= 0 && rest < argc - operand)
		return error_set(err, EINVAL, "usage: %s", usage);
	return rest < 0 ? rest : operand;
}

const char *command_id(const char *usage, const char *about, const struct cli_option *options,
		       void *into, int argc, char **argv, int *status)
{
	struct error err;
	int operand = parse_id(usage, options, into, argc, argv, &err);

	*status = 0;
	if (operand < 0) {
		*status = command_fail(STATUS_FAILED, &err);
		return NULL;
	}
	if (!*(bool *)into)
		return argv[operand];
	cli_options_help(usage, about, options);
	return NULL;
}
