/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `mote run`, and the request bodies that they become. */
#ifndef MOTE_CLI_REQUEST_H
#define MOTE_CLI_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "api/cli/options.h"
#include "vmm/error.h"

struct run_options {
	bool help, detach, tty, no_jail, no_prefetch;
	const char *name, *root, *debug, *core; /* or NULL */
	int64_t mem, cpus; /* 0: not given */
	struct cli_list env;
	const char *program; /* as typed; of restore: the snapshot's name */
	char **args; /* NULL-terminated, without the program */
	const char *clock; /* of restore; or NULL */
};

/* For PUT /application; the message names what cannot be sent. */
int request_application(const struct run_options *options, json_t **body, struct error *err);

/* For PUT /machine-config; NULL: all is default, nothing to send. */
json_t *request_machine(const struct run_options *options);

#endif
