/* SPDX-License-Identifier: Apache-2.0 */
/* Files in memory: contents, directories, links, names, positions, and the errors. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static void test_contents(void)
{
	static char big[300000], back[300000];
	int fd = open("/tmp/a", O_RDWR | O_CREAT | O_EXCL, 0640);
	struct stat st;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 1000);
	CHECK(fd >= 3);
	CHECK(write(fd, big, sizeof(big)) == sizeof(big));
	CHECK(lseek(fd, 0, SEEK_CUR) == sizeof(big));
	CHECK(pread(fd, back, sizeof(back), 0) == sizeof(back));
	CHECK(!memcmp(big, back, sizeof(big)));
	CHECK(pread(fd, back, 10, sizeof(big) - 3) == 3);
	CHECK(pread(fd, back, 10, sizeof(big) + 5) == 0);
	CHECK(!fstat(fd, &st) && st.st_size == sizeof(big) && (st.st_mode & 0777) == 0640);
	CHECK(S_ISREG(st.st_mode) && st.st_nlink == 1);
	CHECK(!ftruncate(fd, 5000) && !ftruncate(fd, 9000));
	CHECK(pread(fd, back, sizeof(back), 0) == 9000);
	CHECK(!memcmp(big, back, 5000) && back[5000] == 0 && back[8999] == 0);
	CHECK(pwrite(fd, "end", 3, 1 << 20) == 3); /* a hole */
	CHECK(pread(fd, back, 4, (1 << 20) - 1) == 4 && !memcmp(back, "\0end", 4));
	CHECK(lseek(fd, -3, SEEK_END) == 1 << 20);
	CHECK_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK(!close(fd));
	CHECK_ERROR(close(fd), EBADF);
	CHECK_ERROR(open("/tmp/a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
}

static void test_flags(void)
{
	int fd = open("/tmp/b", O_WRONLY | O_CREAT | O_APPEND, 0600), copy;
	char text[20];

	CHECK(write(fd, "one", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
	CHECK(write(fd, "two", 3) == 3);
	CHECK_ERROR(read(fd, text, 3), EBADF);
	CHECK(close(fd) == 0);
	fd = open("/tmp/b", O_RDONLY);
	copy = dup(fd);
	CHECK(read(fd, text, 2) == 2 && read(copy, text + 2, 10) == 4);
	CHECK(!memcmp(text, "onetwo", 6));
	CHECK_ERROR(write(fd, "x", 1), EBADF);
	CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 100) == 100 && fcntl(100, F_GETFD) == FD_CLOEXEC);
	CHECK(dup2(fd, 50) == 50 && dup2(50, 50) == 50);
	CHECK_ERROR(fcntl(700, F_GETFL), EBADF);
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	close(copy);
	fd = open("/tmp/b", O_RDWR | O_TRUNC);
	CHECK(read(fd, text, 5) == 0);
	close(fd);
}

static void test_vectors(void)
{
	int fd = open("/tmp/v", O_RDWR | O_CREAT, 0600);
	char a[4], b[6];
	struct iovec out[3] = {{"abc", 3}, {"", 0}, {"defgh", 5}}, in[2] = {{a, 4}, {b, 6}};

	CHECK(writev(fd, out, 3) == 8);
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, in, 2) == 8);
	CHECK(!memcmp(a, "abcd", 4) && !memcmp(b, "efgh", 4));
	CHECK(pwritev(fd, out, 1, 5) == 3 && preadv(fd, in, 1, 4) == 4 && !memcmp(a, "eabc", 4));
	CHECK_ERROR(write(fd, (void *)1, 10), EFAULT);
	close(fd);
}

static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

static void test_directories(void)
{
	char name[64], cwd[100];

	CHECK(!mkdir("/tmp/d", 0755) && !mkdir("/tmp/d/e", 0700));
	CHECK_ERROR(mkdir("/tmp/d", 0755), EEXIST);
	CHECK_ERROR(mkdir("/tmp/no/e", 0755), ENOENT);
	CHECK_ERROR(rmdir("/tmp/d"), ENOTEMPTY);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "/tmp/d/e/a-name-%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	CHECK(count_entries("/tmp/d/e") == 502);
	CHECK(!chdir("/tmp/d/e") && getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/tmp/d/e"));
	CHECK(!access("../e/./a-name-7", R_OK) && access("a-name-500", F_OK));
	CHECK_ERROR(access("a-name-7", X_OK), EACCES);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "a-name-%d", i);
		CHECK(!unlink(name));
	}
	CHECK(count_entries(".") == 2);
	CHECK(!chdir("/") && !rmdir("/tmp/d/e/") && !rmdir("/tmp/d"));
	CHECK_ERROR(open("/tmp", O_RDWR), EISDIR);
	CHECK_ERROR(open("/tmp/a/b", O_RDONLY), ENOTDIR);
	CHECK_ERROR(unlink("/tmp"), EISDIR);
	CHECK_ERROR(open("/tmp/missing", O_RDONLY), ENOENT);
}

