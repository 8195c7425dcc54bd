/* SPDX-License-Identifier: Apache-2.0 */
/* `mote run` and its neighbours against a monitor without a VM: this program itself, which
 * serves the real API and plays an application according to its first argument. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "api/cli/commands.h"
#include "api/server.h"
#include "tests/unit/test_api_control.h"

/* ---- the monitor ---- */

static struct loop *loop;
static struct loop_source ending;

static void ending_ready(void *context, uint32_t events)
{
	(void)context;
	(void)events;
	loop_stop(loop);
}

static void play_cat(struct control *control)
{
	char buffer[4096];
	ssize_t count;

	while ((count = read(0, buffer, sizeof(buffer))) > 0) {
		if (write(1, buffer, (size_t)count) != count)
			abort();
	}
	fake_control_set(control, APPLICATION_EXITED, 0, -1);
}

static void play_show(struct control *control)
{
	struct application *application = &control->config.application;

	printf("%s", application->path);
	for (char **arg = application->args; arg && *arg; arg++)
		printf(" %s", *arg);
	for (char **pair = application->env; pair && *pair; pair++)
		printf(" %s", *pair);
	printf(" %s %u %u\n", application->root ? application->root : "-",
	       control->config.machine.vcpu_count, control->config.machine.mem_size_mib);
	fflush(stdout);
	fputs("to stderr\n", stderr);
	fake_control_set(control, APPLICATION_EXITED, 0, -1);
}

static void play(struct control *control)
{
	char **args = control->config.application.args;
	const char *what = args ? args[0] : "exit";
	int number = args && args[1] ? (int)strtol(args[1], NULL, 10) : 0;

	if (!strcmp(what, "exit"))
		fake_control_set(control, APPLICATION_EXITED, number, -1);
	else if (!strcmp(what, "crash"))
		fake_control_set(control, APPLICATION_CRASHED, -1, number);
	else if (!strcmp(what, "panic"))
		fake_control_set(control, APPLICATION_CRASHED, -1, -1);
	else if (!strcmp(what, "die"))
		raise(SIGKILL);
	else if (!strcmp(what, "cat"))
		play_cat(control);
	else if (!strcmp(what, "show"))
		play_show(control);
	else /* wait for a signal, which play_signal() takes */
		puts("waiting"), fflush(stdout);
}

static void play_signal(struct control *control, int signal)
{
	char **args = control->config.application.args;

	printf("signal %d\n", signal);
	fflush(stdout);
	if (!strcmp(args[0], "stubborn"))
		return;
	if (!strcmp(args[0], "catch"))
		fake_control_set(control, APPLICATION_EXITED, 40 + signal, -1);
	else
		fake_control_set(control, APPLICATION_CRASHED, -1, signal);
}

static int monitor(const char *socket_path)
{
	struct control control;
	struct api_server *server;
	struct error err;
	sigset_t set;

	fake_control_init(&control);
	control.started = play;
	control.signaled = play_signal;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	loop = loop_create(&err);
	ending = (struct loop_source){signalfd(-1, &set, SFD_CLOEXEC), ending_ready, NULL};
	loop_add(loop, &ending, EPOLLIN, &err);
	server = api_server_create(loop, &control, socket_path, &err);
	if (!server) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	loop_run(loop, &err);
	api_server_destroy(server);
	loop_destroy(loop);
	fake_control_finish(&control);
	return 0;
}

/* ---- mote ---- */

struct mote {
	pid_t pid;
	int in, out, err; /* our ends */
};

static void mote_start(struct mote *mote, command *run, char **argv)
{
	int in[2], out[2], err[2], argc = 0;

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	while (argv[argc])
		argc++;
	mote->pid = fork();
	if (!mote->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		close(in[1]); /* else standard input never ends */
		argc = run(argc, argv);
		fflush(stdout);
		_exit(argc);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	mote->in = in[1];
	mote->out = out[0];
	mote->err = err[0];
}

static void read_all(int fd, char *to, size_t size)
{
	size_t length = 0;
	ssize_t count;

	while ((count = read(fd, to + length, size - 1 - length)) > 0)
		length += (size_t)count;
	to[length] = 0;
	close(fd);
}

static int mote_end(struct mote *mote, char *out, char *err, size_t size)
{
	int status;

	if (mote->in >= 0)
		close(mote->in);
	read_all(mote->out, out, size);
	read_all(mote->err, err, size);
	assert_int_equal(waitpid(mote->pid, &status, 0), mote->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ARGS(...) ((char *[]){__VA_ARGS__, NULL})

static char out[8192], err[8192];

static int mote(command *run, char **argv)
{
	struct mote mote;

	mote_start(&mote, run, argv);
	return mote_end(&mote, out, err, sizeof(out));
}

static void await_line(int fd, const char *line)
{
	char text[64] = "";
	size_t length = 0;

	while (!strstr(text, line)) {
		assert_true(length < sizeof(text) - 1);
		assert_int_equal(read(fd, text + length, 1), 1);
		text[++length] = 0;
	}
}

/* The smallest thing that passes for a static program of the guest. */
static void write_program(const char *path, uint16_t machine, uint32_t segment_type)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
	} file = {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					    ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_EXEC,
				.e_machine = machine,
				.e_version = EV_CURRENT,
				.e_entry = 0x10000,
				.e_phoff = sizeof(Elf64_Ehdr),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 2,
			},
		.segments =
			{
				{.p_type = PT_LOAD,
				 .p_flags = PF_R | PF_X,
				 .p_vaddr = 0x10000,
				 .p_paddr = 0x10000,
				 .p_filesz = 64,
				 .p_memsz = 64,
				 .p_align = 0x10000},
				{.p_type = segment_type, .p_filesz = 8, .p_memsz = 8},
			},
	};

	write_file(path, &file, sizeof(file));
}

