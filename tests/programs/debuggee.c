/* SPDX-License-Identifier: Apache-2.0 */
/* What gdb is let loose on: arithmetic, calls, system calls and atomics, whose results it checks
 * itself, so that a debugger that changes anything is found out. "spin" as an argument: works until
 * `finished` is set from outside; "mill", "trap", "crash": what the functions say. */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "debuggee.h"
#include "machine.h"

enum { ROUNDS = 200 };

volatile bool finished;
volatile unsigned long watched;
volatile int answer = 42;
static atomic_ulong counter;
static unsigned long sum;

__attribute__((noinline)) unsigned long square(unsigned long n)
{
	unsigned long result = n * n;

	return result;
}

__attribute__((noinline)) unsigned long fibonacci(unsigned int n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__attribute__((noinline)) double half(double value)
{
	return value / 2;
}

__attribute__((noinline)) bool round_of_work(unsigned int n)
{
	unsigned long expected = atomic_load(&counter) + n;

	sum += square(n);
	watched = n;
	atomic_fetch_add(&counter, n);
	if (atomic_load(&counter) != expected || watched != n)
		return false;
	if (half(n) * 2 != n)
		return false;
	return getpid() > 0 && fibonacci(5) == 5;
}

/* Arithmetic, atomics and system calls, all in one line, so that one `next` steps through it. */
__attribute__((noinline)) unsigned long mill(unsigned int rounds)
{
	unsigned long made = 0;

	/* clang-format off */
	for (unsigned int i = 0; i < rounds; i++) { made += i * i; __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST); if (i % 64 == 0) SYSTEM_CALL; }
	/* clang-format on */
	return made;
}

__attribute__((noinline)) void crash(volatile int *where)
{
	*where = 1;
}

/* The program's own breakpoint, which its own handler gets. */
static volatile int trapped;

static void on_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	trapped += signal == SIGTRAP && info->si_signo == SIGTRAP;
	*context_pc(user) += 4;
}

static bool trap(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	sigaction(SIGTRAP, &action, NULL);
	for (int i = 1; i <= 3; i++) {
		TRAP;
		if (trapped != i)
			return false;
	}
	return true;
}

static bool work(void)
{
	unsigned long before = sum;

	atomic_store(&counter, 0);
	for (unsigned int n = 0; n < ROUNDS; n++)
		if (!round_of_work(n))
			return false;
	return sum - before == (unsigned long)(ROUNDS - 1) * ROUNDS * (2 * ROUNDS - 1) / 6;
}

int main(int argc, char **argv)
{
	bool good = work();

	if (argc > 1 && !strcmp(argv[1], "mill"))
		good = mill(600) == 71820100 && atomic_load(&counter) == 19900 + 600;
	if (argc > 1 && !strcmp(argv[1], "trap"))
		good = good && trap();
	if (argc > 1 && !strcmp(argv[1], "crash"))
		crash((int *)0x123450);
	while (argc > 1 && !strcmp(argv[1], "spin") && !finished)
		good = work() && good;
	printf("%s, answer %d\n", good ? "all is well" : "something was changed", answer);
	return good ? 0 : 1;
}
