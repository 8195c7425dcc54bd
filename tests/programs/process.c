/* SPDX-License-Identifier: Apache-2.0 */
/* Who and where the process is: arguments, environment, clocks, limits, random bytes, what
 * is not there. "process show" prints what it was given; "process exit N" ends so. */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

static int show(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("argument %d: [%s]\n", i, argv[i]);
	for (char **e = environ; *e; e++)
		printf("environment: [%s]\n", *e);
	return 0;
}

static double now(clockid_t clock)
{
	struct timespec t;

	CHECK(!clock_gettime(clock, &t));
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_clocks(void)
{
	double before = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME), cpu;
	struct timespec pause = {0, 50000000}, at;
	struct timeval tv;

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(!nanosleep(&pause, NULL));
	CHECK(now(CLOCK_MONOTONIC) - before >= 0.05 && now(CLOCK_MONOTONIC) - before < 5);
	CHECK(now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 0.05);
	CHECK(wall > 1.6e9 && wall < 1e10);
	CHECK(!gettimeofday(&tv, NULL) && fabs((double)tv.tv_sec - now(CLOCK_REALTIME)) < 2);
	at = (struct timespec){0, 1};
	CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);
	CHECK_ERROR(clock_gettime(99, &at), EINVAL);
	pause.tv_nsec = 1000000000;
	CHECK_ERROR(nanosleep(&pause, NULL), EINVAL);
}

static void test_identity(void)
{
	struct utsname names;
	struct rlimit limit;
	struct rusage usage;
	cpu_set_t cpus;

	CHECK(getpid() > 0 && getppid() >= 0 && getuid() == 0 && getegid() == 0);
	CHECK(!uname(&names) && !strcmp(names.sysname, "Linux"));
	CHECK(!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur >= 1 << 20);
	CHECK(!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur >= 256);
	CHECK(!getrusage(RUSAGE_SELF, &usage));
	CHECK(!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) >= 1);
	CHECK(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && getauxval(AT_HWCAP));
	CHECK_ERROR(waitpid(-1, NULL, 0), ECHILD);
}

static void test_random(void)
{
	static unsigned char a[1000], b[1000];
	int counts[256] = {0};

	CHECK(getrandom(a, sizeof(a), 0) == sizeof(a) && getrandom(b, sizeof(b), 0) == sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)));
	for (int i = 0; i < 1000; i++)
		counts[a[i]]++;
	for (int i = 0; i < 256; i++)
		CHECK(counts[i] < 30);
}

static void test_floats(void)
{
	char text[64];
	volatile double x = 2;

	snprintf(text, sizeof(text), "%.10f %g %a %.3Lf", sqrt(x), 1e100, 0.5, (long double)1 / 3);
	CHECK(!strcmp(text, "1.4142135624 1e+100 0x1p-1 0.333"));
	CHECK(fabs(sin(x) * sin(x) + cos(x) * cos(x) - 1) < 1e-12);
	CHECK(strtod("1.25e3", NULL) == 1250);
}

static void test_stack(void)
{
	volatile char large[700000];

	large[0] = 1;
	large[sizeof(large) - 1] = 2;
	CHECK(large[0] + large[sizeof(large) - 1] == 3);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "show"))
		return show(argc, argv);
	if (argc > 2 && !strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	test_clocks();
	test_identity();
	test_random();
	test_floats();
	test_stack();
	return check_result();
}
