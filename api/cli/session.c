/* SPDX-License-Identifier: Apache-2.0 */
/* The waiting of `mote run`: on the answer, on signals, on the monitor's death. */
#include "api/cli/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEATH_TIMEOUT_MS 200 /* between the end of its connections and its own */
#define WAIT_HEADER "Prefer: wait=3600"

/* What came first. Answers before deaths: a monitor may answer and end at once. */
enum wake { WAKE_FILE, WAKE_SIGNAL, WAKE_DEATH };

static const int passed_on[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
};

static void watch_signal(sigset_t *set, int number)
{
	struct sigaction action;

	/* What was ignored when we were started (nohup) stays so. */
	if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_IGN)
		sigaddset(set, number);
}

int session_open(struct session *session, bool tty, struct error *err)
{
	sigset_t set;

	session->monitor = (struct monitor){.pidfd = -1};
	session->client.fd = -1;
	session->interrupted = 0;
	session->killed = 0;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		watch_signal(&set, passed_on[i]);
	if (tty)
		watch_signal(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return session->signals < 0 ? error_errno(err, "signalfd") : 0;
}

static enum wake wait_for(const struct session *session, int fd, bool interruptible)
{
	struct pollfd all[] = {
		{fd, POLLIN, 0},
		{interruptible ? session->signals : -1, POLLIN, 0},
		{session->monitor.pidfd, POLLIN, 0},
	};

	while (poll(all, 3, -1) < 0)
		;
	if (all[0].revents)
		return WAKE_FILE;
	return all[1].revents ? WAKE_SIGNAL : WAKE_DEATH;
}

static int next_signal(const struct session *session)
{
	struct signalfd_siginfo info;

	if (read(session->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* A signal before the application runs ends the whole thing, but for the window's size. */
static int interrupt(struct session *session, struct error *err)
{
	int number = next_signal(session);

	if (!number || number == SIGWINCH)
		return 0;
	session->interrupted = number;
	return error_set(err, EINTR, "interrupted by signal %d", number);
}

static int died(struct session *session, struct error *err)
{
	int status = monitor_reap(&session->monitor);

	monitor_close(&session->monitor);
	session->killed = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (session->killed)
		return error_set(err, ECHILD, "the monitor was killed by signal %d",
				 session->killed);
	return error_set(err, ECHILD, "the monitor ended with status %d", WEXITSTATUS(status));
}

/* A connection that failed mostly means a dying monitor: says that rather. */
static int explain(struct session *session, int result, struct error *err)
{
	bool answered = result >= 0 || result == -EPROTO || result == -EINTR;

	if (answered || session->monitor.pidfd < 0)
		return result;
	return monitor_wait(&session->monitor, DEATH_TIMEOUT_MS) ? died(session, err) : result;
}

static int open_watch(const struct session *session, struct error *err)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, session->state.path, IN_MOVED_TO | IN_CREATE) >= 0)
		return fd;
	error_errno(err, "watching %s", session->state.path);
	if (fd >= 0)
		close(fd);
	return -1;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

static int connect_when_there(struct session *session, int watch, struct error *err)
{
	for (;;) {
		int result = client_open(&session->client, session->state.socket, err);

		if (result != -ENOENT && result != -ECONNREFUSED)
			return result;
		switch (wait_for(session, watch, true)) {
		case WAKE_FILE:
			drain(watch);
			break;
		case WAKE_SIGNAL:
			if (interrupt(session, err))
				return -err->code;
			break;
		case WAKE_DEATH:
			return died(session, err);
		}
	}
}

int session_start(struct session *session, bool detach, struct error *err)
{
	int watch = open_watch(session, err), result;

	if (watch < 0)
		return -err->code;
	result = monitor_start(&session->monitor, &session->state, detach, err);
	if (!result)
		result = state_write_pid(&session->state, session->monitor.pid, err);
	if (!result)
		result = connect_when_there(session, watch, err);
	close(watch);
	return result;
}

static int put(struct session *session, const char *path, json_t *body, bool interruptible,
	       struct error *err)
{
	int result = client_send(&session->client, "PUT", path, NULL, body, err);

	while (!result) {
		switch (wait_for(session, session->client.fd, interruptible)) {
		case WAKE_FILE:
			result = client_receive(&session->client, err);
			break;
		case WAKE_SIGNAL:
			result = interrupt(session, err);
			break;
		case WAKE_DEATH:
			return died(session, err);
		}
	}
	return result < 0 ? explain(session, result, err)
			  : client_reply(&session->client, NULL, err);
}

int session_put(struct session *session, const char *path, json_t *body, struct error *err)
{
	return put(session, path, body, true, err);
}

int session_run(struct session *session, struct error *err)
{
	/* A signal now may find the application running already: it is passed on later. */
	return put(session, "/actions", json_pack("{s:s}", "action_type", "InstanceStart"), false,
		   err);
}

/* Passes a signal on. An application that has just ended, or doesn't take signals, is no
 * failure, and a dead monitor is noticed elsewhere; one that doesn't answer is. */
static int pass_on(struct session *session, struct error *err)
{
	int number = next_signal(session);
	struct client client;
	int result;

	if (!number)
		return 0;
	result = client_open(&client, session->state.socket, err);
	if (!result)
		result = client_call(&client, "PATCH", "/application",
				     json_pack("{s:i}", "signal", number), NULL, err);
	client_close(&client);
	return result == -ETIMEDOUT ? result : 0;
}

static int integer_or_none(const json_t *value)
{
	return json_is_integer(value) ? (int)json_integer_value(value) : -1;
}

/* 1 when the answer says that the application has ended, 0 when not. */
static int judge_answer(struct session *session, struct session_end *end, struct error *err)
{
	json_t *status;
	const char *state, *reason;
	int result = client_reply(&session->client, &status, err);
	bool ended;

	if (result)
		return result;
	state = json_string_value(json_object_get(status, "state"));
	reason = json_string_value(json_object_get(status, "reason"));
	ended = state && (!strcmp(state, "exited") || !strcmp(state, "crashed"));
	end->crashed = ended && !strcmp(state, "crashed");
	end->exit_code = integer_or_none(json_object_get(status, "exit_code"));
	end->signal = integer_or_none(json_object_get(status, "signal"));
	snprintf(end->reason, sizeof(end->reason), "%s", reason ? reason : "");
	json_decref(status);
	return ended;
}

static int ask(struct session *session, struct error *err)
{
	return client_send(&session->client, "GET", "/application", WAIT_HEADER, NULL, err);
}

/* 1 when the application has ended. */
static int take_answer(struct session *session, struct session_end *end, struct error *err)
{
	int result = client_receive(&session->client, err);

	if (result == 1) {
		result = judge_answer(session, end, err);
		if (!result)
			result = ask(session, err);
	}
	return result;
}

static int attach_step(struct session *session, struct session_end *end, struct error *err)
{
	switch (wait_for(session, session->client.fd, true)) {
	case WAKE_FILE:
		return take_answer(session, end, err);
	case WAKE_SIGNAL:
		return pass_on(session, err);
	default:
		return died(session, err);
	}
}

int session_attach(struct session *session, struct session_end *end, struct error *err)
{
	int result = ask(session, err);

	while (!result)
		result = attach_step(session, end, err);
	return result == 1 ? 0 : explain(session, result, err);
}

void session_close(struct session *session, bool keep_monitor)
{
	client_close(&session->client);
	if (session->monitor.pidfd >= 0 && !keep_monitor) {
		monitor_end(&session->monitor, false);
		monitor_reap(&session->monitor);
	}
	monitor_close(&session->monitor);
	close(session->signals);
}
