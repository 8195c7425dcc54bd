/* SPDX-License-Identifier: Apache-2.0 */
/* Regular files: opening, offsets, reading and writing, sizes, times, descriptors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "cpu.h"
#include "diff-trace.h"

static char buffer[9000];

static void show(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, buffer, 64);

	fstat(fd, &st);
	printf("%s: %lld bytes, mode %o, links %d, pages %lld: \"", name, (long long)st.st_size,
	       st.st_mode, (int)st.st_nlink,
	       (long long)(st.st_blocks * 512 + CPU_PAGE - 1) / CPU_PAGE);
	for (ssize_t i = 0; i < n; i++)
		printf(buffer[i] >= ' ' ? "%c" : "\\%o", buffer[i]);
	printf("\"\n");
	close(fd);
}

static void test_open(void)
{
	int fd;

	TRACE(open("none", O_RDONLY));
	TRACE(open("", O_RDONLY));
	TRACE(open("none/", O_RDWR | O_CREAT, 0644));
	TRACE(open("none/x", O_RDWR | O_CREAT, 0644));
	TRACE(fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
	TRACE(open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
	TRACE(write(fd, "0123456789", 10));
	TRACE(open("a/", O_RDONLY));
	TRACE(open("a/b", O_RDONLY));
	TRACE(open("a", O_RDONLY | O_DIRECTORY));
	TRACE(open(".", O_RDWR));
	TRACE(open(".", O_RDONLY | O_CREAT, 0600));
	TRACE(open(".", O_RDONLY | O_TRUNC));
	TRACE(close(fd));
	TRACE(close(fd));
	show("a");
	TRACE(fd = open("a", O_RDONLY | O_TRUNC));
	show("a");
	TRACE(write(fd, "x", 1));
	TRACE(ftruncate(fd, 5));
	TRACE(close(fd));
	TRACE(fd = open("a", O_WRONLY | O_TRUNC));
	TRACE(read(fd, buffer, 1));
	TRACE(close(fd));
	TRACE(fd = open("a", O_PATH));
	TRACE(read(fd, buffer, 1));
	TRACE(fchmod(fd, 0600));
	TRACE(fcntl(fd, F_GETFL) == O_PATH);
	TRACE(close(fd));
	umask(027);
	TRACE(close(open("masked", O_WRONLY | O_CREAT, 07777)));
	show("masked");
	umask(022);
}

static void test_offsets(void)
{
	int fd = open("o", O_RDWR | O_CREAT | O_TRUNC, 0644), again;

	TRACE(write(fd, "hello", 5));
	TRACE(lseek(fd, -1, SEEK_SET));
	TRACE(lseek(fd, -6, SEEK_END));
	TRACE(lseek(fd, 5000, SEEK_END));
	TRACE(write(fd, "end", 3));
	show("o");
	TRACE(lseek(fd, 0, SEEK_CUR));
	TRACE(read(fd, buffer, 10));
	TRACE(lseek(fd, 1, 77));
	TRACE(lseek(fd, 100000, SEEK_SET));
	TRACE(read(fd, buffer, 10));
	TRACE(lseek(fd, 0, SEEK_DATA));
	TRACE(lseek(fd, 5008, SEEK_DATA));
	TRACE(lseek(fd, 5007, SEEK_HOLE));
	TRACE(lseek(fd, -1, SEEK_HOLE));
	TRACE(pread(fd, buffer, 3, 1));
	TRACE(pread(fd, buffer, 3, -1));
	TRACE(pwrite(fd, "EEE", 3, 2));
	TRACE(lseek(fd, 0, SEEK_CUR));
	again = dup(fd);
	TRACE(lseek(again, 2, SEEK_SET));
	TRACE(lseek(fd, 0, SEEK_CUR));
	TRACE(fcntl(fd, F_SETFL, O_APPEND));
	TRACE(write(again, "app", 3));
	TRACE(lseek(fd, 0, SEEK_CUR));
	TRACE(pwrite(fd, "PPP", 3, 0));
	TRACE(lseek(fd, 0, SEEK_CUR));
	printf("flags %o\n", fcntl(fd, F_GETFL));
	show("o");
	TRACE(ftruncate(fd, 3));
	TRACE(ftruncate(fd, 12));
	show("o");
	TRACE(ftruncate(fd, -1));
	TRACE(truncate("none", 1));
	TRACE(truncate(".", 1));
	TRACE(truncate("o", -5));
	TRACE(lseek(fd, INT64_MAX, SEEK_SET) > 0);
	TRACE(lseek(fd, 1, SEEK_CUR));
	TRACE(posix_fallocate(fd, 0, 8192));
	show("o");
	TRACE(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8192, 4096));
	TRACE(fallocate(fd, 0, -1, 10));
	TRACE(fallocate(fd, 0, 0, 0));
	show("o");
	close(fd);
	close(again);
}

static void test_vectors(void)
{
	struct iovec v[3] = {{buffer, 3}, {buffer + 100, 0}, {buffer + 200, 5}};
	static struct iovec many[1025];
	int fd = open("v", O_RDWR | O_CREAT, 0644);

	memset(buffer, 'v', sizeof(buffer));
	TRACE(writev(fd, v, 3));
	TRACE(writev(fd, v, 0));
	TRACE(writev(fd, v, -1));
	TRACE(writev(fd, many, 1024));
	TRACE(writev(fd, many, 1025));
	TRACE(writev(99, many, 1025));
	TRACE(preadv(fd, v, 3, 4));
	TRACE(pwritev(fd, v, 2, 20));
	v[1].iov_len = (size_t)-1;
	TRACE(readv(fd, v, 3));
	v[1] = (struct iovec){(void *)1, 10};
	TRACE(preadv(fd, v, 3, 0));
	TRACE(pwritev(fd, v, 3, 0));
	TRACE(write(fd, (void *)1, 10));
	TRACE(write(fd, (void *)1, 0));
	TRACE(read(fd, (void *)1, 10));
	TRACE(read(-1, (void *)1, -1));
	TRACE(pread(fd, (void *)1, 10, 0));
	TRACE(read(fd, buffer, (size_t)-1));
	show("v");
	close(fd);
}

static void test_copies(void)
{
	int from = open("v", O_RDONLY), to = open("copy", O_RDWR | O_CREAT, 0644);
	off_t at = 2;

	TRACE(sendfile(to, from, &at, 100));
	TRACE(at);
	TRACE(sendfile(to, from, NULL, 5));
	TRACE(lseek(from, 0, SEEK_CUR));
	TRACE(sendfile(to, 99, NULL, 5));
	TRACE(sendfile(from, to, NULL, 5));
	TRACE(copy_file_range(from, NULL, to, NULL, 1000, 0));
	TRACE(copy_file_range(from, NULL, to, NULL, 1000, 1));
	TRACE(lseek(to, 0, SEEK_END));
	show("copy");
	close(from);
	close(to);
}

static void test_descriptors(void)
{
	int fd = open("v", O_RDONLY | O_CLOEXEC);

	TRACE(fcntl(fd, F_GETFD));
	TRACE(dup(fd) - fd);
	TRACE(fcntl(fd + 1, F_GETFD));
	TRACE(fcntl(fd, F_SETFD, 0));
	TRACE(fcntl(fd, F_GETFD));
	TRACE(fcntl(fd, F_DUPFD, 100));
	TRACE(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	TRACE(fcntl(101, F_GETFD));
	TRACE(fcntl(fd, F_DUPFD, -1));
	TRACE(dup2(fd, fd) - fd);
	TRACE(dup2(fd, 200));
	TRACE(dup3(fd, 200, O_CLOEXEC));
	TRACE(dup3(fd, fd, 0));
	TRACE(dup3(fd, 201, 1));
	TRACE(dup2(99, 5));
	TRACE(dup2(fd, -1));
	TRACE(fcntl(99, F_GETFL));
	TRACE(fcntl(fd, 9999));
	TRACE(fcntl(fd, F_GETOWN));
	TRACE(syscall(SYS_close_range, 100, 300, 0));
	TRACE(fcntl(200, F_GETFD));
	TRACE(syscall(SYS_close_range, 10, 5, 0));
	struct flock lock = {.l_type = F_WRLCK};
	TRACE(fcntl(fd, F_GETLK, &lock));
	TRACE(lock.l_type == F_UNLCK);
	TRACE(fcntl(fd, F_OFD_GETLK, &(struct flock){.l_type = F_RDLCK}));
	int waiting = -1;
	TRACE(ioctl(fd, FIONREAD, &waiting));
	TRACE(waiting);
	TRACE(ioctl(fd, TIOCGWINSZ, buffer));
	TRACE(isatty(fd));
	TRACE(ioctl(99, FIONREAD, &waiting));
	TRACE(fsync(fd));
	TRACE(fsync(99));
	TRACE(close(fd + 1));
	TRACE(close(fd));
}

static void show_times(const char *name)
{
	struct stat st;

	TRACE(lstat(name, &st));
	printf("%s: %lld.%09ld %lld.%09ld\n", name, (long long)st.st_atim.tv_sec,
	       st.st_atim.tv_nsec, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void test_times(void)
{
	struct timespec t[2] = {{1000000000, 5}, {-86400, 999999999}};
	struct stat before, after;

	TRACE(utimensat(AT_FDCWD, "v", t, 0));
	show_times("v");
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){5000000000, 0};
	TRACE(utimensat(AT_FDCWD, "v", t, 0));
	show_times("v");
	t[1].tv_nsec = 1000000000;
	TRACE(utimensat(AT_FDCWD, "v", t, 0));
	t[1].tv_nsec = UTIME_OMIT;
	TRACE(utimensat(AT_FDCWD, "none", t, 0));
	TRACE(utimensat(99, "v", NULL, 0));
	TRACE(utimensat(AT_FDCWD, NULL, NULL, 0));
	t[0] = (struct timespec){1, 2};
	t[1] = (struct timespec){3, 4};
	TRACE(link("v", "v2"));
	TRACE(utimensat(AT_FDCWD, "v", t, 0));
	stat("v", &before);
	TRACE(unlink("v2"));
	stat("v", &after);
	show_times("v");
	HOLDS(after.st_ctim.tv_sec >= before.st_ctim.tv_sec);
	TRACE(symlink("v", "vlink"));
	TRACE(utimensat(AT_FDCWD, "vlink", t, AT_SYMLINK_NOFOLLOW));
	show_times("vlink");
}

static void test_unlinked(void)
{
	int fd = open("gone", O_RDWR | O_CREAT, 0644);
	struct stat st;

	TRACE(write(fd, "still here", 10));
	TRACE(unlink("gone"));
	TRACE(open("gone", O_RDONLY));
	TRACE(pread(fd, buffer, 20, 0));
	TRACE(fstat(fd, &st));
	TRACE(st.st_nlink);
	TRACE(write(fd, "!", 1));
	TRACE(lseek(fd, 0, SEEK_END));
	TRACE(linkat(fd, "", AT_FDCWD, "back", AT_EMPTY_PATH));
	close(fd);
	fd = open("over", O_RDWR | O_CREAT, 0644);
	TRACE(write(fd, "old", 3));
	TRACE(rename("v", "over"));
	TRACE(pread(fd, buffer, 20, 0));
	TRACE(fstat(fd, &st));
	TRACE(st.st_nlink);
	close(fd);
	show("over");
}

int main(void)
{
	umask(022);
	trace_enter();
	test_open();
	test_offsets();
	test_vectors();
	test_copies();
	test_descriptors();
	test_times();
	test_unlinked();
	return 0;
}
