/* SPDX-License-Identifier: Apache-2.0 */
/* Everything about the monitor's process that isn't HTTP. Processes are held by pidfd, so
 * that a number that was used again is never signalled. */
#include "api/cli/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/cli/client.h"

#define END_TIMEOUT_MS 5000

static bool is_program(const char *path)
{
	return !access(path, X_OK);
}

static bool find_beside(char *path)
{
	static const char *const places[] = {"mote-vmm", "../libexec/mote/mote-vmm"};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	if (length < 0)
		return false;
	self[length] = 0;
	slash = strrchr(self, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int count =
			snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, places[i]);

		if (count < PATH_MAX && is_program(path))
			return true;
	}
	return false;
}

static bool find_in_path(char *path)
{
	const char *at = getenv("PATH");

	while (at && *at) {
		size_t length = strcspn(at, ":");
		int count = snprintf(path, PATH_MAX, "%.*s/mote-vmm", (int)length, at);

		if (length && count < PATH_MAX && is_program(path))
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

static int find(char *path, struct error *err)
{
	const char *given = getenv("MOTE_VMM");

	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return is_program(path) ? 0 : error_errno(err, "MOTE_VMM=%s", given);
	}
	if (find_beside(path) || find_in_path(path))
		return 0;
	return error_set(err, ENOENT,
			 "cannot find mote-vmm beside mote, in ../libexec/mote or in PATH");
}

/* ---- in the child, before exec: only async-signal-safe calls ---- */

static void reset_signals(bool detach)
{
	static const int ours[] = {SIGINT, SIGQUIT, SIGHUP};
	sigset_t none;

	/* mote gets them from the terminal too and passes them on to the application. */
	for (size_t i = 0; !detach && i < sizeof(ours) / sizeof(ours[0]); i++)
		signal(ours[i], SIG_IGN);
	signal(SIGTERM, SIG_DFL); /* it ends the monitor, whatever we were started with */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int attach_child(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH; /* mote was gone before we asked to be told */
	return -1;
}

static int detach_child(const char *log_path)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (in < 0 || out < 0 || setsid() < 0)
		return -1;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -1;
	close(in);
	close(out);
	return 0;
}

#define LOG_MIB "1" /* of a detached program's output, or up to twice as much */

struct start {
	char program[PATH_MAX];
	char log[128];
	const struct state *state;
	bool detach;
	pid_t parent;
	int failure; /* the pipe that says why exec failed; closed by a successful one */
};

static void child(const struct start *start)
{
	const char *const arguments[] = {
		"mote-vmm", "--api-sock",     start->state->socket,
		"--id",     start->state->id, start->detach ? "--keep-output=" LOG_MIB : NULL,
		NULL,
	};
	int failed, result;

	reset_signals(start->detach);
	result = start->detach ? detach_child(start->log) : attach_child(start->parent);
	/* The monitor gets the streams and nothing else that our caller left open. */
	if (!result)
		result = syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	if (!result)
		execv(start->program, (char *const *)arguments);
	failed = errno;
	if (write(start->failure, &failed, sizeof(failed)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- in the parent ---- */

static int exec_result(int failure, const char *program, struct error *err)
{
	int failed;
	ssize_t count;

	do {
		count = read(failure, &failed, sizeof(failed));
	} while (count < 0 && errno == EINTR);
	if (count != sizeof(failed))
		return 0;
	errno = failed;
	return error_errno(err, "%s", program);
}

static int create_log(const struct start *start, struct error *err)
{
	int fd = open(start->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "%s", start->log);
	close(fd);
	return 0;
}

static int spawn(struct monitor *monitor, struct start *start, struct error *err)
{
	int ends[2], result;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "pipe");
	start->failure = ends[1];
	monitor->pid = fork();
	if (!monitor->pid)
		child(start);
	close(ends[1]);
	result = monitor->pid < 0 ? error_errno(err, "fork")
				  : exec_result(ends[0], start->program, err);
	close(ends[0]);
	if (!result)
		monitor->pidfd = (int)syscall(SYS_pidfd_open, monitor->pid, 0);
	if (!result && monitor->pidfd < 0) {
		result = error_errno(err, "pidfd_open");
		kill(monitor->pid, SIGKILL); /* our child, not reaped yet */
	}
	if (result && monitor->pid > 0)
		waitpid(monitor->pid, NULL, 0);
	return result;
}

int monitor_start(struct monitor *monitor, const struct state *state, bool detach,
		  struct error *err)
{
	struct start start = {.state = state, .detach = detach, .parent = getpid()};
	int result;

	*monitor = (struct monitor){.pidfd = -1};
	snprintf(start.log, sizeof(start.log), "%s/log", state->path);
	result = find(start.program, err);
	if (!result)
		result = create_log(&start, err);
	return result ? result : spawn(monitor, &start, err);
}

static pid_t listener_of(const struct state *state, struct error *err)
{
	struct client client;
	pid_t pid;

	if (client_open(&client, state->socket, err))
		return -1;
	pid = client_peer(&client);
	client_close(&client);
	return pid;
}

int monitor_open(struct monitor *monitor, const struct state *state, struct error *err)
{
	pid_t pid = listener_of(state, err);

	*monitor = (struct monitor){.pid = pid, .pidfd = -1};
	if (pid <= 0)
		return error_set(err, ESRCH, "%s is not running", state->id);
	monitor->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* Still the listener after we have it: the number wasn't used again meanwhile. */
	if (monitor->pidfd >= 0 && listener_of(state, err) == pid)
		return 0;
	monitor_close(monitor);
	return error_set(err, ESRCH, "%s is not running", state->id);
}

bool monitor_wait(const struct monitor *monitor, int timeout_ms)
{
	struct pollfd ended = {monitor->pidfd, POLLIN, 0};
	int count;

	do {
		count = poll(&ended, 1, timeout_ms);
	} while (count < 0 && errno == EINTR);
	return count == 1;
}

bool monitor_signal(const struct monitor *monitor, int signal, int timeout_ms)
{
	if (syscall(SYS_pidfd_send_signal, monitor->pidfd, signal, NULL, 0))
		return errno == ESRCH;
	return monitor_wait(monitor, timeout_ms);
}

void monitor_end(const struct monitor *monitor, bool at_once)
{
	if (at_once || !monitor_signal(monitor, SIGTERM, END_TIMEOUT_MS))
		monitor_signal(monitor, SIGKILL, END_TIMEOUT_MS);
}

int monitor_reap(struct monitor *monitor)
{
	int status = 0;

	while (waitpid(monitor->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void monitor_close(struct monitor *monitor)
{
	if (monitor->pidfd >= 0)
		close(monitor->pidfd);
	monitor->pidfd = -1;
}
