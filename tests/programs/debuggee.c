/* SPDX-License-Identifier: Apache-2.0 */
/* What gdb is let loose on: arithmetic, calls, system calls and atomics, whose results it checks
 * itself, so that a debugger that changes anything is found out. "spin" as an argument: works until
 * `finished` is set from outside; "crash": writes where nothing is. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

__attribute__((noinline)) void crash(volatile int *where)
{
	*where = 1;
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

	if (argc > 1 && !strcmp(argv[1], "crash"))
		crash((int *)0x123450);
	while (argc > 1 && !strcmp(argv[1], "spin") && !finished)
		good = work() && good;
	printf("%s, answer %d\n", good ? "all is well" : "something was changed", answer);
	return good ? 0 : 1;
}
