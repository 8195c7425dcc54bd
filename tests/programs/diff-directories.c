/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and names: making, renaming, linking, removing, listing, walking. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "diff-trace.h"

#define NOREPLACE 1
#define EXCHANGE 2

static char path[5000], text[5000];

static void touch(const char *name)
{
	close(open(name, O_WRONLY | O_CREAT, 0644));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void show(const char *name)
{
	struct dirent **list;
	int n = scandir(name, &list, NULL, by_name);

	printf("%s:", name);
	for (int i = 0; i < n; i++) {
		printf(" %s(%d)", list[i]->d_name, list[i]->d_type);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	printf("\n");
}

static void show_stat(const char *name)
{
	struct stat st;

	if (lstat(name, &st))
		printf("%s: error %d\n", name, errno);
	else
		printf("%s: mode %o, links %d\n", name, st.st_mode, (int)st.st_nlink);
}

static void test_make(void)
{
	TRACE(mkdir("d", 0777));
	TRACE(mkdir("d", 0777));
	TRACE(mkdir("d/", 0777));
	TRACE(mkdir("e/", 07777));
	TRACE(mkdir("none/x", 0777));
	TRACE(mkdir(".", 0777));
	TRACE(mkdir("d/..", 0777));
	TRACE(mkdir("/", 0777));
	TRACE(mkdir("", 0777));
	touch("f");
	TRACE(mkdir("f", 0777));
	TRACE(mkdir("f/x", 0777));
	TRACE(mkdir("d/s", 0700));
	show_stat("d");
	show_stat("e");
	show_stat("d/s");
	TRACE(rmdir("d"));
	TRACE(rmdir("f"));
	TRACE(rmdir("none"));
	TRACE(rmdir("."));
	TRACE(rmdir("d/.."));
	TRACE(rmdir("d/s/."));
	TRACE(rmdir("/"));
	TRACE(unlink("d"));
	TRACE(unlink("f/"));
	TRACE(unlink("none"));
	TRACE(unlink(""));
	TRACE(unlinkat(AT_FDCWD, "f", 1));
	TRACE(rmdir("d/s/"));
	show_stat("d");
	TRACE(mknod("node", S_IFREG | 0600, 0));
	TRACE(mknod("node", S_IFREG | 0600, 0));
	TRACE(mkfifo("fifo", 0640));
	show_stat("fifo");
	TRACE(mknod("dir", S_IFDIR | 0600, 0));
	show(".");
}

static void test_rename(void)
{
	mkdir("r", 0755);
	mkdir("r/a", 0755);
	mkdir("r/a/b", 0755);
	mkdir("r/empty", 0755);
	touch("r/f");
	touch("r/a/g");
	TRACE(rename("r/none", "r/x"));
	TRACE(rename("r/f", "r/none/x"));
	TRACE(rename("r/a", "r/a/b/c"));
	TRACE(rename("r/a", "r/a"));
	TRACE(rename("r/f", "r/a"));
	TRACE(rename("r/a", "r/f"));
	TRACE(rename("r/empty", "r/a"));
	TRACE(rename("r/a/b", "r/a"));
	TRACE(rename("r/f", "r/f2/"));
	TRACE(rename("r/f/", "r/f2"));
	TRACE(rename("r/.", "r/x"));
	TRACE(rename("r/a/..", "r/x"));
	TRACE(rename("r/a", "r/empty"));
	show("r");
	show("r/empty");
	show_stat("r");
	show_stat("r/empty");
	TRACE(rename("r/empty/b", "moved/"));
	show_stat("r/empty");
	show_stat(".");
	TRACE(rename("r/f", "r/f"));
	TRACE(link("r/f", "r/l"));
	TRACE(rename("r/f", "r/l"));
	show("r");
	TRACE(syscall(SYS_renameat2, AT_FDCWD, "r/f", AT_FDCWD, "r/l", NOREPLACE));
	TRACE(syscall(SYS_renameat2, AT_FDCWD, "r/f", AT_FDCWD, "r/nothing", EXCHANGE));
	TRACE(syscall(SYS_renameat2, AT_FDCWD, "r/f", AT_FDCWD, "moved", EXCHANGE));
	TRACE(syscall(SYS_renameat2, AT_FDCWD, "r/f", AT_FDCWD, "moved", 8));
	show("r");
	show(".");
	show_stat("r");
	show_stat(".");
}

static void test_links(void)
{
	TRACE(link("f", "hard"));
	show_stat("hard");
	TRACE(link("f", "hard"));
	TRACE(link("d", "hard2"));
	TRACE(link("none", "hard2"));
	TRACE(link("f", "none/x"));
	TRACE(linkat(AT_FDCWD, "f", AT_FDCWD, "hard3", 1));
	TRACE(symlink("f", "soft"));
	TRACE(symlink("f", "soft"));
	TRACE(symlink("", "soft2"));
	TRACE(symlink("x", "soft3/"));
	TRACE(readlink("soft", text, 100));
	TRACE(readlink("soft", text, 0));
	TRACE(readlink("f", text, 100));
	TRACE(readlink("none", text, 100));
	TRACE(readlink("soft/", text, 100));
	TRACE(access("soft", F_OK));
	TRACE(open("soft", O_RDONLY | O_NOFOLLOW));
	TRACE(open("soft", O_WRONLY | O_CREAT | O_EXCL, 0600));
	TRACE(symlink("dangling-target", "dangling"));
	TRACE(access("dangling", F_OK));
	TRACE(mkdir("dangling", 0755));
	TRACE(close(open("dangling", O_WRONLY | O_CREAT, 0600)));
	show_stat("dangling-target");
	TRACE(symlink("loop", "loop"));
	TRACE(open("loop", O_RDONLY));
	TRACE(open("loop/x", O_RDONLY));
	TRACE(lstat("loop", &(struct stat){0}));
	TRACE(symlink("d", "dirlink"));
	TRACE(rmdir("dirlink"));
	TRACE(rmdir("dirlink/"));
	touch("d/inside");
	TRACE(access("dirlink/inside", R_OK));
	TRACE(access("dirlink/../f", R_OK));
	TRACE(unlink("dirlink"));
	show("d");
	for (int i = 0; i < 45; i++) {
		sprintf(path, "chain%d", i);
		sprintf(text, i ? "chain%d" : "f", i - 1);
		symlink(text, path);
	}
	TRACE(access("chain38", F_OK));
	TRACE(access("chain39", F_OK));
	TRACE(access("chain40", F_OK));
	TRACE(access("chain41", F_OK));
	for (int i = 0; i < 45; i++) {
		sprintf(path, "chain%d", i);
		unlink(path);
	}
}

static void test_limits(void)
{
	memset(path, 'n', 255);
	path[255] = 0;
	TRACE(close(open(path, O_WRONLY | O_CREAT, 0600)));
	TRACE(unlink(path));
	path[255] = 'n';
	path[256] = 0;
	TRACE(open(path, O_WRONLY | O_CREAT, 0600));
	for (int i = 0; i < 4999; i += 2)
		memcpy(path + i, "./", 2);
	path[4094] = 'f';
	path[4095] = 0;
	TRACE(access(path, F_OK));
	path[4095] = 'f';
	path[4096] = 0;
	TRACE(access(path, F_OK));
}

static void test_deep(void)
{
	for (int i = 0; i < 100; i++)
		if (mkdir("deep-directory", 0755) || chdir("deep-directory"))
			printf("stopped at %d\n", i);
	HOLDS(getcwd(path, sizeof(path)) && strlen(path) > 1500);
	TRACE(getcwd(path, 10) ? 0 : -1);
	for (int i = 0; i < 100; i++)
		if (chdir("..") || rmdir("deep-directory"))
			printf("stopped at %d, %d\n", i, errno);
}

static void test_removed(void)
{
	DIR *dir;

	mkdir("p", 0755);
	mkdir("p/q", 0755);
	TRACE(chdir("p/q"));
	TRACE(rmdir("../q"));
	TRACE(getcwd(path, sizeof(path)) ? 0 : -1);
	TRACE(open("new", O_WRONLY | O_CREAT, 0600));
	TRACE(mkdir("new", 0700));
	TRACE(access(".", F_OK));
	TRACE(rmdir("../../p"));
	TRACE(access("..", F_OK));
	dir = opendir(".");
	TRACE(dir && readdir(dir));
	if (dir)
		closedir(dir);
	TRACE(chdir("../.."));
	TRACE(access("f", F_OK));
	show("p");
}

/* Removing while listing: each name comes once, and all go. */
static void test_list_and_remove(void)
{
	int seen = 0;
	struct dirent *entry;
	DIR *dir;
	long middle = 0;

	mkdir("many", 0755);
	for (int i = 0; i < 500; i++) {
		sprintf(path, "many/file-with-a-longer-name-%d", i);
		touch(path);
	}
	dir = opendir("many");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		sprintf(path, "many/%s", entry->d_name);
		if (!unlink(path))
			seen++;
	}
	TRACE(seen);
	rewinddir(dir);
	seen = 0;
	while (readdir(dir))
		seen++;
	TRACE(seen);
	closedir(dir);
	for (int i = 0; i < 10; i++) {
		sprintf(path, "many/%d", i);
		touch(path);
	}
	dir = opendir("many");
	for (int i = 0; i < 6; i++)
		readdir(dir);
	middle = telldir(dir);
	strcpy(path, readdir(dir)->d_name);
	while (readdir(dir))
		;
	seekdir(dir, middle);
	TRACE(strcmp(path, readdir(dir)->d_name));
	TRACE(syscall(SYS_getdents64, dirfd(dir), text, 10));
	TRACE(syscall(SYS_getdents64, 99, text, sizeof(text)));
	TRACE(lseek(dirfd(dir), 0, SEEK_SET));
	TRACE(syscall(SYS_getdents64, dirfd(dir), 1, 1000));
	TRACE(read(dirfd(dir), text, 10));
	closedir(dir);
}

static void test_at(void)
{
	int fd = open("d", O_RDONLY | O_DIRECTORY), file = open("f", O_RDONLY);
	struct stat st;

	TRACE(close(openat(fd, "via", O_WRONLY | O_CREAT, 0600)));
	TRACE(faccessat(fd, "via", F_OK, 0));
	TRACE(faccessat(file, "via", F_OK, 0));
	TRACE(faccessat(99, "via", F_OK, 0));
	TRACE(faccessat(99, "/", F_OK, 0));
	TRACE(fstatat(fd, "", &st, 0));
	TRACE(fstatat(fd, "", &st, AT_EMPTY_PATH));
	TRACE(S_ISDIR(st.st_mode));
	TRACE(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	TRACE(fstatat(fd, "via", &st, 0x8000));
	TRACE(renameat(fd, "via", AT_FDCWD, "via2"));
	TRACE(unlinkat(fd, "via", 0));
	TRACE(unlinkat(AT_FDCWD, "via2", AT_REMOVEDIR));
	TRACE(mkdirat(fd, "sub", 0755));
	TRACE(unlinkat(fd, "sub", AT_REMOVEDIR));
	TRACE(fchdir(fd));
	TRACE(access("inside", F_OK));
	TRACE(chdir(".."));
	TRACE(fchdir(file));
	TRACE(fchdir(99));
	TRACE(chdir("f"));
	TRACE(chdir("none"));
	TRACE(fchmodat(AT_FDCWD, "f", 04751, 0));
	TRACE(access("f", X_OK));
	TRACE(chmod("f", 0644));
	TRACE(access("f", X_OK));
	TRACE(access("f", 8));
	TRACE(access("d", X_OK));
	TRACE(chmod("none", 0644));
	TRACE(chown("f", 12, -1));
	TRACE(lchown("soft", 5, 6));
	lstat("soft", &st);
	TRACE(st.st_uid * 100 + st.st_gid);
	stat("f", &st);
	TRACE(st.st_uid);
	TRACE(chown("none", 1, 1));
	close(fd);
	close(file);
}

int main(void)
{
	umask(022);
	trace_enter();
	test_make();
	test_rename();
	test_links();
	test_limits();
	test_deep();
	test_removed();
	test_list_and_remove();
	test_at();
	return 0;
}
