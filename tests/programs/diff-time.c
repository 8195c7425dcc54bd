/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and timers: what is promised about them, never the time itself. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "diff-trace.h"

static const struct timespec far_past = {1, 0}, short_time = {0, 2000000};

static int64_t now(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? -1 : t.tv_sec * 1000000000 + t.tv_nsec;
}

/* No device to wake the machine: then Linux has no such clocks. */
static int no_alarms;

static int is_alarm(int clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

static void test_clocks(void)
{
	struct timespec t;
	int64_t before, after;

	for (int clock = 0; clock < 14; clock++) {
		if (no_alarms && is_alarm(clock))
			continue;
		printf("clock %d:", clock);
		printf(" %ld", syscall(SYS_clock_gettime, clock, &t));
		printf(" %ld", syscall(SYS_clock_getres, clock, &t));
		if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
			t.tv_nsec = 0; /* as the kernel is built */
		printf(" %ld\n", t.tv_nsec);
	}
	TRACE(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 1));
	TRACE(syscall(SYS_clock_getres, CLOCK_MONOTONIC, 0));
	before = now(CLOCK_MONOTONIC);
	TRACE(nanosleep(&short_time, NULL));
	after = now(CLOCK_MONOTONIC);
	HOLDS(after - before >= 2000000 && after - before < 2000000000);
	for (int i = 0; i < 1000; i++) {
		before = now(CLOCK_MONOTONIC);
		if (before < after)
			printf("went back\n");
		after = before;
	}
	HOLDS(now(CLOCK_REALTIME) > 1600000000000000000);
	HOLDS(time(NULL) - now(CLOCK_REALTIME) / 1000000000 <= 1);
	before = now(CLOCK_PROCESS_CPUTIME_ID);
	nanosleep(&(struct timespec){0, 300000000}, NULL);
	HOLDS(now(CLOCK_PROCESS_CPUTIME_ID) - before < 200000000);
	while (now(CLOCK_PROCESS_CPUTIME_ID) - before < 20000000)
		;
	HOLDS(clock() > 10000);
	HOLDS(times(NULL) != (clock_t)-1);
	struct rusage usage;
	TRACE(getrusage(RUSAGE_SELF, &usage));
	HOLDS(usage.ru_utime.tv_sec < 60 && usage.ru_maxrss > 0);
	TRACE(getrusage(RUSAGE_CHILDREN, &usage));
	TRACE(usage.ru_utime.tv_sec);
	TRACE(getrusage(7, &usage));
	TRACE(sysconf(_SC_CLK_TCK));
}

static void test_sleeps(void)
{
	struct timespec soon;

	TRACE(nanosleep(&(struct timespec){0, 1000000000}, NULL));
	TRACE(nanosleep(&(struct timespec){-1, 0}, NULL));
	TRACE(nanosleep((void *)1, NULL));
	for (int clock = 0; clock < 12; clock++) {
		if (clock == CLOCK_PROCESS_CPUTIME_ID || (no_alarms && is_alarm(clock)))
			continue; /* the first would sleep */
		errno = 0;
		printf("clock %d: %ld", clock,
		       syscall(SYS_clock_nanosleep, clock, TIMER_ABSTIME, &far_past, NULL));
		printf(" %d\n", errno);
	}
	TRACE(syscall(SYS_clock_nanosleep, 99, 0, &far_past, NULL));
	clock_gettime(CLOCK_REALTIME, &soon);
	TRACE(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &soon, NULL));
	clock_gettime(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 3000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_sec++, soon.tv_nsec -= 1000000000;
	TRACE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &soon, NULL));
	HOLDS(now(CLOCK_MONOTONIC) >= soon.tv_sec * 1000000000 + soon.tv_nsec);
	TRACE(usleep(1000));
}

static volatile int count;

static void on_alarm(int signal)
{
	(void)signal;
	count++;
}

static void test_timers(void)
{
	struct itimerval value = {{0, 2000}, {0, 3000}}, old;
	struct itimerspec spec = {{0, 0}, {0, 300000000}}, left;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t timer;

	signal(SIGALRM, on_alarm);
	signal(SIGUSR1, on_alarm);
	TRACE(setitimer(ITIMER_REAL, &value, &old));
	TRACE(old.it_value.tv_sec + old.it_value.tv_usec);
	while (count < 5)
		pause();
	TRACE(getitimer(ITIMER_REAL, &old));
	TRACE(old.it_interval.tv_usec);
	value = (struct itimerval){{0, 0}, {0, 0}};
	TRACE(setitimer(ITIMER_REAL, &value, &old));
	TRACE(getitimer(ITIMER_REAL, &old));
	TRACE(old.it_value.tv_usec + old.it_interval.tv_usec);
	value.it_value.tv_usec = 1000000;
	TRACE(setitimer(ITIMER_REAL, &value, NULL));
	TRACE(setitimer(99, &value, NULL));
	TRACE(getitimer(99, &value));
	TRACE(alarm(100));
	TRACE(alarm(0));
	TRACE(timer_create(CLOCK_MONOTONIC, &event, &timer));
	TRACE(timer_gettime(timer, &left));
	TRACE(left.it_value.tv_nsec);
	count = 0;
	TRACE(timer_settime(timer, 0, &spec, NULL));
	TRACE(timer_gettime(timer, &left));
	HOLDS(left.it_value.tv_nsec > 0);
	while (!count)
		nanosleep(&short_time, NULL);
	TRACE(timer_gettime(timer, &left));
	TRACE(left.it_value.tv_nsec);
	TRACE(timer_getoverrun(timer));
	spec.it_value.tv_nsec = -1;
	TRACE(timer_settime(timer, 0, &spec, NULL));
	TRACE(timer_delete(timer));
	TRACE(timer_create(99, &event, &timer));
	event.sigev_signo = 99;
	TRACE(timer_create(CLOCK_REALTIME, &event, &timer));
}

static void test_calendar(void)
{
	time_t moments[] = {0, 951782400, 1700000000, -1, 4102444800, 253402300799};
	char text[100];

	for (int i = 0; i < 6; i++) {
		struct tm *tm = gmtime(&moments[i]);

		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %a %j %U", tm);
		printf("%s %d\n", text, timegm(tm) == moments[i]);
	}
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	for (int i = 0; i < 5; i++)
		printf("%s", ctime(&moments[i]));
}

int main(int argc, char **argv)
{
	(void)argv;
	no_alarms = argc > 1;
	setvbuf(stdout, NULL, _IONBF, 0);
	test_clocks();
	test_sleeps();
	test_timers();
	test_calendar();
	return 0;
}
