/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: actions, masks, flags, nesting, stacks, interrupted calls, registers. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "cpu.h"
#include "diff-trace.h"

static volatile sig_atomic_t count;
static sigjmp_buf back;

static void on_signal(int signal)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	count++;
	printf("handler of %d, %d. time; blocked:", signal, count);
	for (int i = 1; i < 64; i++)
		if (sigismember(&mask, i) == 1)
			printf(" %d", i);
	printf("\n");
}

static void on_info(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("handler of %d: code %d, value %d, ours %d\n", signal, info->si_code,
	       info->si_code == SI_QUEUE || info->si_code == SI_TIMER ? info->si_value.sival_int
								      : 0,
	       info->si_code <= 0 && info->si_code != SI_TIMER ? info->si_pid == getpid() : 0);
}

static void on_nested(int signal)
{
	printf("in %d\n", signal);
	if (count++ < 2)
		raise(signal);
	printf("out %d\n", signal);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaddset(&action.sa_mask, SIGHUP);
	TRACE(sigaction(signal, &action, NULL));
}

static void handle_info(int signal)
{
	struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};

	TRACE(sigaction(signal, &action, NULL));
}

static void test_actions(void)
{
	struct sigaction old;

	TRACE(sigaction(SIGKILL, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
	TRACE(sigaction(SIGSTOP, NULL, &old));
	TRACE(sigaction(0, NULL, &old));
	TRACE(sigaction(65, NULL, &old));
	handle(SIGUSR1, on_signal, SA_RESETHAND | SA_NODEFER);
	TRACE(raise(SIGUSR1));
	TRACE(sigaction(SIGUSR1, NULL, &old));
	HOLDS(old.sa_handler == SIG_DFL);
	printf("flags %x\n", old.sa_flags & ~0x04000000);
	count = 0;
	handle(SIGUSR1, on_nested, SA_NODEFER);
	TRACE(raise(SIGUSR1));
	count = 0;
	handle(SIGUSR1, on_nested, 0);
	TRACE(raise(SIGUSR1));
	TRACE(kill(getpid(), 0));
	TRACE(kill(getpid(), 99));
	TRACE(kill(getpid(), -1));
	TRACE(kill(999999, 0));
	TRACE(syscall(SYS_tgkill, getpid(), getpid(), 0));
	TRACE(syscall(SYS_tgkill, getpid(), 999999, 0));
	TRACE(syscall(SYS_tgkill, 0, 0, 0));
	TRACE(syscall(SYS_tkill, -1, 0));
}

static void test_masks(void)
{
	sigset_t set, empty, pending;
	siginfo_t info;

	sigemptyset(&empty);
	sigfillset(&set);
	count = 0;
	handle(SIGUSR1, on_signal, 0);
	handle(SIGUSR2, on_signal, 0);
	handle(SIGTERM, on_signal, 0);
	TRACE(sigprocmask(SIG_SETMASK, &set, NULL));
	raise(SIGUSR2);
	raise(SIGTERM);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&pending);
	TRACE(sigismember(&pending, SIGUSR1) + sigismember(&pending, SIGHUP) * 2);
	TRACE(sigsuspend(&empty));
	sigpending(&pending);
	TRACE(sigismember(&pending, SIGUSR1) + sigismember(&pending, SIGTERM) * 2);
	raise(SIGUSR1);
	TRACE(sigwaitinfo(&set, &info));
	printf("code %d\n", info.si_code);
	TRACE(sigtimedwait(&set, &info, &(struct timespec){0, 0}));
	TRACE(sigtimedwait(&set, &info, &(struct timespec){0, -1}));
	raise(SIGUSR1);
	TRACE(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
	sigpending(&pending);
	TRACE(sigismember(&pending, SIGUSR1));
	raise(SIGCHLD);
	sigpending(&pending);
	TRACE(sigismember(&pending, SIGCHLD));
	TRACE(sigprocmask(SIG_SETMASK, &empty, NULL));
	TRACE(sigprocmask(99, &set, NULL));
	TRACE(sigprocmask(99, NULL, NULL));
	TRACE(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
}

static void test_queue(void)
{
	sigset_t set;

	sigemptyset(&set);
	handle_info(SIGRTMIN + 1);
	handle_info(SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGUSR1);
	TRACE(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 5}));
	TRACE(raise(SIGUSR1));
	TRACE(kill(getpid(), SIGUSR1));
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 4; i++)
		TRACE(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}));
	TRACE(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 6}));
	TRACE(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 7}));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static char alternate[65536];
static volatile long depth;

