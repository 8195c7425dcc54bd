/* SPDX-License-Identifier: Apache-2.0 */
/* System calls about sockets, as Linux has them: "vsock-calls none" on a machine without a socket
 * device; "vsock-calls ECHO CLOSE REFUSED" with the host's ports where everything comes back, where
 * a connection is closed at once, and where nobody listens. "vsock-calls deaf ECHO" sends to an end
 * that never reads until nothing goes any more; "vsock-calls lost ECHO x" waits for a restore. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "vsock.h"

#define GET_LOCAL_CID _IO(7, 0xb9)
#define CID 5 /* as vsock.bats has it */

static uint32_t echo_port, close_port, refused_port;
static volatile sig_atomic_t signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

static int new_socket(int flags)
{
	return socket(AF_VSOCK, SOCK_STREAM | flags, 0);
}

static int connected(uint32_t port)
{
	int fd = new_socket(0);

	CHECK(vm_connect(fd, CID_HOST, port) == 0);
	return fd;
}

static void test_none(void)
{
	struct stat st;

	CHECK_ERROR(new_socket(0), EAFNOSUPPORT);
	CHECK_ERROR(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERROR(stat("/dev/vsock", &st), ENOENT);
	CHECK_ERROR(listen(0, 1), ENOTSOCK);
	CHECK_ERROR(listen(99, 1), EBADF);
}

static void test_socket(void)
{
	int fd = new_socket(SOCK_NONBLOCK | SOCK_CLOEXEC);

	CHECK(fd >= 0 && fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_ERROR(socket(AF_VSOCK, SOCK_DGRAM, 0), ESOCKTNOSUPPORT);
	CHECK_ERROR(socket(AF_VSOCK, SOCK_STREAM, 7), EPROTONOSUPPORT);
	CHECK_ERROR(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERROR(lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK_ERROR(send(fd, "x", 1, 0), ENOTCONN);
	CHECK_ERROR(recv(fd, &(char){0}, 1, 0), ENOTCONN);
	CHECK_ERROR(shutdown(fd, SHUT_WR), ENOTCONN);
	CHECK_ERROR(accept(fd, NULL, NULL), EINVAL);
	CHECK_ERROR(listen(fd, 1), EINVAL);
	close(fd);
}

static void test_cid(void)
{
	int fd = open("/dev/vsock", O_RDONLY);
	uint32_t cid = 0;

	CHECK(fd >= 0 && !ioctl(fd, GET_LOCAL_CID, &cid) && cid == CID);
	close(fd);
}

static void test_addresses(void)
{
	struct sockaddr_vm address = {0};
	socklen_t length = sizeof(address);
	int one = new_socket(0), two = new_socket(0), echo;

	CHECK_ERROR(vm_bind(one, CID_HOST, 77), EADDRNOTAVAIL);
	CHECK_ERROR(bind(one, (struct sockaddr *)&address, 4), EINVAL);
	CHECK_ERROR(bind(one, (struct sockaddr *)&address, sizeof(address)), EAFNOSUPPORT);
	CHECK(!vm_bind(one, CID_ANY, 77));
	CHECK_ERROR(vm_bind(one, CID_ANY, 78), EINVAL);
	CHECK_ERROR(vm_bind(two, CID_ANY, 77), EADDRINUSE);
	CHECK(!vm_bind(two, CID, PORT_ANY));
	CHECK(!getsockname(two, (struct sockaddr *)&address, &length) && length == 16);
	CHECK(address.family == AF_VSOCK && address.port >= 1024 && address.port != PORT_ANY);
	CHECK_ERROR(getpeername(one, (struct sockaddr *)&address, &length), ENOTCONN);
	close(one);
	close(two);
	echo = connected(echo_port);
	CHECK(!getpeername(echo, (struct sockaddr *)&address, &length));
	CHECK(address.cid == CID_HOST && address.port == echo_port);
	CHECK(!getsockname(echo, (struct sockaddr *)&address, &length) && address.cid == CID);
	CHECK_ERROR(vm_connect(echo, CID_HOST, echo_port), EISCONN);
	close(echo);
}

static void test_echo(void)
{
	static char text[] = "there and back", out[30];
	struct iovec in[2] = {{out, 5}, {out + 5, 25}};
	struct msghdr message = {.msg_iov = in, .msg_iovlen = 2};
	int fd = connected(echo_port), there;

	CHECK(write(fd, text, 14) == 14);
	CHECK(recv(fd, out, 5, MSG_PEEK | MSG_WAITALL) >= 1 && out[0] == 't');
	CHECK(recv(fd, out, 14, MSG_WAITALL) == 14 && !memcmp(text, out, 14));
	CHECK_ERROR(recv(fd, out, 1, MSG_DONTWAIT), EAGAIN);
	CHECK(sendmsg(fd, &(struct msghdr){.msg_iov = &(struct iovec){text, 14}, .msg_iovlen = 1},
		      0) == 14);
	CHECK(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 10000) == 1);
	CHECK(!ioctl(fd, FIONREAD, &there) && there == 14);
	memset(out, 0, sizeof(out));
	CHECK(recvmsg(fd, &message, 0) == 14 && !memcmp(text, out, 14));
	CHECK_ERROR(sendto(fd, text, 1, 0, (struct sockaddr *)&(struct sockaddr_vm){0}, 16),
		    EISCONN);
	CHECK_ERROR(send(fd, text, 1, MSG_OOB), EOPNOTSUPP);
	CHECK_ERROR(write(fd, (void *)1, 5), EFAULT);
	CHECK_ERROR(write(fd, text, (size_t)-1), EFAULT);
	CHECK(write(fd, text, 3) == 3 && !shutdown(fd, SHUT_WR));
	CHECK(recv(fd, out, 30, MSG_WAITALL) == 3 && recv(fd, out, 1, 0) == 0);
	CHECK_ERROR(send(fd, text, 1, MSG_NOSIGNAL), EPIPE);
	close(fd);
}

static void test_refused(void)
{
	struct sockaddr_vm address;
	socklen_t length = sizeof(int);
	int fd = new_socket(0), error = -1;
	struct pollfd entry;

	CHECK_ERROR(vm_connect(fd, CID_HOST, refused_port), ECONNRESET);
	CHECK_ERROR(vm_connect(fd, 9, echo_port), ECONNRESET);
	CHECK_ERROR(vm_connect(fd, CID_HOST, PORT_ANY), EINVAL);
	CHECK(!vm_connect(fd, CID_HOST, echo_port)); /* the same socket again */
	close(fd);
	fd = new_socket(SOCK_NONBLOCK);
	CHECK_ERROR(vm_connect(fd, CID_HOST, refused_port), EINPROGRESS);
	entry = (struct pollfd){.fd = fd, .events = POLLOUT};
	CHECK(poll(&entry, 1, 10000) == 1 && entry.revents & POLLERR);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) && error == ECONNRESET);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) && error == 0);
	length = sizeof(address);
	CHECK_ERROR(getpeername(fd, (struct sockaddr *)&address, &length), ENOTCONN);
	close(fd);
}

