/* SPDX-License-Identifier: Apache-2.0 */
/* firstbyte [-n RUNS] [-k] [-s SOCKET -r FILE] COMMAND...: nanoseconds of CLOCK_MONOTONIC from
 * just before fork to the command's first byte of output and to its end. In a host that
 * counts instructions (lab --icount) a nanosecond is an instruction. One line a run. With
 * a socket: as soon as the command has made it, FILE is sent there. With one, or with
 * -k, the command is ended by SIGTERM after the first byte. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char requests[4096];
static size_t requests_size;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static pid_t start(char **command, int output[2])
{
	pid_t child;

	if (pipe(output) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execv(command[0], command);
		_exit(127);
	}
	close(output[1]);
	return child;
}

/* Waits for the socket to appear in the current directory and sends the requests. */
static int send_requests(const char *path, int watch)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char event[4096];

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		if (read(watch, event, sizeof(event)) < 0)
			return -1;
	return write(fd, requests, requests_size) == (ssize_t)requests_size ? fd : -1;
}

static int measure(int run, const char *socket_path, int kills, char **command)
{
	int watch = socket_path ? inotify_init() : -1;
	int output[2], status, connection = -1;
	uint64_t began, first = 0, end;
	char bytes[4096];
	pid_t child;

	if (socket_path) {
		unlink(socket_path);
		inotify_add_watch(watch, ".", IN_CREATE | IN_MOVED_TO);
	}
	began = now();
	child = start(command, output);
	if (child < 0)
		return 1;
	if (socket_path)
		connection = send_requests(socket_path, watch);
	while (read(output[0], bytes, sizeof(bytes)) > 0) {
		if (first)
			continue;
		first = now();
		if (kills)
			kill(child, SIGTERM);
	}
	waitpid(child, &status, 0);
	end = now();
	close(output[0]);
	close(connection);
	close(watch);
	printf("run %d: first byte %llu, exit %llu, status %d\n", run,
	       first ? (unsigned long long)(first - began) : 0ull,
	       (unsigned long long)(end - began), WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

static int read_requests(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, requests, sizeof(requests));

	close(fd);
	requests_size = got > 0 ? (size_t)got : 0;
	return got > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	int runs = 1, option, failed = 0, kills = 0;
	const char *socket_path = NULL, *request_path = NULL;

	while ((option = getopt(argc, argv, "+n:ks:r:")) != -1) {
		if (option == 'n')
			runs = atoi(optarg);
		if (option == 'k')
			kills = 1;
		if (option == 's')
			socket_path = optarg;
		if (option == 'r')
			request_path = optarg;
	}
	if (optind >= argc || (socket_path && (!request_path || read_requests(request_path) < 0))) {
		fprintf(stderr, "usage: firstbyte [-n RUNS] [-s SOCKET -r FILE] COMMAND...\n");
		return 2;
	}
	for (int run = 0; run < runs; run++)
		failed |= measure(run, socket_path, kills || socket_path, argv + optind);
	return failed;
}
