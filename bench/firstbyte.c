/* SPDX-License-Identifier: Apache-2.0 */
/* firstbyte [-n RUNS] COMMAND...: nanoseconds of CLOCK_MONOTONIC from just before fork to
 * the command's first byte of output and to its end. In a host that counts instructions
 * (lab --icount) a nanosecond is an instruction. One line a run. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static int measure(int run, char **command)
{
	char bytes[4096];
	int output[2], status;
	uint64_t began = now(), first = 0, end;
	pid_t child = start(command, output);

	if (child < 0)
		return 1;
	while (read(output[0], bytes, sizeof(bytes)) > 0)
		if (!first)
			first = now();
	close(output[0]);
	waitpid(child, &status, 0);
	end = now();
	printf("run %d: first byte %llu, exit %llu, status %d\n", run,
	       first ? (unsigned long long)(first - began) : 0ull,
	       (unsigned long long)(end - began), WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

int main(int argc, char **argv)
{
	int runs = 1, option, failed = 0;

	while ((option = getopt(argc, argv, "+n:")) != -1)
		if (option == 'n')
			runs = atoi(optarg);
	if (optind >= argc) {
		fprintf(stderr, "usage: firstbyte [-n RUNS] COMMAND...\n");
		return 2;
	}
	for (int run = 0; run < runs; run++)
		failed |= measure(run, argv + optind);
	return failed;
}
