/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting and small objects: pipes, poll, select, eventfd, timerfd, epoll. "streams copy"
 * sends stdin to stdout; "streams poll" waits for stdin by poll first. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static int copy(int with_poll)
{
	static char buffer[65536 + 1];
	struct pollfd stdin_poll = {.fd = 0, .events = POLLIN};
	ssize_t n;

	for (;;) {
		if (with_poll && poll(&stdin_poll, 1, -1) != 1)
			return 2;
		n = read(0, buffer, sizeof(buffer));
		if (n <= 0)
			return n < 0;
		for (ssize_t done = 0; done < n;) {
			ssize_t w = write(1, buffer + done, (size_t)(n - done));

			if (w <= 0)
				return 3;
			done += w;
		}
	}
}

static void test_pipe(void)
{
	int ends[2], count;
	char text[10], big[4096] = {0};
	struct pollfd both[2];
	size_t total = 0;

	CHECK(!pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	CHECK_ERROR(read(ends[0], text, 1), EAGAIN);
	CHECK(write(ends[1], "hello", 5) == 5 && !ioctl(ends[0], FIONREAD, &count) && count == 5);
	both[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	both[1] = (struct pollfd){.fd = ends[1], .events = POLLOUT};
	CHECK(poll(both, 2, -1) == 2 && both[0].revents == POLLIN && both[1].revents == POLLOUT);
	CHECK(read(ends[0], text, 10) == 5 && !memcmp(text, "hello", 5));
	while (write(ends[1], big, sizeof(big)) > 0)
		total += sizeof(big);
	CHECK(total == 65536 && errno == EAGAIN);
	CHECK_ERROR(lseek(ends[0], 0, SEEK_SET), ESPIPE);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERROR(write(ends[1], "x", 1), EPIPE);
	close(ends[1]);
	CHECK(!pipe(ends));
	close(ends[1]);
	CHECK(read(ends[0], text, 1) == 0);
	close(ends[0]);
}

static void test_poll(void)
{
	struct pollfd bad = {.fd = 900, .events = POLLIN};
	struct timeval zero = {0, 20000};
	fd_set set;

	CHECK(poll(&bad, 1, 0) == 1 && bad.revents == POLLNVAL);
	CHECK(poll(NULL, 0, 20) == 0);
	FD_ZERO(&set);
	FD_SET(1, &set);
	CHECK(select(2, NULL, &set, NULL, &zero) == 1 && FD_ISSET(1, &set));
	CHECK(select(0, NULL, NULL, NULL, &zero) == 0);
}

static void test_events(void)
{
	int event = eventfd(3, EFD_NONBLOCK), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int epoll = epoll_create1(0);
	struct itimerspec soon = {{0, 0}, {0, 20000000}};
	struct epoll_event add = {.events = EPOLLIN, .data.fd = 7}, got[4];
	uint64_t value;

	CHECK(read(event, &value, 8) == 8 && value == 3);
	CHECK_ERROR(read(event, &value, 8), EAGAIN);
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, event, &add));
	add.data.fd = 8;
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &add));
	CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &add), EEXIST);
	CHECK(epoll_wait(epoll, got, 4, 0) == 0);
	CHECK(!timerfd_settime(timer, 0, &soon, NULL));
	CHECK(epoll_wait(epoll, got, 4, 5000) == 1 && got[0].data.fd == 8);
	CHECK(read(timer, &value, 8) == 8 && value == 1);
	value = 1;
	CHECK(write(event, &value, 8) == 8);
	CHECK(epoll_wait(epoll, got, 4, -1) == 1 && got[0].data.fd == 7);
	close(event);
	CHECK(epoll_wait(epoll, got, 4, 10) == 0);
	close(timer);
	close(epoll);
}

static void test_sendfile(void)
{
	int from = open("/tmp/from", O_RDWR | O_CREAT, 0600),
	    to = open("/tmp/to", O_RDWR | O_CREAT, 0600);
	static char bytes[10000], back[10000];
	off_t offset = 100;

	memset(bytes, 'q', sizeof(bytes));
	CHECK(write(from, bytes, sizeof(bytes)) == sizeof(bytes));
	CHECK(sendfile(to, from, &offset, 20000) == 9900 && offset == 10000);
	CHECK(pread(to, back, sizeof(back), 0) == 9900 && !memcmp(back, bytes, 9900));
	close(from);
	close(to);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "copy"))
		return copy(0);
	if (argc > 1 && !strcmp(argv[1], "poll"))
		return copy(1);
	test_pipe();
	test_poll();
	test_events();
	test_sendfile();
	return check_result();
}
