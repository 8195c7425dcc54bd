/* SPDX-License-Identifier: Apache-2.0 */
/* `mote run`: judges the program, starts a monitor for it and behaves like the program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/request.h"
#include "api/cli/session.h"
#include "api/cli/terminal.h"
#include "vmm/image.h"

static const char usage[] = "mote run [OPTIONS] PROGRAM [ARGS…]";
static const char about[] = "Runs a static Linux program in a microVM of its own.";

#define AT(member) offsetof(struct run_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"name", 0, CLI_TEXT, "N", "name of the microVM (random)", AT(name), 0, 0},
	{"mem", 0, CLI_NUMBER, "MIB", "memory in MiB (128)", AT(mem), 1, UINT32_MAX},
	{"cpus", 0, CLI_NUMBER, "N", "virtual processors (1)", AT(cpus), 1, UINT32_MAX},
	{"env", 0, CLI_LIST, "K=V", "environment variable, repeatable", AT(env), 0, 0},
	{"root", 0, CLI_TEXT, "DIR", "a copy of DIR is the program's /", AT(root), 0, 0},
	{"detach", 0, CLI_FLAG, NULL, "print the ID and return", AT(detach), 0, 0},
	{"tty", 0, CLI_FLAG, NULL, "the program has this terminal", AT(tty), 0, 0},
	{"no-jail", 0, CLI_FLAG, NULL, "don't confine the monitor", AT(no_jail), 0, 0},
	{"debug", 0, CLI_TEXT, "SOCKET", "wait at SOCKET for gdb before the program begins",
	 AT(debug), 0, 0},
	{"core", 0, CLI_TEXT, "FILE", "if the program crashes, write a core file", AT(core), 0, 0},
	{.name = NULL},
};

/* Opens the program as the monitor will find it. */
static int program_open(const struct run_options *options)
{
	char path[4096];
	int fd = open(options->program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 || !options->root || (errno != ENOENT && errno != ENOTDIR))
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", options->root, options->program) >=
	    sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int program_judge(const char *name, int fd, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status))
		return error_errno(err, "%s", name);
	if (S_ISDIR(status.st_mode))
		return error_set(err, EISDIR, "%s: is a directory", name);
	if (!S_ISREG(status.st_mode))
		return error_set(err, EACCES, "%s: is not a regular file", name);
	return image_check_application(name, fd, err);
}

/* 0, or the status that says that it can't be run, after saying why. */
static int program_check(const struct run_options *options)
{
	struct error err;
	int fd = program_open(options), result;

	if (fd < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		error_errno(&err, "%s", options->program);
		return command_fail(missing ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN, &err);
	}
	result = program_judge(options->program, fd, &err);
	close(fd);
	return result ? command_fail(STATUS_CANNOT_RUN, &err) : 0;
}

static int root_check(const char *root, struct error *err)
{
	struct stat status;

	if (!root)
		return 0;
	if (stat(root, &status))
		return error_errno(err, "--root %s", root);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ENOTDIR, "--root %s: is not a directory", root);
	return 0;
}

static int options_check(const struct run_options *options, struct error *err)
{
	if (options->detach && options->tty)
		return error_set(err, EINVAL, "--detach and --tty exclude each other");
	if (options->name && !state_id_is_good(options->name))
		return error_set(err, EINVAL,
				 "--name '%.80s': 1 to 64 letters, digits, '-' and '_'",
				 options->name);
	return root_check(options->root, err);
}

/* Everything up to the running application. */
static int start(struct session *session, const struct run_options *options, struct error *err)
{
	json_t *machine, *application;
	int result = request_application(options, &application, err);

	if (result)
		return result;
	result = session_start(session, options->detach, err);
	machine = result ? NULL : request_machine(options);
	if (machine)
		result = session_put(session, "/machine-config", machine, err);
	if (result) {
		json_decref(application);
		return result;
	}
	result = session_put(session, "/application", application, err);
	if (!result && options->core)
		result = session_put(session, "/core", json_pack("{s:s}", "path", options->core),
				     err);
	if (!result && options->debug)
		result = session_put(session, "/debug",
				     json_pack("{s:s}", "socket", options->debug), err);
	return result ? result : session_run(session, err);
}

