/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: mapping, protection, moving, giving back, and running out of it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "check.h"
#include "cpu.h"

#define PAGE 4096UL
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf escape;
static volatile int fault_code;
static void *volatile fault_at;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	fault_code = info->si_code;
	fault_at = info->si_addr;
	siglongjmp(escape, 1);
}

/* 0, or the si_code of the fault that the access gave. */
static int touch(volatile char *p, int write)
{
	fault_code = 0;
	if (!sigsetjmp(escape, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return fault_code;
}

static void test_mappings(void)
{
	char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED && ((uintptr_t)p & (PAGE - 1)) == 0);
	for (size_t i = 0; i < 16 * PAGE; i += PAGE)
		CHECK(p[i] == 0);
	memset(p, 5, 16 * PAGE);
	CHECK(!munmap(p + 4 * PAGE, 2 * PAGE));
	CHECK(touch(p + 4 * PAGE, 0) == SEGV_MAPERR && fault_at == p + 4 * PAGE);
	CHECK(!touch(p + 6 * PAGE, 1) && p[3 * PAGE] == 5);
	CHECK(mmap(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0) ==
	      p + 4 * PAGE);
	CHECK(p[4 * PAGE] == 0);
	CHECK(mmap(p, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
	      errno == EEXIST);
	CHECK(!munmap(p, 16 * PAGE));
	CHECK_ERROR(munmap(p + 1, PAGE), EINVAL);
	CHECK(mmap(NULL, 0, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
}

static void test_protection(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);

	memset(p, 1, 4 * PAGE);
	CHECK(!mprotect(p + PAGE, PAGE, PROT_READ));
	CHECK(touch(p + PAGE, 1) == SEGV_ACCERR && !touch(p + PAGE, 0) && !touch(p, 1));
	CHECK(!mprotect(p + PAGE, PAGE, PROT_NONE));
	CHECK(touch(p + PAGE, 0) == SEGV_ACCERR);
	CHECK(!mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE) && p[PAGE] == 1);
	CHECK(touch(NULL, 0) == SEGV_MAPERR && touch(NULL, 1) == SEGV_MAPERR);
	CHECK(touch((char *)CPU_KERNEL, 0) == SEGV_MAPERR);
	CHECK(touch((char *)(uintptr_t)on_fault, 1) == SEGV_ACCERR);
	munmap(p, 4 * PAGE);
}

static void test_execution(void)
{
	uint32_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);

	for (int i = 0; i < 3; i++) {
		cpu_code(p, 40 + i);
		CHECK(!mprotect(p, PAGE, PROT_READ | PROT_EXEC));
		__builtin___clear_cache((char *)p, (char *)(p + 4));
		CHECK(((int (*)(void))p)() == 40 + i);
		CHECK(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	}
	munmap(p, PAGE);
}

static void test_moving(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0), *q;

	memset(p, 9, 4 * PAGE);
	q = mremap(p, 4 * PAGE, 1000 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q[0] == 9 && q[4 * PAGE - 1] == 9 && q[4 * PAGE] == 0);
	CHECK(mremap(q, 1000 * PAGE, 2 * PAGE, 0) == q && touch(q + 2 * PAGE, 0) == SEGV_MAPERR);
	CHECK(!madvise(q, 2 * PAGE, MADV_DONTNEED) && q[0] == 0);
	munmap(q, 2 * PAGE);
}

static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void test_break(void)
{
	char *start = set_break(NULL);

	CHECK(set_break(start + 100000) == start + 100000);
	memset(start, 3, 100000);
	CHECK(set_break(start) == start && set_break(start + 8192) == start + 8192);
	CHECK(start[8191] == 0);
	CHECK(set_break((char *)1) == start + 8192);
}

/* Most of memory can be had, more can't, and giving it back gives it back. */
static void test_limits(void)
{
	struct sysinfo info;
	size_t most;

	CHECK(!sysinfo(&info));
	most = (size_t)info.freeram * info.mem_unit / 10 * 9;
	CHECK(malloc((size_t)info.totalram * info.mem_unit + (1 << 20)) == NULL && errno == ENOMEM);
	for (int i = 0; i < 3; i++) {
		char *p = malloc(most);

		CHECK(p != NULL);
		if (!p)
			return;
		for (size_t at = 0; at < most; at += PAGE)
			p[at] = (char)at;
		CHECK(malloc(most) == NULL);
		free(p);
	}
	CHECK(mmap(NULL, 1UL << 34, PROT_NONE, ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void test_fragments(void)
{
	char *p = mmap(NULL, 2000 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);

	for (size_t i = 0; i < 2000; i += 2)
		p[i * PAGE] = (char)i;
	for (size_t i = 0; i < 2000; i += 2)
		CHECK(!mprotect(p + i * PAGE, PAGE, PROT_READ));
	for (size_t i = 0; i < 2000; i += 2)
		if (p[i * PAGE] != (char)i)
			CHECK(!"kept");
	CHECK(!mprotect(p, 2000 * PAGE, PROT_READ | PROT_WRITE) && !munmap(p, 2000 * PAGE));
}

static void *reallocate(void)
{
	char *p = NULL;

	for (size_t size = 1; size < 8 << 20; size = size * 3 / 2 + 1) {
		p = realloc(p, size);
		if (!p)
			return NULL;
		p[size - 1] = 1;
	}
	return p;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_mappings();
	test_protection();
	test_execution();
	test_moving();
	test_break();
	test_fragments();
	CHECK(reallocate());
	test_limits();
	return check_result();
}