static void test_links(void)
{
	char text[100] = "";
	struct stat st, other;

	CHECK(!symlink("b", "/tmp/s") && !symlink("loop", "/tmp/loop"));
	CHECK(readlink("/tmp/s", text, sizeof(text)) == 1 && text[0] == 'b');
	CHECK(!lstat("/tmp/s", &st) && S_ISLNK(st.st_mode) && st.st_size == 1);
	CHECK(!stat("/tmp/s", &st) && S_ISREG(st.st_mode));
	CHECK_ERROR(open("/tmp/loop", O_RDONLY), ELOOP);
	CHECK_ERROR(open("/tmp/s", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK(!link("/tmp/b", "/tmp/hard") && !stat("/tmp/hard", &other));
	CHECK(other.st_ino == st.st_ino && other.st_nlink == 2);
	CHECK(!rename("/tmp/hard", "/tmp/moved") && access("/tmp/hard", F_OK));
	CHECK(!rename("/tmp/moved", "/tmp/a") && !stat("/tmp/a", &other) &&
	      other.st_ino == st.st_ino);
	CHECK(!unlink("/tmp/a") && !unlink("/tmp/s") && !unlink("/tmp/loop"));
	CHECK(!mkdir("/tmp/x", 0700) && !mkdir("/tmp/x/y", 0700));
	CHECK_ERROR(rename("/tmp/x", "/tmp/x/y/z"), EINVAL);
	CHECK(!rename("/tmp/x/y", "/tmp/y") && !rmdir("/tmp/x") && !rmdir("/tmp/y"));
}

/* A file that was removed lives on while it is open. */
static void test_removed(void)
{
	int fd = open("/tmp/gone", O_RDWR | O_CREAT, 0600);
	char text[8];

	CHECK(write(fd, "still", 5) == 5 && !unlink("/tmp/gone"));
	CHECK(pread(fd, text, 8, 0) == 5 && !memcmp(text, "still", 5));
	close(fd);
}

static void test_mapped(void)
{
	int fd = open("/tmp/m", O_RDWR | O_CREAT, 0600);
	char *p, text[8];

	CHECK(!ftruncate(fd, 10000) && pwrite(fd, "mapped", 6, 4096) == 6);
	p = mmap(NULL, 10000, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED && !memcmp(p + 4096, "mapped", 6) && p[9999] == 0);
	CHECK(!munmap(p, 10000));
	p = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	memcpy(p + 5000, "shared", 6);
	CHECK(pread(fd, text, 6, 5000) == 6 && !memcmp(text, "shared", 6));
	CHECK(pwrite(fd, "back", 4, 8192) == 4 && !memcmp(p + 8192, "back", 4));
	CHECK(!msync(p, 10000, MS_SYNC) && !munmap(p, 10000));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
	memcpy(p, "PRIVATE", 7);
	CHECK(pread(fd, text, 6, 4096) == 6 && !memcmp(text, "mapped", 6));
	munmap(p, 4096);
	close(fd);
}

static void test_special(void)
{
	char bytes[16] = "x", path[64];
	int fd = open("/dev/null", O_RDWR);
	struct statfs fs;

	CHECK(read(fd, bytes, 4) == 0 && write(fd, bytes, 4) == 4);
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	CHECK(read(fd, bytes, 4) == 4 && bytes[0] == 0);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	CHECK_ERROR(write(fd, bytes, 1), ENOSPC);
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	CHECK(read(fd, bytes, 16) == 16);
	close(fd);
	CHECK(readlink("/proc/self/exe", path, sizeof(path)) > 0);
	CHECK(!access("/dev/stdin", F_OK) && !statfs("/tmp", &fs) && fs.f_bfree > 0);
	fd = open("/proc/self/maps", O_RDONLY);
	CHECK(read(fd, path, sizeof(path)) > 20);
	close(fd);
}

static void test_times(void)
{
	struct timespec times[2] = {{1000000000, 5}, {1100000000, 7}};
	struct stat st;

	CHECK(!utimensat(AT_FDCWD, "/tmp/b", times, 0) && !stat("/tmp/b", &st));
	CHECK(st.st_mtim.tv_sec == 1100000000 && st.st_mtim.tv_nsec == 7);
	CHECK(!chmod("/tmp/b", 0444) && !stat("/tmp/b", &st) && (st.st_mode & 0777) == 0444);
}

int main(void)
{
	umask(0);
	test_contents();
	test_flags();
	test_vectors();
	test_directories();
	test_links();
	test_removed();
	test_mapped();
	test_special();
	test_times();
	return check_result();
}
