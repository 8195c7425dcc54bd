/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's socket: one connection at a time, never waited for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/arch_debug.h"
#include "vmm/debug.h"
#include "vmm/log.h"

enum { UNSENT_MAX = 1 << 18 }; /* who reads nothing and asks on is not gdb */

static void disconnect(struct debug *debug)
{
	if (debug->connection.fd < 0)
		return;
	loop_remove(debug->loop, &debug->connection);
	close(debug->connection.fd);
	debug->connection.fd = -1;
	free(debug->unsent);
	debug->unsent = NULL;
	debug->unsent_length = 0;
	debug_detach(debug);
	if (debug->accepting.fd >= 0)
		loop_modify(debug->loop, &debug->accepting, EPOLLIN);
}

/* ---- out ---- */

static bool keep(struct debug *debug, const char *bytes, size_t length)
{
	char *more = NULL;

	if (length <= UNSENT_MAX - debug->unsent_length)
		more = realloc(debug->unsent, debug->unsent_length + length);
	if (!more)
		return false;
	memcpy(more + debug->unsent_length, bytes, length);
	debug->unsent = more;
	debug->unsent_length += length;
	loop_modify(debug->loop, &debug->connection, EPOLLIN | EPOLLOUT);
	return true;
}

/* What can't be sent is found out by the reader. */
void debug_send(struct debug *debug, const void *bytes, size_t length)
{
	ssize_t count = 0;

	if (debug->connection.fd < 0)
		return;
	if (!debug->unsent_length)
		count = send(debug->connection.fd, bytes, length, MSG_NOSIGNAL);
	if (count < 0 && errno != EAGAIN)
		return;
	count = count < 0 ? 0 : count;
	if ((size_t)count < length &&
	    !keep(debug, (const char *)bytes + count, length - (size_t)count))
		debug->gdb->gone = true;
}

static void send_unsent(struct debug *debug)
{
	ssize_t count =
		send(debug->connection.fd, debug->unsent, debug->unsent_length, MSG_NOSIGNAL);

	if (count < 0)
		return;
	debug->unsent_length -= (size_t)count;
	memmove(debug->unsent, debug->unsent + count, debug->unsent_length);
	if (!debug->unsent_length)
		loop_modify(debug->loop, &debug->connection, EPOLLIN);
}

/* ---- in ---- */

static void connection_ready(void *context, uint32_t events)
{
	struct debug *debug = context;
	char bytes[4096];
	ssize_t count;

	if (events & EPOLLOUT && debug->unsent_length)
		send_unsent(debug);
	count = recv(debug->connection.fd, bytes, sizeof(bytes), 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0)
		gdb_take(debug->gdb, bytes, (size_t)count);
	if (count <= 0 || debug->gdb->gone)
		disconnect(debug);
}

static void connect_to(struct debug *debug, int fd)
{
	struct error err;

	debug->connection = (struct loop_source){fd, connection_ready, debug};
	if (loop_add(debug->loop, &debug->connection, EPOLLIN, &err) < 0) {
		close(fd);
		debug->connection.fd = -1;
		log_warning("%s", err.message);
		return;
	}
	/* The next one waits until this one has left. */
	loop_modify(debug->loop, &debug->accepting, 0);
	if (debug_attach(debug, &err) < 0) {
		log_warning("%s", err.message);
		disconnect(debug);
	}
}

static void accept_ready(void *context, uint32_t events)
{
	struct debug *debug = context;
	int fd = accept4(debug->accepting.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0 && listener_peer_allowed(fd)) {
		connect_to(debug, fd);
	} else if (fd >= 0) {
		log_warning("gdb's socket: refused a connection of another user");
		close(fd);
	}
}

static void stops_ready(void *context, uint32_t events)
{
	struct debug *debug = context;
	eventfd_t count;

	(void)events;
	eventfd_read(debug->stops.fd, &count);
	debug_stopped(debug);
}

