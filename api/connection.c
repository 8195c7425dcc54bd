/* SPDX-License-Identifier: Apache-2.0 */
/* One request at a time per connection: while an answer is held or not yet sent, nothing
 * more is read, so that a client's buffers, not ours, fill up. */
#include "api/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/http.h"
#include "api/reply.h"
#include "api/routes.h"

#define LINGER_MS 2000 /* to read what the client still sends, else it gets a reset */
#define INPUT_SIZE 4096

static const char interim_continue[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum connection_state { READING, HELD, SENDING, LINGERING, CONNECTION_STATE_COUNT };

struct connection {
	struct loop_source source;
	struct connections *all;
	struct connection *next;
	enum connection_state state;
	int64_t deadline; /* 0: none */
	int64_t quiet_since; /* when something last came or got away, or the client came */
	bool last; /* no further request is read */
	struct http_reader reader;
	size_t input_start, input_end;
	char input[INPUT_SIZE];
	char *output; /* what is left to send is output[sent … length) */
	size_t sent, output_length;
};

int64_t connections_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void enter(struct connection *connection, enum connection_state state)
{
	/* A held connection listens for the hang-up only, which epoll always reports. */
	static const uint32_t events[CONNECTION_STATE_COUNT] = {
		[READING] = EPOLLIN,
		[SENDING] = EPOLLOUT,
		[LINGERING] = EPOLLIN,
	};

	if (connection->state == state)
		return;
	connection->all->held += (state == HELD) - (connection->state == HELD);
	connection->state = state;
	loop_modify(connection->all->loop, &connection->source, events[state]);
}

static void connection_unlink(struct connection *connection)
{
	struct connections *all = connection->all;
	struct connection **link = &all->first;

	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	all->count--;
	all->held -= connection->state == HELD;
	loop_remove(all->loop, &connection->source);
}

static void connection_free(struct connection *connection)
{
	close(connection->source.fd);
	http_reader_finish(&connection->reader);
	free(connection->output);
	free(connection);
}

static void connection_destroy(struct connection *connection)
{
	connection_unlink(connection);
	connection_free(connection);
}

/* The functions below that return bool say false after the connection was destroyed. */

static bool linger(struct connection *connection)
{
	shutdown(connection->source.fd, SHUT_WR);
	connection->deadline = connections_now_ms() + LINGER_MS;
	enter(connection, LINGERING);
	return true;
}

static bool output_done(struct connection *connection)
{
	free(connection->output);
	connection->output = NULL;
	connection->output_length = 0;
	connection->sent = 0;
	if (connection->last)
		return linger(connection);
	connection->quiet_since = connections_now_ms();
	connection->deadline = connection->reader.begun
				       ? connection->quiet_since + connection->all->timeout_ms
				       : 0;
	enter(connection, READING);
	return true;
}

static bool send_output(struct connection *connection)
{
	while (connection->sent < connection->output_length) {
		ssize_t count = send(connection->source.fd, connection->output + connection->sent,
				     connection->output_length - connection->sent, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN) {
			enter(connection, SENDING);
			return true;
		}
		if (count < 0) {
			connection_destroy(connection);
			return false;
		}
		connection->sent += (size_t)count;
		connection->quiet_since = connections_now_ms();
		connection->deadline = connection->quiet_since + connection->all->timeout_ms;
	}
	return output_done(connection);
}

static bool send_reply(struct connection *connection, struct http_reply *reply, bool keep_alive)
{
	bool without_body = connection->reader.request.method == HTTP_HEAD;

	connection->last = !keep_alive;
	connection->output =
		reply_format(reply, keep_alive, without_body, &connection->output_length);
	reply_finish(reply);
	if (connection->output)
		return send_output(connection);
	connection_destroy(connection);
	return false;
}

static bool refuse(struct connection *connection, int status, const char *fault)
{
	struct http_reply reply;

	reply_fault(&reply, status, fault);
	return send_reply(connection, &reply, false);
}

static bool hold(struct connection *connection, bool must)
{
	if (connection->state == HELD)
		return true;
	connection->deadline =
		connection->reader.request.wait_s && !must
			? connections_now_ms() + connection->reader.request.wait_s * INT64_C(1000)
			: 0;
	enter(connection, HELD);
	return true;
}

static bool answer(struct connection *connection, enum route_turn turn)
{
	struct http_request *request = &connection->reader.request;
	bool must = routes_must_hold(request);
	bool keep_alive = request->keep_alive, sent;
	struct http_reply reply;

	if (!routes_answer(connection->all->control, request, turn, &reply)) {
		if (connection->state == HELD || must ||
		    connection->all->held < CONNECTIONS_HELD_MAX)
			return hold(connection, must);
		keep_alive = false;
		reply_fault(&reply, 400, "Too many clients wait for the application already.");
	}
	sent = send_reply(connection, &reply, keep_alive);
	if (sent)
		http_reader_next(&connection->reader);
	return sent;
}

static bool send_continue(struct connection *connection)
{
	connection->reader.wants_continue = false;
	connection->output = strdup(interim_continue);
	connection->output_length = sizeof(interim_continue) - 1;
	if (connection->output)
		return send_output(connection);
	connection_destroy(connection);
	return false;
}

static bool take_input(struct connection *connection)
{
	size_t used;
	enum http_progress progress =
		http_reader_feed(&connection->reader, connection->input + connection->input_start,
				 connection->input_end - connection->input_start, &used);

	connection->input_start += used;
	if (progress == HTTP_FAILED)
		return refuse(connection, connection->reader.fault_status,
			      connection->reader.fault);
	if (progress == HTTP_COMPLETE)
		return answer(connection, ROUTE_FIRST);
	if (connection->reader.begun && !connection->deadline)
		connection->deadline = connections_now_ms() + connection->all->timeout_ms;
	if (connection->reader.wants_continue)
		return send_continue(connection);
	return true;
}

/* Answers the requests that are in the input buffer, as far as their answers get away. */
static bool process(struct connection *connection)
{
	while (connection->state == READING && connection->input_start < connection->input_end) {
		if (!take_input(connection))
			return false;
	}
	return true;
}

static bool read_ready(struct connection *connection)
{
	ssize_t count = recv(connection->source.fd, connection->input, INPUT_SIZE, 0);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (count <= 0) {
		connection_destroy(connection);
		return false;
	}
	connection->input_start = 0;
	connection->input_end = (size_t)count;
	connection->quiet_since = connections_now_ms();
	return process(connection);
}

static bool held_ready(struct connection *connection)
{
	connection_destroy(connection);
	return false;
}

static bool send_ready(struct connection *connection)
{
	return send_output(connection) && process(connection);
}

static bool linger_ready(struct connection *connection)
{
	ssize_t count = recv(connection->source.fd, connection->input, INPUT_SIZE, 0);

	if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))
		return true;
	connection_destroy(connection);
	return false;
}