static void passes_status_on(void **state)
{
	static const struct {
		char *what, *number;
		int status;
		const char *message; /* NULL: none */
	} cases[] = {
		{"exit", "0", 0, NULL},
		{"exit", "7", 7, NULL},
		{"exit", "255", 255, NULL},
		{"crash", "11", 139, "mote: hello: Segmentation fault\n"},
		{"crash", "15", 143, NULL},
		{"crash", "2", 130, NULL},
		{"panic", "0", 125, "mote: hello: "},
		{"die", "0", 137, "mote: the monitor was killed by signal 9\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int status = mote(command_run, ARGS("run", "--no-jail", "hello", cases[i].what,
						    cases[i].number));

		assert_int_equal(status, cases[i].status);
		if (cases[i].message)
			assert_contains(err, cases[i].message);
		else
			assert_string_equal(err, "");
		assert_string_equal(out, "");
	}
}

static void passes_configuration_on(void **state)
{
	(void)state;
	assert_int_equal(mote(command_run, ARGS("run", "--mem=64", "--cpus", "2", "--env", "A=1",
						"--env", "B=x=y", "--env", "A=2", "--root", ".",
						"./hello", "show", "--mem", "-x")),
			 0);
	assert_string_equal(out, "./hello show --mem -x A=2 B=x=y . 2 64\n");
	assert_string_equal(err, "to stderr\n");
	assert_int_equal(mote(command_run, ARGS("run", "--mem", "64", "hello", "show")), 0);
	assert_string_equal(out, "hello show - 1 64\n");
}

