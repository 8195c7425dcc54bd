/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes, and waiting for descriptors: poll, select, epoll, eventfd, timerfd. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "diff-trace.h"

static char buffer[100000];

static int events_of(int fd)
{
	struct pollfd entry = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM, 0};

	return poll(&entry, 1, 0) < 0 ? -errno : entry.revents;
}

static void on_pipe(int signal)
{
	printf("signal %d\n", signal);
}

static void test_pipes(void)
{
	int ends[2], waiting = 0;
	struct stat st;

	TRACE(pipe2(ends, 0x12345));
	TRACE(pipe2(ends, O_NONBLOCK));
	TRACE(read(ends[0], buffer, 10));
	TRACE(read(ends[0], buffer, 0));
	TRACE(read(ends[1], buffer, 10));
	TRACE(write(ends[0], buffer, 10));
	TRACE(events_of(ends[0]));
	TRACE(events_of(ends[1]));
	TRACE(write(ends[1], buffer, 100));
	TRACE(ioctl(ends[0], FIONREAD, &waiting));
	TRACE(waiting);
	TRACE(read(ends[0], buffer, 30));
	TRACE(read(ends[0], buffer, 300));
	TRACE(write(ends[1], buffer, sizeof(buffer)));
	TRACE(write(ends[1], buffer, 1));
	TRACE(events_of(ends[1]));
	TRACE(read(ends[0], buffer, 4096));
	TRACE(events_of(ends[1]));
	TRACE(write(ends[1], buffer, 4000));
	TRACE(write(ends[1], buffer, 4096));
	TRACE(read(ends[0], buffer, sizeof(buffer)));
	TRACE(lseek(ends[0], 0, SEEK_CUR));
	TRACE(pread(ends[0], buffer, 1, 0));
	TRACE(ftruncate(ends[1], 1));
	TRACE(fstat(ends[0], &st));
	TRACE(S_ISFIFO(st.st_mode));
	TRACE(fcntl(ends[1], F_GETPIPE_SZ));
	TRACE(fcntl(ends[0], F_GETFL) & O_ACCMODE);
	TRACE(fcntl(ends[1], F_GETFL) & O_ACCMODE);
	TRACE(write(ends[1], "last", 4));
	TRACE(close(ends[1]));
	TRACE(events_of(ends[0]));
	TRACE(read(ends[0], buffer, 10));
	TRACE(read(ends[0], buffer, 10));
	TRACE(events_of(ends[0]));
	TRACE(close(ends[0]));
	TRACE(pipe(ends));
	TRACE(close(ends[0]));
	TRACE(events_of(ends[1]));
	signal(SIGPIPE, on_pipe);
	TRACE(write(ends[1], "x", 1));
	TRACE(write(ends[1], "x", 0));
	signal(SIGPIPE, SIG_IGN);
	TRACE(write(ends[1], "x", 1));
	TRACE(close(ends[1]));
}

static void test_poll(void)
{
	int ends[2], file = open("f", O_RDWR | O_CREAT, 0600);
	struct pollfd set[4];
	struct timeval soon = {0, 1000};
	fd_set in, out;

	pipe(ends);
	TRACE(events_of(file));
	TRACE(events_of(99));
	TRACE(events_of(-1));
	TRACE(poll(NULL, 0, 1));
	TRACE(poll(NULL, 1000000, 1));
	TRACE(poll((void *)1, 1, 0));
	set[0] = (struct pollfd){ends[0], POLLIN, 77};
	set[1] = (struct pollfd){ends[1], POLLOUT, 77};
	set[2] = (struct pollfd){99, POLLIN, 77};
	set[3] = (struct pollfd){-5, POLLIN, 77};
	TRACE(poll(set, 4, 100));
	printf("%x %x %x %x\n", set[0].revents, set[1].revents, set[2].revents, set[3].revents);
	TRACE(ppoll(set, 1, &(struct timespec){0, 1000000000}, NULL));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(ends[0], &in);
	FD_SET(file, &in);
	FD_SET(ends[1], &out);
	TRACE(select(ends[1] + 1, &in, &out, NULL, NULL));
	printf("%d %d %d\n", FD_ISSET(ends[0], &in), FD_ISSET(file, &in), FD_ISSET(ends[1], &out));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	TRACE(select(ends[1] + 1, &in, NULL, NULL, &soon));
	HOLDS(soon.tv_usec == 0);
	TRACE(FD_ISSET(ends[0], &in));
	TRACE(select(-1, NULL, NULL, NULL, &soon));
	soon.tv_usec = -1;
	TRACE(select(0, NULL, NULL, NULL, &soon));
	soon = (struct timeval){0, 2000000};
	FD_ZERO(&in);
	FD_SET(file, &in);
	TRACE(select(file + 1, &in, NULL, NULL, &soon));
	close(ends[0]);
	close(ends[1]);
	close(file);
}

