/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams of a guest as pipes whose other ends the test holds, with a loop that
 * runs only while the test says so. Included once by each test program. */
#ifndef MOTE_TEST_PIPES_H
#define MOTE_TEST_PIPES_H

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include "tests/unit/unit.h"
#include "vmm/dev/stream.h"
#include "vmm/loop.h"

enum { PIPE_SIZE = 4096, PIPES_ROUNDS = 4 };

struct pipes {
	struct loop *loop;
	struct streams streams;
	int in, out, err; /* the test's ends */
	struct loop_source end;
	int rounds;
};

static inline void pipes_end(void *context, uint32_t events)
{
	struct pipes *pipes = context;

	(void)events;
	if (--pipes->rounds == 0)
		loop_stop(pipes->loop);
	else
		loop_modify(pipes->loop, &pipes->end, EPOLLIN | EPOLLONESHOT);
}

static inline void pipes_init(struct pipes *pipes)
{
	int in[2], out[2], err[2];
	struct error error = {0};

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	fcntl(out[1], F_SETPIPE_SZ, PIPE_SIZE);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	pipes->in = in[1];
	pipes->out = out[0];
	pipes->err = err[0];
	pipes->loop = loop_create(&error);
	assert_non_null(pipes->loop);
	streams_init(&pipes->streams, pipes->loop, in[0], out[1], err[1]);
	pipes->end = (struct loop_source){
		.fd = eventfd(1, EFD_CLOEXEC), .ready = pipes_end, .context = pipes};
	assert_ok(loop_add(pipes->loop, &pipes->end, 0, &error), error);
}

static inline void pipes_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void pipes_finish(struct pipes *pipes)
{
	streams_finish(&pipes->streams);
	loop_remove(pipes->loop, &pipes->end);
	loop_destroy(pipes->loop);
	pipes_close(&pipes->end.fd);
	pipes_close(&pipes->in);
	pipes_close(&pipes->out);
	pipes_close(&pipes->err);
	pipes_close(&pipes->streams.in);
	pipes_close(&pipes->streams.out);
	pipes_close(&pipes->streams.err);
}

/* Lets the loop handle what is there; its own source comes last in each round. */
static inline void pipes_dispatch(struct pipes *pipes)
{
	struct error error = {0};

	pipes->rounds = PIPES_ROUNDS;
	loop_modify(pipes->loop, &pipes->end, EPOLLIN | EPOLLONESHOT);
	assert_ok(loop_run(pipes->loop, &error), error);
}

static inline void pipes_type(struct pipes *pipes, const char *text)
{
	assert_int_equal(write(pipes->in, text, strlen(text)), strlen(text));
}

/* Everything that was written so far; valid until the next call. */
static inline const char *pipes_drain(int fd)
{
	static char text[1 << 20];
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	return text;
}

/* ---- kicks: a signal that comes again and again, so that none can be lost ---- */

static inline void pipes_kicked(int signal)
{
	(void)signal;
}

static inline void kicks_start(void)
{
	const struct sigaction action = {.sa_handler = pipes_kicked};
	const struct itimerval often = {{0, 2000}, {0, 2000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static inline void kicks_stop(void)
{
	const struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
}

#endif
