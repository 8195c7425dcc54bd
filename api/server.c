/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts connections within the limit and keeps one timer for all their deadlines. */
#include "api/server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "api/connection.h"
#include "vmm/listen.h"
#include "vmm/log.h"

#define CONNECTIONS_BUSY_MAX 10 /* Firecracker's bound */
#define ACCEPT_RETRY_MS 1000

struct api_server {
	struct listener listener;
	struct loop_source accepting;
	struct loop_source timer;
	struct connections connections;
	bool paused; /* the listener isn't watched: wait for a connection to end */
	bool notify; /* the application's state has changed */
};

static bool is_full(const struct api_server *server)
{
	return server->connections.count - server->connections.held >= CONNECTIONS_BUSY_MAX;
}

static void pause_accepting(struct api_server *server, bool paused)
{
	if (server->paused == paused)
		return;
	server->paused = paused;
	loop_modify(server->connections.loop, &server->accepting, paused ? 0 : EPOLLIN);
}

static void arm_timer(struct api_server *server, int64_t deadline)
{
	struct itimerspec when = {
		.it_value = {deadline / 1000, deadline % 1000 * 1000000},
	};

	timerfd_settime(server->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void connections_changed(void *context)
{
	struct api_server *server = context;
	int64_t deadline = connections_expire(&server->connections);

	arm_timer(server, server->notify ? 1 : deadline);
	pause_accepting(server, false);
}

static void timer_ready(void *context, uint32_t events)
{
	struct api_server *server = context;
	uint64_t expirations;

	(void)events;
	/* Only the wake-up matters; the deadlines say what is due. */
	if (read(server->timer.fd, &expirations, sizeof(expirations)) < 0)
		return;
	if (server->notify) {
		server->notify = false;
		connections_notify(&server->connections);
	}
	connections_changed(server);
}

/* May be called from within a request, so the waiting clients get their answers later. */
static void application_changed(void *context)
{
	struct api_server *server = context;

	server->notify = true;
	arm_timer(server, 1);
}

static void accept_failed(struct api_server *server)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	/* Out of descriptors or memory: look again when something has happened, or later. */
	log_warning("API: cannot accept a connection: %s", strerror(errno));
	pause_accepting(server, true);
	arm_timer(server, connections_now_ms() + ACCEPT_RETRY_MS);
}

static void accept_ready(void *context, uint32_t events)
{
	struct api_server *server = context;
	struct error err;
	int fd;

	(void)events;
	if (is_full(server) && !connections_evict(&server->connections)) {
		pause_accepting(server, true);
		return;
	}
	fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		accept_failed(server);
		return;
	}
	if (!listener_peer_allowed(fd)) {
		log_warning("API: refused a connection of another user");
		close(fd);
		return;
	}
	if (connections_add(&server->connections, fd, &err))
		log_warning("%s", err.message);
}

static int watch(struct api_server *server, struct error *err)
{
	struct loop *loop = server->connections.loop;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int result;

	if (fd < 0)
		return error_errno(err, "API: timer");
	server->timer = (struct loop_source){fd, timer_ready, server};
	server->accepting = (struct loop_source){server->listener.fd, accept_ready, server};
	result = loop_add(loop, &server->timer, EPOLLIN, err);
	if (!result) {
		result = loop_add(loop, &server->accepting, EPOLLIN, err);
		if (result)
			loop_remove(loop, &server->timer);
	}
	if (result)
		close(fd);
	return result;
}

struct api_server *api_server_create(struct loop *loop, struct control *control,
				     const char *socket_path, struct error *err)
{
	struct api_server *server = calloc(1, sizeof(*server));

	if (!server) {
		error_set(err, ENOMEM, "API: out of memory");
		return NULL;
	}
	server->connections = (struct connections){
		.loop = loop,
		.control = control,
		.timeout_ms = CONNECTIONS_TIMEOUT_MS,
		.changed = connections_changed,
		.context = server,
	};
	if (listener_open(&server->listener, "API socket", socket_path, err)) {
		free(server);
		return NULL;
	}
	if (watch(server, err)) {
		listener_close(&server->listener);
		free(server);
		return NULL;
	}
	control_listen(control, application_changed, server);
	return server;
}

void api_server_destroy(struct api_server *server)
{
	if (!server)
		return;
	control_listen(server->connections.control, NULL, NULL);
	/* Who waits for an application that has just ended hears of it, not of our end. */
	if (server->notify)
		connections_notify(&server->connections);
	connections_close(&server->connections);
	loop_remove(server->connections.loop, &server->accepting);
	loop_remove(server->connections.loop, &server->timer);
	close(server->timer.fd);
	listener_close(&server->listener);
	free(server);
}

void api_server_set_timeout(struct api_server *server, int64_t timeout_ms)
{
	server->connections.timeout_ms = timeout_ms;
}