static void passes_bytes_on(void **state)
{
	struct mote mote;
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i + 1);
	mote_start(&mote, command_run, ARGS("run", "hello", "cat"));
	assert_int_equal(write(mote.in, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(mote_end(&mote, out, err, sizeof(out)), 0);
	assert_memory_equal(out, bytes, sizeof(bytes));
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

static void passes_signals_on(void **state)
{
	char line[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(signals); i++) {
		struct mote mote;

		mote_start(&mote, command_run, ARGS("run", "hello", "catch"));
		await_line(mote.out, "waiting\n");
		kill(mote.pid, signals[i]);
		assert_int_equal(mote_end(&mote, out, err, sizeof(out)), 40 + signals[i]);
		snprintf(line, sizeof(line), "signal %d\n", signals[i]);
		assert_string_equal(out, line);
	}
}

static void refuses_programs(void **state)
{
	static const struct {
		char *program;
		int status;
		const char *message;
	} cases[] = {
		{"missing", 127, "mote: missing: No such file or directory\n"},
		{"hello/x", 127, "mote: hello/x: "},
		{".", 126, "mote: .: is a directory\n"},
		{"text", 126, "mote: text: "},
		{"foreign", 126, "mote: foreign: "},
		{"dynamic", 126, "mote: dynamic: "},
		{"/dev/null", 126, "mote: /dev/null: "},
	};

	(void)state;
	write_file("text", "#!/bin/sh\n", 10);
	write_program("foreign", EM_68K, PT_NULL);
	write_program("dynamic", MOTE_ELF_MACHINE, PT_INTERP);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(mote(command_run, ARGS("run", cases[i].program)), cases[i].status);
		assert_contains(err, cases[i].message);
		assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
	}
}

static void refuses_options(void **state)
{
	static const struct {
		char *argv[5];
		const char *message;
	} cases[] = {
		{{"run"}, "usage: mote run"},
		{{"run", "--bogus", "hello"}, "unknown option '--bogus'"},
		{{"run", "-x", "hello"}, "unknown option '-x'"},
		{{"run", "--mem"}, "--mem needs a value"},
		{{"run", "--mem", "0", "hello"}, "--mem: '0' is not a number"},
		{{"run", "--mem=1x", "hello"}, "--mem: '1x' is not a number"},
		{{"run", "--detach=1", "hello"}, "--detach takes no value"},
		{{"run", "--env", "A", "hello"}, "--env 'A': must be NAME=VALUE"},
		{{"run", "--env", "=A", "hello"}, "--env '=A': must be NAME=VALUE"},
		{{"run", "--name", "a/b", "hello"}, "--name 'a/b'"},
		{{"run", "--root", "none", "hello"}, "--root none: No such file"},
		{{"run", "--root", "hello", "hello"}, "--root hello: is not a directory"},
		{{"run", "--detach", "--tty", "hello"}, "exclude each other"},
		{{"run", "--tty", "hello"}, "standard input is not a terminal"},
		{{"run", "hello", "\xff"}, "argument 1 is not UTF-8"},
		{{"run", "--cpus", "33", "hello"}, "vcpu_count: 33"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(mote(command_run, (char **)cases[i].argv), 125);
		assert_contains(err, cases[i].message);
		assert_int_equal(strncmp(err, "mote: ", 6), 0);
		assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
	}
}

static char vm_name[32]; /* not used by a running test beside this one */

static void manages_detached(void **state)
{
	char expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "%s\n", vm_name);
	assert_int_equal(
		mote(command_run, ARGS("run", "--name", vm_name, "--detach", "hello", "wait")), 0);
	assert_string_equal(out, expected);
	assert_int_equal(mote(command_run, ARGS("run", "--name", vm_name, "hello")), 125);
	assert_contains(err, "is in use");
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_contains(out, vm_name);
	assert_contains(out, "running");
	assert_int_equal(mote(command_ps, ARGS("ps", "--json")), 0);
	assert_contains(out, "\"path\": \"hello\"");
	assert_int_equal(mote(command_inspect, ARGS("inspect", vm_name)), 0);
	assert_contains(out, "\"state\": \"Running\"");
	assert_int_equal(mote(command_logs, ARGS("logs", vm_name)), 0);
	assert_string_equal(out, "waiting\n");
	assert_int_equal(mote(command_pause, ARGS("pause", vm_name)), 0);
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_contains(out, "paused");
	assert_int_equal(mote(command_resume, ARGS("resume", vm_name)), 0);
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_contains(out, "running");
	assert_int_equal(mote(command_pause, ARGS("pause", vm_name)), 0);
	assert_int_equal(mote(command_stop, ARGS("stop", vm_name)), 0);
	assert_string_equal(err, "");
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_null(strstr(out, vm_name));
	assert_int_equal(mote(command_stop, ARGS("stop", vm_name)), 125);
	assert_contains(err, "no microVM is named");
}

static void follows_logs(void **state)
{
	struct mote logs;

	(void)state;
	assert_int_equal(
		mote(command_run, ARGS("run", "--name", vm_name, "--detach", "hello", "catch")), 0);
	mote_start(&logs, command_logs, ARGS("logs", vm_name, "-f"));
	await_line(logs.out, "waiting\n");
	assert_int_equal(mote(command_stop, ARGS("stop", vm_name)), 0);
	assert_int_equal(mote_end(&logs, out, err, sizeof(out)), 0);
	assert_string_equal(out, "signal 15\n");
}

static void kills(void **state)
{
	struct mote attached;

	(void)state;
	mote_start(&attached, command_run, ARGS("run", "--name", vm_name, "hello", "stubborn"));
	await_line(attached.out, "waiting\n");
	assert_int_equal(mote(command_stop, ARGS("stop", vm_name, "--timeout", "0")), 0);
	assert_int_equal(mote_end(&attached, out, err, sizeof(out)), 137);
	mote_start(&attached, command_run, ARGS("run", "--name", vm_name, "hello", "wait"));
	await_line(attached.out, "waiting\n");
	assert_int_equal(mote(command_kill, ARGS("kill", vm_name)), 0);
	assert_int_equal(mote_end(&attached, out, err, sizeof(out)), 137);
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_null(strstr(out, vm_name));
}

static void leaves_nothing_when_killed(void **state)
{
	struct mote attached;
	int status;

	(void)state;
	mote_start(&attached, command_run, ARGS("run", "--name", vm_name, "hello", "wait"));
	await_line(attached.out, "waiting\n");
	kill(attached.pid, SIGKILL);
	/* The monitor holds the other end of this pipe: its end is the monitor's. */
	read_all(attached.out, out, sizeof(out));
	waitpid(attached.pid, &status, 0);
	close(attached.in);
	close(attached.err);
	assert_int_equal(mote(command_ps, ARGS("ps")), 0);
	assert_null(strstr(out, vm_name));
}

static int setup(void **state)
{
	int result = scratch_setup(state);

	snprintf(vm_name, sizeof(vm_name), "test-%d", (int)getpid());
	setenv("XDG_RUNTIME_DIR", scratch_path, 1);
	setenv("MOTE_VMM", "/proc/self/exe", 1);
	for (size_t i = 0; i < LENGTH(signals); i++)
		signal(signals[i], SIG_DFL); /* ignored in what starts in the background */
	write_program("hello", MOTE_ELF_MACHINE, PT_NULL);
	return result;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_status_on),
		cmocka_unit_test(passes_configuration_on),
		cmocka_unit_test(passes_bytes_on),
		cmocka_unit_test(passes_signals_on),
		cmocka_unit_test(refuses_programs),
		cmocka_unit_test(refuses_options),
		cmocka_unit_test(manages_detached),
		cmocka_unit_test(follows_logs),
		cmocka_unit_test(kills),
		cmocka_unit_test(leaves_nothing_when_killed),
	};

	if (argc > 2 && !strcmp(argv[1], "--api-sock"))
		return monitor(argv[2]);
	return cmocka_run_group_tests_name("cli_run", tests, setup, scratch_teardown);
}