static void connection_ready(void *context, uint32_t events)
{
	static bool (*const ready[CONNECTION_STATE_COUNT])(struct connection *) = {
		[READING] = read_ready,
		[HELD] = held_ready,
		[SENDING] = send_ready,
		[LINGERING] = linger_ready,
	};
	struct connection *connection = context;
	struct connections *all = connection->all;

	(void)events;
	ready[connection->state](connection);
	all->changed(all->context);
}

static struct connection *connection_create(struct connections *all, int fd, struct error *err)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		error_set(err, ENOMEM, "API: out of memory");
		return NULL;
	}
	connection->source = (struct loop_source){fd, connection_ready, connection};
	connection->all = all;
	connection->quiet_since = connections_now_ms();
	http_reader_init(&connection->reader);
	if (!loop_add(all->loop, &connection->source, EPOLLIN, err))
		return connection;
	free(connection);
	return NULL;
}

int connections_add(struct connections *all, int fd, struct error *err)
{
	struct connection *connection = connection_create(all, fd, err);

	if (!connection) {
		close(fd);
		return -err->code;
	}
	connection->next = all->first;
	all->first = connection;
	all->count++;
	return 0;
}

void connections_notify(struct connections *all)
{
	struct connection *next;

	for (struct connection *at = all->first; at; at = next) {
		next = at->next;
		if (at->state == HELD && answer(at, ROUTE_AGAIN))
			process(at);
	}
}

static void expire(struct connection *connection)
{
	if (connection->state == HELD) {
		if (answer(connection, ROUTE_LAST))
			process(connection);
	} else if (connection->state == READING) {
		refuse(connection, 400, "The request was not complete in time.");
	} else {
		connection_destroy(connection);
	}
}

int64_t connections_expire(struct connections *all)
{
	int64_t now = connections_now_ms(), nearest = 0;
	struct connection *next;

	for (struct connection *at = all->first; at; at = next) {
		next = at->next;
		if (at->deadline && at->deadline <= now)
			expire(at);
	}
	for (struct connection *at = all->first; at; at = at->next) {
		/* What expire() freed is not in the list:
		 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		if (at->deadline && (!nearest || at->deadline < nearest))
			nearest = at->deadline;
	}
	return nearest;
}

bool connections_evict(struct connections *all)
{
	struct connection *oldest = NULL;

	for (struct connection *at = all->first; at; at = at->next) {
		if (at->state == HELD)
			continue;
		/* The list begins with the newest: of two in one millisecond the later is older. */
		if (!oldest || at->quiet_since <= oldest->quiet_since)
			oldest = at;
	}
	if (oldest)
		connection_destroy(oldest);
	return oldest;
}

void connections_close(struct connections *all)
{
	struct connection *next;

	for (struct connection *at = all->first; at; at = next) {
		next = at->next;
		loop_remove(all->loop, &at->source);
		connection_free(at);
	}
	all->first = NULL;
	all->count = 0;
	all->held = 0;
}