/* Shells are silent about these, too. */
static bool is_quiet(int number)
{
	return number == SIGINT || number == SIGTERM || number == SIGPIPE;
}

static int end_status(const struct run_options *options, const struct session_end *end)
{
	const char *what = end->signal > 0 ? strsignal(end->signal) : NULL;

	if (!end->crashed && end->exit_code >= 0)
		return end->exit_code;
	if (!is_quiet(end->signal))
		fprintf(stderr, "mote: %s: %s\n", options->program,
			*end->reason ? end->reason
			: what       ? what
				     : "ended for an unknown reason");
	return end->signal > 0       ? STATUS_SIGNAL + end->signal
	       : end->exit_code >= 0 ? end->exit_code
				     : STATUS_FAILED;
}

static int failed_status(const struct session *session, const struct error *err)
{
	if (session->interrupted)
		return STATUS_SIGNAL + session->interrupted;
	command_fail(STATUS_FAILED, err);
	return session->killed ? STATUS_SIGNAL + session->killed : STATUS_FAILED;
}

/* A detached monitor's messages went to its log, which is about to be removed. */
static void show_log(const struct state *state)
{
	char path[128], text[1024];
	ssize_t count;
	int fd;

	snprintf(path, sizeof(path), "%s/log", state->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	count = read(fd, text, sizeof(text));
	if (count > 0)
		fwrite(text, 1, (size_t)count, stderr);
	close(fd);
}

typedef int starter(struct session *session, const struct run_options *options, struct error *err);

static int run_session(struct session *session, const struct run_options *options, starter *begin,
		       struct terminal *terminal)
{
	struct session_end end;
	struct error err;
	int result = begin(session, options, &err);

	if (result && options->detach)
		show_log(&session->state);
	if (!result && !options->detach)
		result = session_attach(session, &end, &err);
	terminal_restore(terminal); /* before anything is said on it */
	if (result)
		return failed_status(session, &err);
	if (!options->detach)
		return end_status(options, &end);
	puts(session->state.id);
	return 0;
}

/* With the state claimed; gives it back. */
static int run_claimed(struct session *session, const struct run_options *options, starter *begin)
{
	struct terminal terminal = {0};
	struct error err;
	bool keep = false;
	int status;

	if (session_open(session, options->tty, &err) ||
	    (options->tty && terminal_open(&terminal, &err))) {
		status = command_fail(STATUS_FAILED, &err);
	} else {
		status = run_session(session, options, begin, &terminal);
		keep = options->detach && !status;
	}
	session_close(session, keep);
	terminal_restore(&terminal);
	if (keep)
		state_release(&session->state);
	else
		state_remove(&session->state);
	return status;
}

int command_session(const struct run_options *options, starter *begin)
{
	struct session session;
	struct error err;
	char base[256];

	if (options_check(options, &err) || state_base(base, sizeof(base), &err) ||
	    state_claim(&session.state, base, options->name, &err))
		return command_fail(STATUS_FAILED, &err);
	return run_claimed(&session, options, begin);
}

static int run(const struct run_options *options)
{
	struct error err;
	int status;

	if (options_check(options, &err))
		return command_fail(STATUS_FAILED, &err);
	status = program_check(options);
	return status ? status : command_session(options, start);
}

int command_run(int argc, char **argv)
{
	struct run_options options = {0};
	struct error err;
	int operand = cli_options_parse(options_table, &options, argc, argv, &err), status;

	if (operand == argc && !options.help)
		operand = error_set(&err, EINVAL, "usage: %s", usage);
	if (operand < 0) {
		status = command_fail(STATUS_FAILED, &err);
	} else if (options.help) {
		cli_options_help(usage, about, options_table);
		status = 0;
	} else {
		options.program = argv[operand];
		options.args = argv + operand + 1;
		status = run(&options);
	}
	free(options.env.items);
	return status;
}
