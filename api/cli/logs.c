/* SPDX-License-Identifier: Apache-2.0 */
/* `mote logs`: what a detached microVM has printed, and with -f what it goes on to print
 * until its program has ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/vm_client.h"

struct logs_options {
	bool help, follow;
};

#define AT(member) offsetof(struct logs_options, member)

static const struct cli_option options_table[] = {
	{"help", 'h', CLI_FLAG, NULL, "print this", AT(help), 0, 0},
	{"follow", 'f', CLI_FLAG, NULL, "go on until the program has ended", AT(follow), 0, 0},
	{.name = NULL},
};

static int write_all(const char *data, size_t length, struct error *err)
{
	while (length) {
		ssize_t count = write(STDOUT_FILENO, data, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_errno(err, "standard output");
		data += count;
		length -= (size_t)count;
	}
	return 0;
}

/* Goes over what is no longer kept, and over the rest of the line that this cut: whether there is
 * more. */
static bool skip_lost(int log)
{
	off_t at = lseek(log, 0, SEEK_CUR), data = lseek(log, at, SEEK_DATA);
	char start[4096];
	const char *end = NULL;
	ssize_t count;

	if (data > at) {
		count = pread(log, start, sizeof(start), data);
		end = count > 0 ? memchr(start, '\n', (size_t)count) : NULL;
		lseek(log, end ? data + (end + 1 - start) : data, SEEK_SET);
	}
	return data >= 0;
}

/* Copies what is there. */
static int copy(int log, struct error *err)
{
	char buffer[65536];
	ssize_t count;
	int result = 0;

	while (!result && skip_lost(log) && (count = read(log, buffer, sizeof(buffer))) > 0)
		result = write_all(buffer, (size_t)count, err);
	return result;
}

/* 1 when the program, or its monitor, has ended; 0 when there may be more to copy. */
static int wait_for_more(struct client *client, int watch)
{
	char events[4096];
	struct error err;
	struct pollfd ready[] = {{client->fd, POLLIN, 0}, {watch, POLLIN, 0}};

	if (poll(ready, 2, -1) < 0)
		return 0;
	if (ready[1].revents && read(watch, events, sizeof(events)) < 0 && errno != EAGAIN)
		return 1;
	return ready[0].revents ? client_receive(client, &err) : 0;
}

static int follow_watched(const struct state *state, int log, int watch, struct error *err)
{
	struct client client;
	int result = client_open(&client, state->socket, err), ended;

	if (!result)
		result =
			client_send(&client, "GET", "/application", "Prefer: wait=3600", NULL, err);
	for (ended = 0; !result && !ended;) {
		result = copy(log, err);
		if (!result)
			ended = wait_for_more(&client, watch);
	}
	client_close(&client);
	/* The rest; without a monitor there is only that. */
	return result == -ENOENT || result == -ECONNREFUSED || !result ? copy(log, err) : result;
}

static int follow(const struct state *state, const char *path, int log, struct error *err)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), result;

	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0)
		result = error_errno(err, "watching %s", path);
	else
		result = follow_watched(state, log, watch, err);
	if (watch >= 0)
		close(watch);
	return result;
}

static int logs(const char *id, bool following, struct error *err)
{
	char path[128];
	struct state state;
	int result = vm_client_find(&state, id, err), log;

	if (result)
		return result;
	snprintf(path, sizeof(path), "%s/log", state.path);
	log = open(path, O_RDONLY | O_CLOEXEC);
	if (log < 0)
		return error_errno(err, "%s", path);
	result = following ? follow(&state, path, log, err) : copy(log, err);
	close(log);
	return result;
}

int command_logs(int argc, char **argv)
{
	struct logs_options options = {0};
	struct error err;
	int status;
	const char *id = command_id("mote logs ID [-f]", "Prints what a detached program printed.",
				    options_table, &options, argc, argv, &status);

	if (!id)
		return status;
	return logs(id, options.follow, &err) ? command_fail(STATUS_FAILED, &err) : 0;
}
