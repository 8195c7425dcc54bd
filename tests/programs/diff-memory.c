/* SPDX-License-Identifier: Apache-2.0 */
/* The address space: mappings, their limits, splits, moves, and the faults they give. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "cpu.h"
#include "diff-trace.h"

#define PAGE CPU_PAGE
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf back;
static char *base;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d, code %d, at %ld\n", signal, info->si_code, (char *)info->si_addr - base);
	siglongjmp(back, 1);
}

static void peek(volatile char *p)
{
	if (!sigsetjmp(back, 1))
		printf("read %d\n", *p);
}

static void poke(volatile char *p, char value)
{
	if (!sigsetjmp(back, 1)) {
		*p = value;
		printf("wrote %d\n", *p);
	}
}

/* Where a call returns an address: the distance to the base, or the error. */
#define PLACE(call)                                                                                \
	do {                                                                                       \
		char *place_ = (errno = 0, (call));                                                \
		if (place_ == MAP_FAILED)                                                          \
			trace_result(__LINE__, #call, -1);                                         \
		else                                                                               \
			printf("%d: %s: base + %ld\n", __LINE__, #call, (long)(place_ - base));    \
	} while (0)

static void test_arguments(void)
{
	PLACE(mmap(NULL, 0, RW, ANONYMOUS, -1, 0));
	PLACE(mmap(NULL, -1, RW, ANONYMOUS, -1, 0));
	PLACE(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	PLACE(mmap(NULL, PAGE, RW, ANONYMOUS, -1, 1));
	PLACE(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
	PLACE(mmap(NULL, PAGE, RW, MAP_PRIVATE, 99, 0));
	PLACE(mmap(base + 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
	PLACE(mmap(base, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	PLACE(mmap((void *)(1ul << 60), PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
	TRACE(munmap(base + 1, PAGE));
	TRACE(munmap(base, 0));
	TRACE(mprotect(base + 1, PAGE, RW));
	TRACE(mprotect(base, 0, RW));
	TRACE(mprotect((void *)(1ul << 60), PAGE, RW));
	TRACE(madvise(base + 1, PAGE, MADV_DONTNEED));
	TRACE(madvise(base, 0, MADV_DONTNEED));
	TRACE(madvise(base, PAGE, 9999));
	TRACE(msync(base + 1, PAGE, MS_SYNC));
	TRACE(msync(base, PAGE, MS_SYNC | MS_ASYNC));
	PLACE(mremap(base + 1, PAGE, PAGE, 0));
	PLACE(mremap(base, PAGE, 0, 0));
	PLACE(mremap(base, PAGE, PAGE, 99));
	PLACE(mremap((void *)(1ul << 32), PAGE, PAGE * 2, 0));
}

static void test_split(void)
{
	memset(base, 7, 16 * PAGE);
	TRACE(munmap(base + 4 * PAGE, 2 * PAGE));
	peek(base + 3 * PAGE);
	peek(base + 4 * PAGE);
	poke(base + 5 * PAGE + 123, 1);
	peek(base + 6 * PAGE);
	TRACE(munmap(base + 4 * PAGE, 2 * PAGE));
	TRACE(mprotect(base, 8 * PAGE, PROT_READ));
	poke(base, 1);
	peek(base + 3 * PAGE);
	TRACE(mprotect(base + 6 * PAGE, 2 * PAGE, PROT_NONE));
	peek(base + 6 * PAGE);
	poke(base + 8 * PAGE, 8);
	TRACE(mprotect(base + 6 * PAGE, 2 * PAGE, RW));
	peek(base + 6 * PAGE);
	PLACE(mmap(base + 2 * PAGE, 4 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
	peek(base + 2 * PAGE);
	poke(base + 5 * PAGE, 5);
	peek(base + PAGE);
	TRACE(mprotect(base, 16 * PAGE, RW));
	TRACE(madvise(base + PAGE, PAGE, MADV_DONTNEED));
	peek(base + PAGE);
	peek(base);
	TRACE(madvise(base + 15 * PAGE, 2 * PAGE, MADV_NORMAL));
}

static void test_moves(void)
{
	memset(base, 3, 16 * PAGE);
	PLACE(mremap(base, 4 * PAGE, 2 * PAGE, 0));
	peek(base + 2 * PAGE);
	PLACE(mremap(base, 2 * PAGE, 4 * PAGE, 0));
	peek(base + 3 * PAGE);
	PLACE(mremap(base, 4 * PAGE, 6 * PAGE, 0));
	PLACE(mremap(base, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 20 * PAGE));
	peek(base);
	peek(base + 20 * PAGE);
	PLACE(mremap(base + 20 * PAGE, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base));
	peek(base);
	peek(base + PAGE);
	peek(base + 21 * PAGE);
	PLACE(mremap(base + 4 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     base + 5 * PAGE));
	PLACE(mremap(base + 4 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_FIXED, base + 20 * PAGE));
	TRACE(munmap(base, 32 * PAGE));
}

static void test_files(void)
{
	int fd = open("m", O_RDWR | O_CREAT, 0644), reader;
	char *shared, *private, *again;
	char bytes[8] = "";

	TRACE(ftruncate(fd, PAGE + 100));
	TRACE(pwrite(fd, "file", 4, 0));
	shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	private = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	again = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	base = shared;
	printf("%.4s %.4s %.4s\n", shared, private, again);
	memcpy(private, "pri", 3); /* before the file changes: else it is unspecified */
	memcpy(shared, "MARK", 4);
	TRACE(pread(fd, bytes, 4, 0));
	printf("%s %.4s %.4s %.4s\n", bytes, shared, private, again);
	TRACE(pwrite(fd, "w", 1, 3));
	printf("%.4s %.4s %.4s\n", shared, private, again);
	peek(shared + PAGE + 99);
	peek(shared + PAGE + 100);
	poke(shared + PAGE + 200, 9);
	peek(shared + 2 * PAGE);
	TRACE(ftruncate(fd, 3 * PAGE));
	peek(shared + PAGE + 200);
	poke(shared + 2 * PAGE, 2);
	TRACE(pread(fd, bytes, 1, 2 * PAGE));
	TRACE(bytes[0]);
	TRACE(ftruncate(fd, 10));
	peek(shared + PAGE);
	peek(again);
	base = private;
	peek(private + PAGE);
	TRACE(msync(shared, PAGE, MS_SYNC));
	TRACE(munmap(shared, 4 * PAGE));
	TRACE(munmap(private, 4 * PAGE));
	TRACE(munmap(again, 4 * PAGE));
	reader = open("m", O_RDONLY);
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
	base = shared;
	PLACE(mmap(NULL, PAGE, RW, MAP_SHARED, reader, 0));
	TRACE(mprotect(shared, PAGE, RW));
	PLACE(mmap(NULL, PAGE, RW, MAP_PRIVATE, open("m", O_WRONLY), 0));
	PLACE(mmap(NULL, PAGE, RW, MAP_PRIVATE, open(".", O_RDONLY), 0));
	private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 0);
	base = private;
	close(reader);
	TRACE(mprotect(private, PAGE, RW));
	poke(private, 'P');
	unlink("m");
	TRACE(pread(fd, bytes, 4, 0));
	printf("%s %.4s\n", bytes, private);
	peek(private + 11);
	close(fd);
}

static void test_break(void)
{
	char *start = (char *)syscall(SYS_brk, 0);

	start = (char *)syscall(SYS_brk, ((uintptr_t)start + PAGE) & -PAGE);
	base = start;
	PLACE((char *)syscall(SYS_brk, start + 5 * PAGE / 2));
	memset(start, 1, 5 * PAGE / 2);
	PLACE((char *)syscall(SYS_brk, start + 5 * PAGE / 4));
	PLACE((char *)syscall(SYS_brk, start + 5 * PAGE / 2));
	peek(start + PAGE - 100);
	peek(start + 2 * PAGE + 100);
	PLACE((char *)syscall(SYS_brk, start + (1L << 50)));
	PLACE((char *)syscall(SYS_brk, 1));
	PLACE((char *)syscall(SYS_brk, start));
	peek(start);
}

static void test_kernel_access(void)
{
	int fd = open("k", O_RDWR | O_CREAT, 0644);

	base = mmap(NULL, 3 * PAGE, RW, ANONYMOUS, -1, 0);
	memset(base, 'k', 3 * PAGE);
	TRACE(mprotect(base + PAGE, PAGE, PROT_NONE));
	TRACE(write(fd, base + PAGE - 10, 20));
	TRACE(write(fd, base + PAGE, 20));
	TRACE(mprotect(base + PAGE, PAGE, PROT_READ));
	TRACE(pread(fd, base + PAGE - 4, 10, 0));
	TRACE(pread(fd, base + PAGE, 10, 0));
	TRACE(munmap(base + PAGE, PAGE));
	TRACE(pread(fd, base + 2 * PAGE - 4, 10, 0));
	TRACE(open(base + PAGE - 4, O_RDONLY));
	TRACE(open((char *)1, O_RDONLY));
	close(fd);
}

static void test_executable(void)
{
	int (*f)(void);

	base = mmap(NULL, PAGE, RW, ANONYMOUS, -1, 0);
	cpu_code((uint32_t *)(void *)base, 42);
	f = (int (*)(void))base;
	if (!sigsetjmp(back, 1))
		TRACE(f());
	TRACE(mprotect(base, PAGE, PROT_READ | PROT_EXEC));
	__builtin___clear_cache(base, base + 16);
	TRACE(f());
	poke(base, 1);
	if (!sigsetjmp(back, 1))
		((void (*)(void))(base + 2))();
	TRACE(munmap(base, PAGE));
	if (!sigsetjmp(back, 1))
		f();
	base = NULL;
	if (!sigsetjmp(back, 1))
		((void (*)(void))NULL)();
	peek(NULL);
	poke((char *)8, 1);
	poke((char *)0xffffff8040000000, 1);
	peek((char *)0x0000ff8040000000);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	trace_enter();
	base = mmap(NULL, 32 * PAGE, RW, ANONYMOUS, -1, 0);
	TRACE(munmap(base + 16 * PAGE, 16 * PAGE));
	test_arguments();
	test_split();
	test_moves();
	test_files();
	test_break();
	test_kernel_access();
	test_executable();
	return 0;
}
