/* SPDX-License-Identifier: Apache-2.0 */
/* Raw system calls with bad arguments: the errors, in a table. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "diff-trace.h"

#define BAD 1ul /* an address */
#define NO_FD 99

static char bytes[8192];
static int64_t small[8] = {1, 5};
static const char file[] = "file", none[] = "none", empty[] = "",
		  long_name[5000] = {[0 ... 4998] = 'n'};

#define P(pointer) ((unsigned long)(pointer))
#define CALL(name, ...)                                                                            \
	{                                                                                          \
		SYS_##name, #name " " #__VA_ARGS__,                                                \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct {
	long number;
	const char *text;
	unsigned long a[6];
} calls[] = {
	CALL(read, NO_FD, P(bytes), 1),
	CALL(read, 3, BAD, 1),
	CALL(read, 3, P(bytes), -1ul),
	CALL(read, 3, P(bytes), 0),
	CALL(write, 3, P(bytes), 1),
	CALL(write, NO_FD, BAD, -1ul),
	CALL(write, 4, BAD, 1),
	CALL(pread64, 3, P(bytes), 1, -1ul),
	CALL(pwrite64, 4, P(bytes), 1, -5ul),
	CALL(readv, 3, BAD, 1),
	CALL(readv, NO_FD, BAD, 1),
	CALL(readv, 3, P(bytes), 5000),
	CALL(lseek, NO_FD, 0, 0),
	CALL(lseek, 3, 0, 9),
	CALL(openat, NO_FD, P(file), 0),
	CALL(openat, AT_FDCWD, BAD, 0),
	CALL(openat, AT_FDCWD, P(long_name), 0),
	CALL(openat, 3, P(file), 0),
	CALL(openat, NO_FD, BAD, 0),
	CALL(openat, NO_FD, P(empty), 0),
	CALL(close, NO_FD),
	CALL(close, -1ul),
	CALL(close_range, 5, 3, 0),
	CALL(close_range, 500, 600, 99),
	CALL(dup, NO_FD),
	CALL(dup3, 3, 3, 0),
	CALL(dup3, 3, 5, 7),
	CALL(dup3, 3, -1ul, 0),
	CALL(dup3, NO_FD, -1ul, 0),
	CALL(fcntl, NO_FD, F_GETFL, 0),
	CALL(fcntl, 3, 77, 0),
	CALL(fcntl, 3, F_GETLK, BAD),
	CALL(fcntl, 3, F_DUPFD, 1ul << 30),
	CALL(flock, NO_FD, 1),
	CALL(pipe2, BAD, 0),
	CALL(pipe2, P(bytes), 1),
	CALL(eventfd2, 0, 0xffff),
	CALL(ioctl, NO_FD, 1, 0),
	CALL(newfstatat, AT_FDCWD, P(file), BAD, 0),
	CALL(newfstatat, AT_FDCWD, BAD, P(bytes), 0),
	CALL(newfstatat, AT_FDCWD, P(none), BAD, 0),
	CALL(newfstatat, AT_FDCWD, P(file), P(bytes), 0x40000),
	CALL(newfstatat, NO_FD, P(file), P(bytes), 0),
	CALL(newfstatat, NO_FD, P(empty), P(bytes), AT_EMPTY_PATH),
	CALL(newfstatat, 3, P(empty), P(bytes), 0),
	CALL(fstat, NO_FD, P(bytes)),
	CALL(fstat, 3, BAD),
	CALL(statx, AT_FDCWD, P(file), 0, 0x7ff, BAD),
	CALL(statx, AT_FDCWD, P(file), 0x80000, 0x7ff, P(bytes)),
	CALL(statx, AT_FDCWD, P(file), 0x6000, 0x7ff, P(bytes)),
	CALL(statx, AT_FDCWD, P(file), 0, 0x80000000, P(bytes)),
	CALL(statfs, P(none), P(bytes)),
	CALL(statfs, P(file), BAD),
	CALL(fstatfs, NO_FD, P(bytes)),
	CALL(faccessat, AT_FDCWD, P(file), 99),
	CALL(faccessat, AT_FDCWD, BAD, 0),
	CALL(faccessat2, AT_FDCWD, P(file), 0, 0x40),
	CALL(fchmodat, AT_FDCWD, BAD, 0),
	CALL(fchmod, NO_FD, 0),
	CALL(fchownat, AT_FDCWD, P(file), 0, 0, 0x40),
	CALL(fchown, NO_FD, 0, 0),
	CALL(utimensat, AT_FDCWD, P(file), BAD, 0),
	CALL(utimensat, NO_FD, 0, 0, 0),
	CALL(utimensat, AT_FDCWD, P(file), 0, 0x40),
	CALL(truncate, BAD, 1),
	CALL(truncate, P(file), -1ul),
	CALL(truncate, P(none), -1ul),
	CALL(ftruncate, NO_FD, 1),
	CALL(ftruncate, 3, 1),
	CALL(ftruncate, 4, -1ul),
	CALL(fallocate, 4, 0, 0, 0),
	CALL(fallocate, 4, 0xff0000, 0, 1),
	CALL(fallocate, 3, 0, 0, 1),
	CALL(fallocate, NO_FD, 0, 0, 1),
	CALL(fsync, NO_FD),
	CALL(mkdirat, NO_FD, P(none), 0),
	CALL(mkdirat, AT_FDCWD, BAD, 0),
	CALL(mkdirat, AT_FDCWD, P("file/"), 0),
	CALL(mknodat, AT_FDCWD, P("none/"), 0100644, 0),
	CALL(symlinkat, BAD, AT_FDCWD, P(none)),
	CALL(symlinkat, P(file), AT_FDCWD, BAD),
	CALL(symlinkat, P(long_name), AT_FDCWD, P(none)),
	CALL(linkat, AT_FDCWD, P(file), AT_FDCWD, P(none), 0x8000),
	CALL(linkat, AT_FDCWD, BAD, AT_FDCWD, P(none), 0),
	CALL(unlinkat, AT_FDCWD, BAD, 0),
	CALL(unlinkat, AT_FDCWD, P(file), 1),
	CALL(renameat2, AT_FDCWD, P(file), AT_FDCWD, BAD, 0),
	CALL(renameat2, AT_FDCWD, P(file), AT_FDCWD, P(none), 0x80),
	CALL(renameat2, AT_FDCWD, P(file), AT_FDCWD, P(none), 3),
	CALL(readlinkat, AT_FDCWD, P(file), P(bytes), 0),
	CALL(readlinkat, AT_FDCWD, P("link"), BAD, 10),
	CALL(readlinkat, AT_FDCWD, P("link"), P(bytes), -1ul),
	CALL(getdents64, 3, P(bytes), 100),
	CALL(getcwd, P(bytes), 1),
	CALL(getcwd, BAD, 4096),
	CALL(chdir, BAD),
	CALL(chdir, P("/dev/null")),
	CALL(fchdir, 3),
	CALL(ppoll, BAD, 1, 0, 0, 8),
	CALL(ppoll, 0, 0, BAD, 0, 8),
	CALL(ppoll, 0, 0, P(small), BAD, 8),
	CALL(ppoll, 0, 0, P(small), P(bytes), 7),
	CALL(pselect6, 5, BAD, 0, 0, 0, 0),
	CALL(pselect6, 0, 0, 0, 0, 0, BAD),
	CALL(pselect6, -1ul, 0, 0, 0, 0, 0),
	CALL(mmap, 0, 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1ul, 0),
	CALL(mmap, 0, 4096, 3, MAP_ANONYMOUS, -1ul, 0),
	CALL(mmap, 0, 4096, 3, MAP_PRIVATE, NO_FD, 0),
	CALL(mmap, 0, 4096, 3, MAP_PRIVATE, NO_FD, 5),
	CALL(mmap, 0, 4096, 3, MAP_SHARED, 3, 0),
	CALL(munmap, 1, 4096),
	CALL(mprotect, 0x10000, 0x10000, 0),
	CALL(madvise, 0x10000, 0x10000, 0),
	CALL(msync, 0x10000, 0x10000, 4),
	CALL(msync, 0x10000, 0x10000, 99),
	CALL(mlock, 0x10000, 0x10000),
	CALL(clock_gettime, 99, P(bytes)),
	CALL(clock_gettime, 1, BAD),
	CALL(clock_settime, 1, P(small)),
	CALL(clock_getres, 99, 0),
	CALL(gettimeofday, BAD, 0),
	CALL(nanosleep, BAD, 0),
	CALL(clock_nanosleep, 99, 0, BAD, 0),
	CALL(times, BAD),
	CALL(getitimer, 9, P(bytes)),
	CALL(setitimer, 0, BAD, 0),
	CALL(timer_settime, 99, 0, P(bytes), 0),
	CALL(timerfd_create, 99, 0),
	CALL(timerfd_gettime, 3, P(bytes)),
	CALL(timerfd_settime, NO_FD, 0, P(bytes), 0),
	CALL(rt_sigaction, 0, 0, 0, 8),
	CALL(rt_sigaction, 5, 0, 0, 9),
	CALL(rt_sigaction, SIGKILL, P(bytes), 0, 8),
	CALL(rt_sigaction, 5, BAD, 0, 8),
	CALL(rt_sigprocmask, 0, BAD, 0, 8),
	CALL(rt_sigprocmask, 5, P(bytes), 0, 8),
	CALL(rt_sigpending, BAD, 8),
	CALL(rt_sigpending, P(bytes), 9),
	CALL(rt_sigsuspend, BAD, 8),
	CALL(rt_sigsuspend, P(bytes), 7),
	CALL(rt_sigtimedwait, BAD, 0, P(small), 8),
	CALL(rt_sigtimedwait, P(bytes), 0, BAD, 8),
	CALL(sigaltstack, BAD, 0),
	CALL(kill, 999999, 0),
	CALL(kill, 0, 65),
	CALL(tgkill, -1ul, 1, 1),
	CALL(getresuid, BAD, BAD, BAD),
	CALL(getpgid, 999999),
	CALL(getsid, 999999),
	CALL(wait4, -1ul, 0, 0, 0),
	CALL(waitid, 0, 0, 0, 4, 0),
	CALL(uname, BAD),
	CALL(sysinfo, BAD),
	CALL(getrusage, 9, P(bytes)),
	CALL(getrusage, 0, BAD),
	CALL(prlimit64, 0, 99, 0, 0),
	CALL(prlimit64, 0, 7, BAD, 0),
	CALL(prlimit64, 0, 7, 0, BAD),
	CALL(prlimit64, 999999, 7, 0, 0),
	CALL(getpriority, 0, 0),
	CALL(sched_getaffinity, 0, 1, P(bytes)),
	CALL(sched_getparam, 0, BAD),
	CALL(sched_get_priority_max, 1),
	CALL(sched_get_priority_min, 1),
	CALL(sched_get_priority_max, 0),
	CALL(sched_get_priority_max, 99),
	CALL(prctl, 9999, 0, 0, 0, 0),
	CALL(prctl, 15, BAD, 0, 0, 0),
	CALL(getrandom, BAD, 10, 0),
	CALL(getrandom, P(bytes), 10, 0xff),
	CALL(getrandom, P(bytes), 10, 6),
	CALL(getrandom, P(bytes), 0, 0),
	CALL(getrandom, P(bytes), 300, 1),
	CALL(futex, P(bytes) + 1, 0, 0, 0),
	CALL(futex, BAD + 3, 0, 0, 0),
	CALL(futex, P(bytes), 0, 7, 0),
	CALL(futex, P(bytes), 1, 7, 0),
	CALL(futex, P(bytes), 0, 0, P(small)),
	CALL(epoll_create1, 5),
	CALL(sendfile, 4, NO_FD, 0, 1),
	CALL(sendfile, 4, 4, 0, 1),
	CALL(copy_file_range, 3, 0, 4, 0, 1, 7),
	CALL(getcpu, BAD, 0, 0),
	CALL(bind, 3, P(bytes), 10),
	CALL(connect, NO_FD, P(bytes), 10),
	CALL(memfd_create, P(none), 0xff00),
	CALL(personality, 0xffffffff),
};

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	umask(022);
	trace_enter();
	close(3);
	close(4);
	symlink("file", "link");
	close(open(file, O_WRONLY | O_CREAT, 0644));
	HOLDS(open(file, O_RDONLY) == 3);
	HOLDS(open("out", O_WRONLY | O_CREAT, 0644) == 4);
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const unsigned long *a = calls[i].a;
		long result;

		memset(bytes, 0, sizeof(bytes));
		errno = 0;
		small[0] = 0, small[1] = 5;
		result = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
		printf("%s: %ld, %s\n", calls[i].text, result,
		       errno ? strerror(errno) : "no error");
	}
	return 0;
}
