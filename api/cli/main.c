/* SPDX-License-Identifier: Apache-2.0 */
/* mote: finds the subcommand. Only a client of the API; it can do nothing that curl can't. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/cli/commands.h"
#include "vmm/standard.h"

static const struct {
	const char *name;
	const char *help;
	command *run; /* NULL: not built yet */
} commands[] = {
	{"run", "run a program in a microVM and behave like it", command_run},
	{"ps", "list the running microVMs", command_ps},
	{"inspect", "print configuration and state of one", command_inspect},
	{"logs", "print what a detached program has printed", command_logs},
	{"pause", "halt one until it is resumed", command_pause},
	{"resume", "let a paused one go on", command_resume},
	{"stop", "ask a program to end, then kill it", command_stop},
	{"kill", "end a microVM at once", command_kill},
	{"debug", "start gdb on one", command_debug},
	{"snapshot", "write one to files, from which it can go on again", command_snapshot},
	{"restore", "let a snapshot go on and behave like its program", command_restore},
	{"snapshot-merge", "put a Diff snapshot onto its base", command_snapshot_merge},
	{"snapshot-verify", "check the files of a snapshot", command_snapshot_verify},
	{"reset", "put one back to the snapshot that it was loaded from", command_reset},
	{"fn", NULL, NULL},
};

static int help(FILE *to)
{
	fputs("usage: mote COMMAND [OPTIONS] …\nRuns programs in microVMs of their own.\n\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].run)
			fprintf(to, "  %-15s %s\n", commands[i].name, commands[i].help);
	}
	fputs("\nmote COMMAND --help tells more about one; mote --version prints the version.\n",
	      to);
	return 0;
}

static int complain(const char *format, const char *word)
{
	struct error err;

	error_set(&err, EINVAL, "%s%s", format, word);
	return command_fail(STATUS_FAILED, &err);
}

static int dispatch(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[0]))
			continue;
		if (commands[i].run)
			return commands[i].run(argc, argv);
		return complain(argv[0], " is not built yet");
	}
	return complain("unknown command; see mote --help: ", argv[0]);
}

int main(int argc, char **argv)
{
	struct error err;

	if (standard_fill(&err) < 0)
		return command_fail(STATUS_FAILED, &err);
	if (argc < 2) {
		help(stderr);
		return STATUS_FAILED;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(stdout);
	if (!strcmp(argv[1], "--version")) {
		puts("mote " MOTE_VERSION);
		return 0;
	}
	if (argv[1][0] == '-')
		return complain("unknown option; see mote --help: ", argv[1]);
	return dispatch(argc - 1, argv + 1);
}
