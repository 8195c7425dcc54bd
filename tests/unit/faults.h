/* SPDX-License-Identifier: Apache-2.0 */
/* The host that fails once: the n-th call of these functions that the test's thread makes
 * while armed fails as it can fail in real life. The linker puts these in the place of the
 * calls (--wrap); the Makefile has the list. Included once by each test program. */
#ifndef MOTE_TEST_FAULTS_H
#define MOTE_TEST_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

static __thread long faults_left = -1; /* calls until one fails; -1: none will */
static const char *faults_struck; /* the call that failed, or NULL */

static inline void faults_arm(long calls)
{
	faults_struck = NULL;
	faults_left = calls;
}

/* Whether it came to the call that was to fail. */
static inline bool faults_disarm(void)
{
	faults_left = -1;
	return faults_struck;
}

static bool fault(const char *call, int code)
{
	if (faults_left < 0 || faults_left-- > 0)
		return false;
	faults_struck = call;
	errno = code;
	return true;
}

#define FAULT(type, name, parameters, arguments, failure, code)                                    \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fault(#name, code) ? failure : __real_##name arguments;                     \
	}

FAULT(void *, malloc, (size_t size), (size), NULL, ENOMEM)
FAULT(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
FAULT(void *, realloc, (void *old, size_t size), (old, size), NULL, ENOMEM)
FAULT(char *, strdup, (const char *text), (text), NULL, ENOMEM)
FAULT(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset),
      (at, n, prot, flags, fd, offset), MAP_FAILED, ENOMEM)
FAULT(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), -1, EIO)
FAULT(ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at), -1, EIO)
FAULT(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), -1, ENOSPC)
FAULT(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
FAULT(int, lstat, (const char *path, struct stat *st), (path, st), -1, EIO)
FAULT(int, fstatat, (int dir, const char *path, struct stat *st, int flags), (dir, path, st, flags),
      -1, EIO)
FAULT(ssize_t, readlinkat, (int dir, const char *path, char *to, size_t n), (dir, path, to, n), -1,
      EIO)
FAULT(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
FAULT(int, renameat2,
      (int from_dir, const char *from, int to_dir, const char *to, unsigned int flags),
      (from_dir, from, to_dir, to, flags), -1, ENOSPC)
FAULT(int, epoll_create1, (int flags), (flags), -1, EMFILE)
FAULT(int, eventfd, (unsigned int value, int flags), (value, flags), -1, EMFILE)
FAULT(int, timerfd_create, (int clock, int flags), (clock, flags), -1, EMFILE)
FAULT(int, socket, (int family, int type, int protocol), (family, type, protocol), -1, EMFILE)
FAULT(int, bind, (int fd, const struct sockaddr *at, socklen_t n), (fd, at, n), -1, ENOSPC)
FAULT(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE)
FAULT(int, accept4, (int fd, struct sockaddr *at, socklen_t *n, int flags), (fd, at, n, flags), -1,
      EMFILE)
FAULT(int, getsockopt, (int fd, int level, int name, void *to, socklen_t *n),
      (fd, level, name, to, n), -1, ENOBUFS)
FAULT(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags), -1,
      ECONNRESET)
FAULT(ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags), -1, ECONNRESET)
FAULT(ssize_t, getrandom, (void *to, size_t n, unsigned int flags), (to, n, flags), -1, EIO)
FAULT(int, sigaction, (int signal, const struct sigaction *new, struct sigaction *old),
      (signal, new, old), -1, EINVAL)

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *context)
{
	if (fault("pthread_create", EAGAIN))
		return EAGAIN;
	return __real_pthread_create(thread, attr, start, context);
}

/* Only what makes the kernel allocate can fail. */
int __real_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int which, struct epoll_event *event)
{
	if (operation == EPOLL_CTL_ADD && fault("epoll_ctl", ENOMEM))
		return -1;
	return __real_epoll_ctl(fd, operation, which, event);
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fault("open", EMFILE) ? -1 : openat(AT_FDCWD, path, flags, mode);
}

int __wrap_asprintf(char **to, const char *format, ...);
int __wrap_asprintf(char **to, const char *format, ...)
{
	va_list args;
	int result;

	if (fault("asprintf", ENOMEM))
		return -1;
	va_start(args, format);
	result = vasprintf(to, format, args);
	va_end(args);
	return result;
}

/* jansson's own calls are beyond the linker's reach. */
static void *faults_json_malloc(size_t size)
{
	return fault("malloc in jansson", ENOMEM) ? NULL : __real_malloc(size);
}

/* Before anything uses jansson. */
static inline void faults_init(void)
{
	json_set_alloc_funcs(faults_json_malloc, free);
}

#endif