static void test_epoll(void)
{
	int ep = epoll_create1(0), other = epoll_create1(0), ends[2];
	int file = open("f", O_RDONLY), again;
	struct epoll_event event = {EPOLLIN, {.u64 = 42}}, got[4];

	pipe(ends);
	TRACE(epoll_create1(1));
	TRACE(epoll_create(0));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, file, &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_MOD, ends[1], &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_DEL, ends[1], NULL));
	TRACE(epoll_ctl(ends[0], EPOLL_CTL_ADD, ep, &event));
	TRACE(epoll_ctl(ep, 99, ends[0], &event));
	TRACE(epoll_ctl(other, EPOLL_CTL_ADD, ep, &event));
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, other, &event));
	TRACE(epoll_wait(ep, got, 4, 1));
	TRACE(epoll_wait(ep, got, 0, 1));
	TRACE(epoll_wait(99, got, 1, 1));
	TRACE(epoll_wait(ends[0], got, 1, 1));
	TRACE(write(ends[1], "x", 1));
	TRACE(epoll_wait(ep, got, 4, -1));
	printf("%x %d\n", got[0].events, (int)got[0].data.u64);
	TRACE(epoll_wait(other, got, 4, 0));
	TRACE(events_of(ep));
	event.events = EPOLLIN | EPOLLONESHOT;
	TRACE(epoll_ctl(ep, EPOLL_CTL_MOD, ends[0], &event));
	TRACE(epoll_wait(ep, got, 4, 0));
	TRACE(epoll_wait(ep, got, 4, 0));
	event.events = EPOLLIN;
	TRACE(epoll_ctl(ep, EPOLL_CTL_MOD, ends[0], &event));
	again = dup(ends[0]);
	TRACE(epoll_ctl(ep, EPOLL_CTL_ADD, again, &event));
	TRACE(epoll_wait(ep, got, 4, 0));
	close(ends[1]);
	TRACE(epoll_wait(ep, got, 1, 0));
	printf("%x\n", got[0].events);
	TRACE(epoll_ctl(ep, EPOLL_CTL_DEL, ends[0], NULL));
	for (int i = 0; i < 30; i++) { /* a chain */
		int next = epoll_create1(0);

		if (epoll_ctl(next, EPOLL_CTL_ADD, other, &event))
			break;
		other = next;
	}
	TRACE(events_of(other) & 0);
}

static void test_event(void)
{
	int fd = eventfd(3, EFD_NONBLOCK), semaphore = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
	uint64_t value = 5;

	TRACE(eventfd(0, 0x1234));
	TRACE(read(fd, &value, 4));
	TRACE(events_of(fd));
	TRACE(write(fd, &value, 8));
	TRACE(read(fd, &value, 8));
	TRACE(value);
	TRACE(read(fd, &value, 8));
	TRACE(events_of(fd));
	value = UINT64_MAX;
	TRACE(write(fd, &value, 8));
	value--;
	TRACE(write(fd, &value, 8));
	value = 1;
	TRACE(write(fd, &value, 8));
	TRACE(events_of(fd));
	TRACE(write(fd, &value, 7));
	TRACE(read(semaphore, &value, 8));
	TRACE(value);
	TRACE(read(semaphore, &value, 8));
	TRACE(read(semaphore, &value, 8));
}

static void test_timer(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec set = {.it_value = {0, 300000000}, .it_interval = {0, 0}}, now;
	uint64_t value = 0;

	TRACE(timerfd_create(99, 0));
	TRACE(timerfd_create(CLOCK_MONOTONIC, 1));
	TRACE(read(fd, &value, 8));
	TRACE(timerfd_settime(fd, 0, &set, NULL));
	TRACE(timerfd_gettime(fd, &now));
	HOLDS(now.it_value.tv_sec == 0 && now.it_value.tv_nsec <= 300000000);
	TRACE(events_of(fd) & POLLIN);
	TRACE(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 5000));
	TRACE(read(fd, &value, 4));
	TRACE(read(fd, &value, 8));
	TRACE(value);
	TRACE(read(fd, &value, 8));
	set.it_value.tv_nsec = 1000000000;
	TRACE(timerfd_settime(fd, 0, &set, NULL));
	TRACE(timerfd_settime(0, 0, &set, NULL));
	set.it_value = (struct timespec){0, 1};
	TRACE(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	TRACE(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 5000));
	TRACE(write(fd, &value, 8));
}

static void test_limit(void)
{
	struct rlimit limit = {40, 40}, old;
	int last = -1, fd;

	TRACE(getrlimit(RLIMIT_NOFILE, &old));
	TRACE(setrlimit(RLIMIT_NOFILE, &(struct rlimit){50, 40}));
	limit.rlim_max = old.rlim_max;
	TRACE(setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = dup(0)) >= 0)
		last = fd;
	TRACE(dup(0));
	TRACE(last);
	TRACE(dup2(0, 40));
	TRACE(fcntl(0, F_DUPFD, 40));
	TRACE(getrlimit(RLIMIT_NOFILE, &old));
	TRACE(old.rlim_cur);
	TRACE(open("f", O_RDONLY));
	TRACE(pipe((int[2]){0, 0}));
}

/* With an argument: the size of pipes is not the same on both sides. */
int main(int argc, char **argv)
{
	(void)argv;
	setvbuf(stdout, NULL, _IONBF, 0);
	trace_enter();
	close(0); /* the same on both sides */
	open("/dev/null", O_RDONLY);
	if (argc == 1)
		test_pipes();
	test_poll();
	test_epoll();
	test_event();
	test_timer();
	test_limit();
	return 0;
}
