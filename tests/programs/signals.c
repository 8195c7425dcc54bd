/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: masks, frames, what handlers may change, alternate stacks, timers' signals, and
 * the FP registers across all that. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "cpu.h"

static volatile sig_atomic_t count, last, on_alternate;
static char alternate[16384 * 2];

static void on_count(int signal)
{
	volatile double disturb = 1.5;

	for (int i = 0; i < 10; i++)
		disturb *= 1.1;
	count++;
	last = signal;
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK(!sigaction(signal, &action, NULL));
}

static void test_raise(void)
{
	handle(SIGUSR1, on_count, 0);
	count = 0;
	CHECK(!raise(SIGUSR1) && count == 1 && last == SIGUSR1);
	CHECK(!kill(getpid(), SIGUSR1) && count == 2);
	CHECK(!kill(0, SIGUSR1) && count == 3);
	CHECK_ERROR(kill(999, 0), ESRCH);
	CHECK_ERROR(kill(getpid(), 65), EINVAL);
	CHECK(signal(SIGUSR1, SIG_IGN) == on_count && !raise(SIGUSR1) && count == 3);
}

static void test_mask(void)
{
	sigset_t set, old, pending;

	handle(SIGUSR2, on_count, 0);
	count = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &set, &old) && !raise(SIGUSR2) && count == 0);
	CHECK(!sigpending(&pending) && sigismember(&pending, SIGUSR2));
	CHECK(sigwaitinfo(&set, NULL) == SIGUSR2 && count == 0);
	CHECK(sigtimedwait(&set, NULL, &(struct timespec){0, 1000000}) == -1 && errno == EAGAIN);
	raise(SIGUSR2);
	CHECK(sigsuspend(&old) == -1 && errno == EINTR && count == 1);
	CHECK(!sigprocmask(SIG_SETMASK, &old, NULL));
}

static void on_value(int signal, siginfo_t *info, void *context)
{
	(void)context;
	last = signal;
	count = info->si_code == SI_QUEUE ? info->si_value.sival_int : -1;
}

static void test_queue(void)
{
	struct sigaction action = {.sa_sigaction = on_value, .sa_flags = SA_SIGINFO};

	sigaction(SIGRTMIN, &action, NULL);
	CHECK(!sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 77}) && count == 77);
}

/* A handler that goes on behind the instruction that faulted. */
static void on_skip(int signal, siginfo_t *info, void *raw)
{
	ucontext_t *context = raw;

	(void)signal, (void)info;
	*context_pc(context) += 4;
	*context_result(context) = 1234;
	context_spoil(context);
	count++;
}

static void test_context(void)
{
	struct sigaction action = {.sa_sigaction = on_skip, .sa_flags = SA_SIGINFO};

	count = 0;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	CHECK(cpu_result(NULL) == 1234 && count == 1);
	cpu_illegal();
	CHECK(count == 2);
	cpu_privileged();
	CHECK(count == 3);
	cpu_trap();
	CHECK(count == 4);
	signal(SIGILL, SIG_DFL);
}

static void on_stack_check(int signal)
{
	char here;

	(void)signal;
	on_alternate = &here >= alternate && &here < alternate + sizeof(alternate);
}

static sigjmp_buf escape;

static void on_overflow(int signal)
{
	on_stack_check(signal);
	siglongjmp(escape, 1);
}

/* With 0 to begin with, the stack comes to its end first. */
static int deep(volatile char *from)
{
	volatile char frame[4096];

	frame[0] = *from;
	return frame[0] ? 0 : deep(frame) + frame[0];
}

static void test_alternate(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;
	char seed = 0;

	CHECK(!sigaltstack(&stack, NULL) && !sigaltstack(NULL, &old) && old.ss_sp == alternate);
	handle(SIGUSR1, on_stack_check, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(on_alternate);
	on_alternate = 0;
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	if (!sigsetjmp(escape, 1))
		deep(&seed);
	CHECK(on_alternate);
	signal(SIGSEGV, SIG_DFL);
}

static void test_alarm(void)
{
	struct itimerval every = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
	double sum = 0;
	time_t end = time(NULL) + 10;

	handle(SIGALRM, on_count, SA_RESTART);
	count = 0;
	CHECK(!setitimer(ITIMER_REAL, &every, NULL));
	while (count < 5 && time(NULL) < end) /* busy: the interrupt must break in */
		for (int i = 1; i < 1000; i++)
			sum += 1.0 / i - 1.0 / i;
	CHECK(count >= 5 && sum == 0);
	CHECK(!setitimer(ITIMER_REAL, &off, NULL));
	count = 0;
	alarm(1);
	CHECK(pause() == -1 && errno == EINTR && count == 1);
}

static void test_interrupted_sleep(void)
{
	struct itimerval once = {{0, 0}, {0, 20000}};
	struct timespec long_time = {30, 0}, left = {0, 0};

	setitimer(ITIMER_REAL, &once, NULL);
	CHECK_ERROR(nanosleep(&long_time, &left), EINTR);
	CHECK(left.tv_sec >= 28);
}

static void test_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	struct itimerspec once = {{0, 0}, {0, 10000000}};
	timer_t timer;

	handle(SIGUSR2, on_count, 0);
	count = 0;
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK(!timer_settime(timer, 0, &once, NULL));
	CHECK(pause() == -1 && count == 1 && !timer_delete(timer));
}

static void test_flags(void)
{
	handle(SIGUSR1, on_count, SA_RESETHAND);
	count = 0;
	raise(SIGUSR1);
	CHECK(count == 1);
	struct sigaction now;
	CHECK(!sigaction(SIGUSR1, NULL, &now) && now.sa_handler == SIG_DFL);
	CHECK_ERROR(wait(NULL), ECHILD);
	CHECK(!raise(SIGCHLD) && !raise(SIGCONT) && !raise(SIGWINCH));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "abort"))
		abort();
	if (argc > 2 && !strcmp(argv[1], "raise"))
		raise(atoi(argv[2]));
	test_raise();
	test_mask();
	test_queue();
	test_context();
	test_alternate();
	test_alarm();
	test_interrupted_sleep();
	test_timer();
	test_flags();
	return check_result();
}