static void on_alternate(int signal)
{
	char here;
	stack_t stack;

	sigaltstack(NULL, &stack);
	printf("signal %d on the alternate stack: %d, flags %d\n", signal,
	       &here >= alternate && &here < alternate + sizeof(alternate), stack.ss_flags);
	errno = 0;
	if (sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL))
		printf("error %d\n", errno);
	siglongjmp(back, 1);
}

static int recurse(int n)
{
	volatile char frame[10000];

	frame[0] = (char)n;
	depth++;
	return n < 0 ? 0 : recurse(n + 1) + frame[0];
}

static void test_stacks(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;

	TRACE(sigaltstack(&stack, &old));
	TRACE(old.ss_flags);
	TRACE(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 5119}, NULL));
	TRACE(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 9999, .ss_flags = 77}, NULL));
	TRACE(syscall(SYS_sigaltstack, 1, NULL));
	handle(SIGSEGV, on_alternate, SA_ONSTACK);
	if (!sigsetjmp(back, 1))
		recurse(0);
	HOLDS(depth > 700);
	if (!sigsetjmp(back, 1))
		raise(SIGSEGV);
	TRACE(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, &old));
	TRACE(old.ss_flags);
	TRACE(old.ss_size);
	signal(SIGSEGV, SIG_DFL);
}

static void alarm_in(long microseconds, int flags)
{
	struct itimerval timer = {.it_value = {0, microseconds}};

	count = 0;
	handle(SIGALRM, on_signal, flags);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void test_interrupted(void)
{
	int ends[2];
	char byte;
	struct timespec left = {9, 9};
	fd_set set;

	TRACE(pipe(ends));
	alarm_in(20000, 0);
	TRACE(read(ends[0], &byte, 1));
	alarm_in(20000, SA_RESTART);
	TRACE(nanosleep(&(struct timespec){5, 0}, &left));
	HOLDS(left.tv_sec == 4);
	alarm_in(20000, SA_RESTART);
	TRACE(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 5000));
	alarm_in(20000, SA_RESTART);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	TRACE(select(ends[0] + 1, &set, NULL, NULL, NULL));
	alarm_in(20000, SA_RESTART);
	TRACE(pause());
	alarm_in(20000, SA_RESTART);
	TRACE(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){5, 0}, NULL));
	signal(SIGALRM, SIG_IGN);
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 10000}}, NULL);
	TRACE(nanosleep(&(struct timespec){0, 50000000}, NULL));
}

static void test_mask_of_poll(void)
{
	int ends[2];
	sigset_t empty, set;

	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	TRACE(pipe(ends));
	TRACE(write(ends[1], "x", 1));
	count = 0;
	handle(SIGUSR1, on_signal, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	TRACE(ppoll(&(struct pollfd){ends[0], POLLIN, 0}, 1, NULL, &empty));
	printf("handled %d\n", count);
	TRACE(ppoll(NULL, 0, NULL, &empty));
	printf("handled %d\n", count);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void on_context(int signal, siginfo_t *info, void *raw)
{
	ucontext_t *context = raw;

	(void)info;
	printf("context of %d: flags %lx, link %p\n", signal, context->uc_flags,
	       (void *)context->uc_link);
	sigaddset(&context->uc_sigmask, SIGUSR2); /* stays blocked */
	context_show(context);
	cpu_vectors_spoil();
}

static void test_context(void)
{
	struct sigaction action = {.sa_sigaction = on_context, .sa_flags = SA_SIGINFO};
	sigset_t now;

	sigaction(SIGUSR1, &action, NULL);
	HOLDS(cpu_vectors(SIGUSR1));
	sigprocmask(SIG_BLOCK, NULL, &now);
	TRACE(sigismember(&now, SIGUSR2));
	sigemptyset(&now);
	sigprocmask(SIG_SETMASK, &now, NULL);
}

static void on_instruction(int signal, siginfo_t *info, void *raw)
{
	ucontext_t *context = raw;

	printf("signal %d, code %d, at the instruction: %d\n", signal, info->si_code,
	       (unsigned long)info->si_addr == *context_pc(context));
	*context_pc(context) += 4;
	if (signal == SIGFPE)
		context_calm(context);
}

static void test_instructions(void)
{
	static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
	struct sigaction action = {.sa_sigaction = on_instruction, .sa_flags = SA_SIGINFO};

	for (int i = 0; i < 5; i++)
		sigaction(signals[i], &action, NULL);
	cpu_illegal();
	cpu_trap();
	cpu_privileged();
	cpu_instructions();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) { /* dies by this signal */
		raise(atoi(argv[1]));
		return 0;
	}
	test_actions();
	test_masks();
	test_queue();
	test_stacks();
	test_interrupted();
	test_mask_of_poll();
	test_context();
	test_instructions();
	return 0;
}