static void listen_to(struct debug *debug, struct loop_source *source, uint32_t events, bool listen)
{
	struct error err;

	if (source->fd < 0)
		return;
	if (!listen)
		loop_remove(debug->loop, source);
	else if (loop_add(debug->loop, source, events, &err) < 0)
		log_error("%s", err.message);
}

void debug_listen(struct debug *debug, bool listen)
{
	bool free = !debug->early && debug->connection.fd < 0;

	listen_to(debug, &debug->stops, EPOLLIN, listen);
	listen_to(debug, &debug->accepting, free ? EPOLLIN : 0, listen);
	listen_to(debug, &debug->connection, debug->unsent_length ? EPOLLIN | EPOLLOUT : EPOLLIN,
		  listen);
}

/* ---- beginning and end ---- */

void debug_init(struct debug *debug)
{
	debug->stops.fd = debug->accepting.fd = debug->connection.fd = -1;
	pthread_mutex_init(&debug->shared.lock, NULL);
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		debug->vcpus[i].debug.shared = &debug->shared;
}

/* What only a VM with a socket for gdb needs. */
static int prepare(struct debug *debug, int vm_fd, struct error *err)
{
	int fd, result;

	if (debug->stops.fd >= 0)
		return 0;
	arch_debug_limits(vm_fd, &debug->shared.limits);
	if (!debug->shared.limits.step)
		return error_set(err, ENOTSUP, "this host offers no single step to debug with");
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return error_errno(err, "eventfd");
	debug->stops = (struct loop_source){fd, stops_ready, debug};
	result = loop_add(debug->loop, &debug->stops, EPOLLIN, err);
	if (result < 0) {
		close(fd);
		debug->stops.fd = -1;
		return result;
	}
	return 0;
}

static void stop_listening(struct debug *debug)
{
	if (debug->accepting.fd < 0)
		return;
	loop_remove(debug->loop, &debug->accepting);
	debug->accepting.fd = -1;
	listener_close(&debug->listener);
}

void debug_finish(struct debug *debug)
{
	if (!debug->loop || debug->stops.fd < 0)
		return;
	if (debug->connection.fd >= 0) {
		debug->gdb->gone = true;
		loop_remove(debug->loop, &debug->connection);
		close(debug->connection.fd);
	}
	free(debug->gdb);
	free(debug->unsent);
	stop_listening(debug);
	loop_remove(debug->loop, &debug->stops);
	close(debug->stops.fd);
	debug_regs_finish(&debug->regs);
	debug->stops.fd = -1;
}

int debug_open(struct debug *debug, int vm_fd, const char *path, struct error *err)
{
	int result = prepare(debug, vm_fd, err);

	if (result < 0)
		return result;
	if (debug->accepting.fd >= 0 && !strcmp(debug->listener.path, path))
		return 0;
	if (debug->connection.fd >= 0)
		return error_set(err, EBUSY, "gdb is connected at %.200s", debug->listener.path);
	stop_listening(debug);
	result = listener_open(&debug->listener, "gdb's socket", path, err);
	if (result < 0)
		return result;
	debug->accepting = (struct loop_source){debug->listener.fd, accept_ready, debug};
	result = loop_add(debug->loop, &debug->accepting, debug->early ? 0 : EPOLLIN, err);
	if (result < 0) {
		listener_close(&debug->listener);
		debug->accepting.fd = -1;
	}
	return result;
}

void debug_let_in(struct debug *debug)
{
	if (debug->early && debug->accepting.fd >= 0)
		loop_modify(debug->loop, &debug->accepting, EPOLLIN);
	debug->early = false;
}

void debug_notify(struct debug *debug)
{
	eventfd_write(debug->stops.fd, 1);
}

bool debug_attached(const struct debug *debug)
{
	return __atomic_load_n(&debug->attached, __ATOMIC_ACQUIRE);
}

void debug_ended(struct debug *debug, bool by_signal, int number)
{
	debug_let_in(debug);
	if (debug->gdb) {
		gdb_tell_end(debug->gdb, by_signal, number);
		disconnect(debug);
	}
}