static void test_nonblocking(void)
{
	int fd = new_socket(SOCK_NONBLOCK), error = -1, epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data.fd = fd};
	socklen_t length = sizeof(error);
	char byte;

	CHECK_ERROR(vm_connect(fd, CID_HOST, echo_port), EINPROGRESS);
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	CHECK(epoll_wait(epoll, &event, 1, 10000) == 1 && event.events == EPOLLOUT);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) && error == 0);
	CHECK_ERROR(read(fd, &byte, 1), EAGAIN);
	CHECK(write(fd, "x", 1) == 1);
	event = (struct epoll_event){.events = EPOLLIN | EPOLLRDHUP};
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
	CHECK(epoll_wait(epoll, &event, 1, 10000) == 1 && event.events == EPOLLIN);
	CHECK(read(fd, &byte, 1) == 1 && byte == 'x');
	CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
	shutdown(fd, SHUT_WR);
	CHECK(epoll_wait(epoll, &event, 1, 10000) == 1 && event.events & EPOLLRDHUP);
	CHECK(read(fd, &byte, 1) == 0);
	close(fd);
	close(epoll);
}

static void test_closed_by_the_host(void)
{
	int fd = connected(close_port);
	char byte;

	signal(SIGPIPE, count);
	CHECK(recv(fd, &byte, 1, 0) == 0);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		;
	CHECK(errno == EPIPE && signals == 0);
	CHECK_ERROR(write(fd, "x", 1), EPIPE);
	CHECK(signals == 1);
	CHECK(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 1);
	close(fd);
}

static void test_options(void)
{
	uint64_t size = 0;
	struct timeval time = {.tv_usec = 20000}, got = {0};
	struct timespec before, after;
	socklen_t length = sizeof(size);
	int fd = connected(echo_port), value = -1;
	char byte;

	CHECK(!getsockopt(fd, AF_VSOCK, 0, &size, &length) && size == 65536);
	size = 1 << 30;
	CHECK(!setsockopt(fd, AF_VSOCK, 0, &size, sizeof(size)));
	CHECK(!getsockopt(fd, AF_VSOCK, 0, &size, &length) && size == 262144);
	size = 1;
	CHECK(!setsockopt(fd, AF_VSOCK, 0, &size, sizeof(size)));
	CHECK(!getsockopt(fd, AF_VSOCK, 0, &size, &length) && size == 128);
	CHECK_ERROR(setsockopt(fd, AF_VSOCK, 0, &size, 4), EINVAL);
	CHECK_ERROR(getsockopt(fd, AF_VSOCK, 99, &size, &length), ENOPROTOOPT);
	length = sizeof(value);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) && value == SOCK_STREAM);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length) && value == AF_VSOCK);
	CHECK_ERROR(setsockopt(fd, SOL_SOCKET, SO_TYPE, &value, length), ENOPROTOOPT);
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	length = sizeof(got);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &got, &length) && got.tv_usec == 20000);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CHECK_ERROR(recv(fd, &byte, 1, 0), EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &after);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
	      20000000);
	CHECK(write(fd, "x", 1) == 1 && ioctl(fd, FIONBIO, &(int){1}) == 0);
	close(fd);
}

