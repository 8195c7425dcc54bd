/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of mote. Each takes its own name and what follows it, and returns mote's
 * exit status. */
#ifndef MOTE_CLI_COMMANDS_H
#define MOTE_CLI_COMMANDS_H

#include "api/cli/options.h"
#include "vmm/error.h"

enum {
	STATUS_FAILED = 125, /* mote itself failed */
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* + the signal's number */
};

typedef int command(int argc, char **argv);

command command_run;
command command_ps;
command command_inspect;
command command_logs;
command command_pause;
command command_resume;
command command_reset;
command command_stop;
command command_kill;
command command_debug;
command command_snapshot;
command command_restore;
command command_snapshot_merge;
command command_snapshot_verify;

/* A microVM that starts by what `begin` asks of its monitor, from the state's claim to the exit
 * status. The options are those about the session; their `program` is its name in messages. */
struct run_options;
struct session;
int command_session(const struct run_options *options,
		    int (*begin)(struct session *session, const struct run_options *options,
				 struct error *err));

/* "mote: message" on standard error; returns status. */
int command_fail(int status, const struct error *err);

/* Parses the options of a command that takes exactly one ID. Returns the ID, or NULL with
 * *status set: help was asked for and printed, or something is wrong and was said. `into`
 * begins with a bool for the table's --help. */
const char *command_id(const char *usage, const char *about, const struct cli_option *options,
		       void *into, int argc, char **argv, int *status);

#endif
