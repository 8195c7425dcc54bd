/* SPDX-License-Identifier: Apache-2.0 */
/* stream serve PORT|PATH: answers on a vsock port, a Unix socket, or a character device, one stream
 * after the other; says a byte when it can be reached. A request is 16 bytes, what and how often:
 *   e  reads a byte and writes one
 *   s  reads as many, then writes one byte
 *   g  writes as many
 * stream ask PATH [PORT]: asks for each of them, behind PORT by CONNECT as vsock's Unix sockets
 * want it; prints for each what it took, in nanoseconds: of a round trip, and of a MiB. */
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 200, MIB = 1 << 20, MIBS = 4, ROOM = 1 << 16 };

struct request {
	uint64_t what, count;
};

static char bytes[ROOM];

/* All of it: 0, or -1 at the end or after an error. */
static int take(int fd, void *to, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = read(fd, (char *)to + done, length - done);

		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int put(int fd, const void *from, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = write(fd, (const char *)from + done, length - done);

		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int move(int fd, uint64_t count, int (*act)(int fd, size_t length))
{
	int result = 0;

	for (size_t part; result == 0 && count; count -= part) {
		part = count < ROOM ? (size_t)count : ROOM;
		result = act(fd, part);
	}
	return result;
}

static int take_part(int fd, size_t length)
{
	return take(fd, bytes, length);
}

static int put_part(int fd, size_t length)
{
	return put(fd, bytes, length);
}

static int answer(int fd, const struct request *request)
{
	int result = 0;

	if (request->what == 'g')
		return move(fd, request->count, put_part);
	if (request->what == 's') {
		result = move(fd, request->count, take_part);
		return result < 0 ? result : put(fd, bytes, 1);
	}
	for (uint64_t i = 0; result == 0 && i < request->count; i++)
		if (take(fd, bytes, 1) < 0 || put(fd, bytes, 1) < 0)
			result = -1;
	return result;
}

static void serve_one(int fd)
{
	struct request request;

	while (take(fd, &request, sizeof(request)) == 0 && answer(fd, &request) == 0)
		;
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int listen_at(const char *where)
{
	struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
	struct sockaddr_un local;
	int fd;

	vm.svm_port = (unsigned int)atoi(where);
	fd = vm.svm_port ? socket(AF_VSOCK, SOCK_STREAM, 0) : unix_socket(where, &local);
	if ((vm.svm_port ? bind(fd, (struct sockaddr *)&vm, sizeof(vm))
			 : bind(fd, (struct sockaddr *)&local, sizeof(local))) < 0 ||
	    listen(fd, 1) < 0)
		return -1;
	return fd;
}

static int serve(const char *where)
{
	int device = strncmp(where, "/dev/", 5) == 0;
	int fd = device ? open(where, O_RDWR) : listen_at(where);

	if (fd < 0 || put(STDOUT_FILENO, ".", 1) < 0)
		return 1;
	for (;;) {
		int stream = device ? fd : accept(fd, NULL, NULL);

		if (stream < 0)
			return 1;
		serve_one(stream);
		if (device)
			usleep(1000); /* nobody is connected */
		else
			close(stream);
	}
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* "CONNECT port", and a line comes back. */
static int connect_to(const char *path, const char *port)
{
	struct sockaddr_un address;
	char line[32], byte = 0;
	int fd = unix_socket(path, &address);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	if (!port)
		return fd;
	snprintf(line, sizeof(line), "CONNECT %s\n", port);
	if (put(fd, line, strlen(line)) < 0)
		return -1;
	while (byte != '\n')
		if (take(fd, &byte, 1) < 0)
			return -1;
	return fd;
}

static int rounds(int fd)
{
	for (int i = 0; i < ROUNDS; i++)
		if (put(fd, bytes, 1) < 0 || take(fd, bytes, 1) < 0)
			return -1;
	return 0;
}

static int to_peer(int fd)
{
	return move(fd, MIBS * MIB, put_part) < 0 ? -1 : take(fd, bytes, 1);
}

static int from_peer(int fd)
{
	return move(fd, MIBS * MIB, take_part);
}

static int ask(const char *path, const char *port)
{
	static const struct {
		const char *name;
		struct request request;
		int (*act)(int fd);
		unsigned int parts;
	} kinds[] = {
		{"round", {'e', ROUNDS}, rounds, ROUNDS},
		{"to", {'s', MIBS * MIB}, to_peer, MIBS},
		{"from", {'g', MIBS * MIB}, from_peer, MIBS},
	};
	int fd = connect_to(path, port);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t began = now();

		if (put(fd, &kinds[i].request, sizeof(kinds[i].request)) < 0 ||
		    kinds[i].act(fd) < 0)
			return 1;
		printf("%s %llu\n", kinds[i].name,
		       (unsigned long long)(now() - began) / kinds[i].parts);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	fprintf(stderr, "usage: stream serve PORT|PATH | stream ask PATH [PORT]\n");
	return 2;
}