/* A buffer of 128 bytes, and a page that has to go through it. */
static void test_small_buffer(void)
{
	static uint8_t out[4096], back[4096];
	uint64_t size = 128;
	int fd = new_socket(0);
	size_t sent = 0, got = 0;

	CHECK(!setsockopt(fd, AF_VSOCK, 0, &size, sizeof(size)));
	CHECK(!vm_connect(fd, CID_HOST, echo_port));
	memcpy(out, pattern_at(0), sizeof(out));
	while (sent < sizeof(out)) {
		ssize_t n = write(fd, out + sent, sizeof(out) - sent);

		CHECK(n > 0);
		sent += (size_t)n;
	}
	while (got < sizeof(back)) {
		ssize_t n = read(fd, back + got, sizeof(back) - got);

		CHECK(n > 0 && n <= 4096);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	CHECK(!memcmp(out, back, sizeof(out)));
	close(fd);
}

static void test_accept_waits_for_nobody(void)
{
	struct timeval time = {.tv_usec = 1000};
	int fd = new_socket(SOCK_NONBLOCK), value = 0;
	socklen_t length = sizeof(value);

	CHECK(!vm_bind(fd, CID_ANY, 900) && !listen(fd, 1));
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) && value == 1);
	CHECK_ERROR(accept4(fd, NULL, NULL, 0), EAGAIN);
	fcntl(fd, F_SETFL, 0);
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	CHECK_ERROR(accept4(fd, NULL, NULL, 0), EAGAIN);
	CHECK_ERROR(vm_connect(fd, CID_HOST, echo_port), EINVAL);
	close(fd);
}

/* A new descriptor with an old one's number is another one to epoll. */
static void test_epoll_forgets(void)
{
	int epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLOUT};

	for (int i = 0; i < 3; i++) {
		int fd = new_socket(0);

		CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		CHECK(epoll_wait(epoll, &event, 1, 0) == 1);
		close(fd);
		fd = new_socket(0);
		CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
		close(fd);
	}
	close(epoll);
}

static int deaf(uint32_t port)
{
	static char block[65536];
	int fd = connected(port);
	size_t sent = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000) == 1) {
		ssize_t n = write(fd, block, sizeof(block));

		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	CHECK(sent >= 65536 && sent < 4 << 20);
	CHECK_ERROR(write(fd, block, 1), EAGAIN);
	return check_result();
}

/* The machine becomes a copy in the middle of a read. */
static int lost(uint32_t port)
{
	int fd = connected(port), quiet = connected(port), listener = new_socket(0);
	struct pollfd entry = {.fd = quiet, .events = POLLIN};
	socklen_t length = sizeof(int);
	int error = 0;
	char byte;

	CHECK(!vm_bind(listener, CID_ANY, 900) && !listen(listener, 1));
	puts("waiting");
	CHECK_ERROR(recv(fd, &byte, 1, 0), ECONNRESET);
	CHECK(poll(&entry, 1, 0) == 1 && entry.revents & POLLERR);
	CHECK(!getsockopt(quiet, SOL_SOCKET, SO_ERROR, &error, &length) && error == ECONNRESET);
	CHECK(recv(fd, &byte, 1, 0) == 0);
	CHECK_ERROR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, 0) == 0);
	return check_result();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	pattern_init();
	if (argc == 2) {
		test_none();
		return check_result();
	}
	if (argc == 3)
		return deaf((uint32_t)atoi(argv[2]));
	if (argc < 4)
		return 2;
	if (!strcmp(argv[1], "lost"))
		return lost((uint32_t)atoi(argv[2]));
	echo_port = (uint32_t)atoi(argv[1]);
	close_port = (uint32_t)atoi(argv[2]);
	refused_port = (uint32_t)atoi(argv[3]);
	test_socket();
	test_cid();
	test_addresses();
	test_echo();
	test_refused();
	test_nonblocking();
	test_closed_by_the_host();
	test_options();
	test_small_buffer();
	test_accept_waits_for_nobody();
	test_epoll_forgets();
	return check_result();
}
