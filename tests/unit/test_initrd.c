/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/elf.h"
#include "tests/unit/newc.h"
#include "vmm/cpio.h"
#include "vmm/initrd.h"
#include "vmm/log.h"

enum { START = NEWC_START, LIMIT = TEST_RAM + TEST_RAM_SIZE - 0x10000 };

static struct memory memory;
static struct error err;

static int setup(void **state)
{
	memset(&err, 0, sizeof(err));
	ram_init(&memory);
	if (scratch_setup(state) || mkdir("root", 0755) || log_open("log", LOG_WARNING, &err))
		return -1;
	test_elf_write("app", 0x400000);
	return 0;
}

static int teardown(void **state)
{
	memory_finish(&memory);
	return scratch_teardown(state);
}

static void make_program(const char *path)
{
	struct test_elf elf;

	test_elf_init(&elf, 0x400000);
	elf.code[0] = (uint8_t)strlen(path); /* tells them apart */
	write_file(path, &elf, sizeof(elf));
}

static int load(struct initrd *initrd, const char *path, const char *root)
{
	struct application application = {.path = (char *)path, .root = (char *)root};

	assert_int_equal(initrd_check_application(&application, &err) == 0, 1);
	return initrd_load_application(initrd, &application, &memory, START, LIMIT, &err);
}

/* ---- the archive ---- */

static void test_every_kind_of_file_is_there(void **state)
{
	static const char *const odd[] = {"a b", "-n", "ä\xff", "new\nline", "TRAILER!!!x", "..."};
	struct initrd initrd;

	(void)state;
	mkdir("root/dir", 0700);
	mkdir("root/dir/deep", 0755);
	write_file("root/dir/deep/file", "contents", 8);
	write_file("root/empty", "", 0);
	assert_int_equal(symlink("/etc/passwd", "root/link"), 0);
	assert_int_equal(symlink("nowhere", "root/dir/dangling"), 0);
	assert_int_equal(mkfifo("root/fifo", 0600), 0);
	for (size_t i = 0; i < LENGTH(odd); i++) {
		char path[64];

		snprintf(path, sizeof(path), "root/%s", odd[i]);
		write_file(path, odd[i], strlen(odd[i]));
	}
	assert_ok(load(&initrd, "app", "root"), err);
	read_archive(&memory, &initrd);
	assert_entry("dir", S_IFDIR, "");
	assert_entry("dir/deep", S_IFDIR, "");
	assert_entry("dir/deep/file", S_IFREG, "contents");
	assert_entry("empty", S_IFREG, "");
	assert_entry("link", S_IFLNK, "/etc/passwd");
	assert_entry("dir/dangling", S_IFLNK, "nowhere");
	for (size_t i = 0; i < LENGTH(odd); i++)
		assert_entry(odd[i], S_IFREG, odd[i]);
	assert_int_equal(find("dir")->mode & 07777, 0700);
	assert_null(find("fifo"));
}

static void test_left_out_fifo_is_reported(void **state)
{
	struct initrd initrd;
	char line[256] = "";
	FILE *log;

	(void)state;
	assert_int_equal(mkfifo("root/fifo", 0600), 0);
	assert_ok(load(&initrd, "app", "root"), err);
	log = fopen("log", "r");
	assert_non_null(log);
	assert_non_null(fgets(line, sizeof(line), log));
	fclose(log);
	assert_contains(line, "fifo: left out");
}

static void test_parents_come_before_children_and_order_is_stable(void **state)
{
	static const char *const expected[] = {"app", "a", "a/z", "b", "c", "c/a", "TRAILER!!!"};
	struct initrd initrd;

	(void)state;
	mkdir("root/c", 0755);
	mkdir("root/a", 0755);
	write_file("root/c/a", "", 0);
	write_file("root/b", "", 0);
	write_file("root/a/z", "", 0);
	assert_ok(load(&initrd, "app", "root"), err);
	read_archive(&memory, &initrd);
	assert_int_equal(entry_count + 1, LENGTH(expected));
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_string_equal(entries[i].name, expected[i]);
}

static void test_inodes_differ(void **state)
{
	struct initrd initrd;

	(void)state;
	write_file("root/a", "", 0);
	write_file("root/b", "", 0);
	assert_ok(load(&initrd, "app", "root"), err);
	read_archive(&memory, &initrd);
	for (int i = 0; i < entry_count; i++) {
		assert_int_equal(entries[i].links, 1);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(entries[i].inode, entries[j].inode);
	}
}

static void test_system_cpio_reads_it(void **state)
{
	struct initrd initrd;

	(void)state;
	if (system("command -v cpio >/dev/null")) {
		print_message("# no cpio on this machine\n");
		return;
	}
	mkdir("root/dir", 0755);
	write_file("root/dir/file", "contents", 8);
	assert_int_equal(symlink("dir/file", "root/link"), 0);
	assert_ok(load(&initrd, "app", "root"), err);
	read_archive(&memory, &initrd);
	write_file("archive", archive, initrd.end - initrd.start);
	assert_int_equal(system("mkdir out && cd out && cpio -idm --quiet <../archive && "
				"rm app && diff -r --no-dereference ../root ."),
			 0);
}

/* ---- where the program comes from ---- */

static const struct {
	const char *in_root; /* a program that the root holds, or NULL */
	const char *path; /* what is asked for; %s: the absolute path of the scratch directory */
	const char *program; /* what the guest calls it */
	const char *entry; /* where it stands in the archive */
	bool from_root;
} programs[] = {
	{NULL, "app", "/app", "app", false},
	{NULL, "./app", "/app", "app", false},
	{NULL, "%s/app", "/app", "app", false},
	{"app", "app", "/app", "app", true},
	{"app", "./app", "/app", "app", true},
	{"app", "%s/app", "/app", "app", true},
	{"app", "/app", "/app", "app", true},
	{"app", "///app", "/app", "app", true},
	{"bin/tool", "/bin/tool", "/bin/tool", "bin/tool", true},
	{"bin/tool", "bin/tool", "/bin/tool", "bin/tool", true},
	{"bin/app", "app", "/app", "app", false},
};

static void test_program_is_found_by_the_roots_rules(void **state)
{
	(void)state;
	mkdir("root/bin", 0755);
	for (size_t i = 0; i < LENGTH(programs); i++) {
		char path[256], file[64] = "";
		const struct entry *entry;
		struct initrd initrd;

		if (programs[i].in_root) {
			snprintf(file, sizeof(file), "root/%s", programs[i].in_root);
			make_program(file);
		}
		snprintf(path, sizeof(path), programs[i].path, scratch_path);
		assert_ok(load(&initrd, path, "root"), err);
		assert_string_equal(initrd.program, programs[i].program);
		read_archive(&memory, &initrd);
		assert_entry(programs[i].entry, S_IFREG, NULL);
		entry = find(programs[i].entry);
		assert_int_equal(archive[entry->data + offsetof(struct test_elf, code)],
				 programs[i].from_root ? strlen(file) : 1);
		assert_int_equal((START + entry->data) % 4096, 0);
		if (*file)
			remove(file);
	}
}

static void test_program_from_outside_becomes_executable(void **state)
{
	struct initrd initrd;

	(void)state;
	chmod("app", 0644);
	assert_ok(load(&initrd, "app", "root"), err);
	read_archive(&memory, &initrd);
	assert_true(find("app")->mode & S_IXUSR);
}

/* The root's own links must not lead out of it while we look for the program. */
static void test_link_out_of_the_root_is_not_followed(void **state)
{
	struct application application = {.path = "/out/tool", .root = "root"};

	(void)state;
	mkdir("outside", 0755);
	make_program("outside/tool");
	assert_int_equal(symlink("../outside", "root/out"), 0);
	assert_error(initrd_check_application(&application, &err), err, ENOENT, "/out/tool");
}

static void test_links_inside_the_root_are_resolved_there(void **state)
{
	static const char *const paths[] = {"/sbin/tool", "/bin/name", "/absolute/tool"};
	struct initrd initrd;

	(void)state;
	mkdir("root/bin", 0755);
	make_program("root/bin/tool");
	assert_int_equal(symlink("bin", "root/sbin"), 0);
	assert_int_equal(symlink("tool", "root/bin/name"), 0);
	assert_int_equal(symlink("/bin", "root/absolute"), 0);
	for (size_t i = 0; i < LENGTH(paths); i++) {
		assert_ok(load(&initrd, paths[i], "root"), err);
		assert_string_equal(initrd.program, paths[i]);
		read_archive(&memory, &initrd);
		assert_null(find("tool"));
		assert_entry("bin/tool", S_IFREG, NULL);
		assert_entry("absolute", S_IFLNK, "/bin");
	}
}

static void test_dots_do_not_leave_the_root(void **state)
{
	struct application application = {.path = "/../outside/tool", .root = "root"};

	(void)state;
	mkdir("outside", 0755);
	make_program("outside/tool");
	assert_error(initrd_check_application(&application, &err), err, ENOENT, "tool");
}

/* A directory or a link of the program's name would replace it in the guest, or fail there. */
static void test_name_that_the_root_uses_otherwise_is_refused(void **state)
{
	struct application application = {.path = "app", .root = "root"};

	(void)state;
	mkdir("root/app", 0755);
	assert_error(initrd_check_application(&application, &err), err, EEXIST, "app");
	remove("root/app");
	assert_int_equal(symlink("elsewhere", "root/app"), 0);
	assert_error(initrd_check_application(&application, &err), err, EEXIST, "app");
}

static void test_what_is_missing_is_named(void **state)
{
	static const struct {
		const char *path, *root;
		int code;
		const char *message;
	} rows[] = {
		{"nothing", NULL, ENOENT, "nothing"},
		{"/nothing", "root", ENOENT, "/nothing"},
		{"app", "no-root", ENOENT, "no-root"},
		{"app", "app", ENOTDIR, "app"},
		{"root", NULL, EINVAL, "root"},
		{"script", NULL, ENOEXEC, "script: not an ELF"},
		{"script", "root", ENOEXEC, "script: not an ELF"},
	};
	int before = open_descriptors();

	(void)state;
	write_file("script", "#!/bin/sh\n", 10);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct application application = {(char *)rows[i].path, NULL, NULL,
						  (char *)rows[i].root};
		struct initrd initrd;

		assert_error(initrd_check_application(&application, &err), err, rows[i].code,
			     rows[i].message);
		assert_error(
			initrd_load_application(&initrd, &application, &memory, START, LIMIT, &err),
			err, rows[i].code, rows[i].message);
	}
	assert_int_equal(open_descriptors(), before);
}

/* ---- room ---- */

static void test_program_alone_is_the_initrd(void **state)
{
	struct initrd initrd;
	struct test_elf elf;

	(void)state;
	assert_ok(load(&initrd, "app", NULL), err);
	assert_int_equal(initrd.start, START);
	assert_int_equal(initrd.end, START + sizeof(elf));
	assert_string_equal(initrd.program, "/app");
}

static void test_initrd_file_is_loaded_as_it_is(void **state)
{
	struct initrd initrd;

	(void)state;
	write_file("initrd", "12345", 5);
	assert_ok(initrd_load_file(&initrd, "initrd", &memory, START, LIMIT, &err), err);
	assert_int_equal(initrd.end - initrd.start, 5);
	assert_string_equal(initrd.program, "");
	assert_memory_equal(memory_read_span(&memory, START, 5), "12345", 5);
	assert_ok(initrd_load_file(&initrd, "initrd", &memory, START, START + 5, &err), err);
	assert_error(initrd_load_file(&initrd, "initrd", &memory, START, START + 4, &err), err,
		     ENOSPC, "initrd: memory is too small");
	assert_error(initrd_load_file(&initrd, "initrd", &memory, START, START - 1, &err), err,
		     ENOSPC, "too small");
	write_file("initrd", "", 0);
	assert_ok(initrd_load_file(&initrd, "initrd", &memory, START, START, &err), err);
	assert_int_equal(initrd.start, initrd.end);
}

/* With every smaller limit it fails cleanly and touches nothing at or beyond the limit. */
static void test_archive_respects_every_limit(void **state)
{
	struct application application = {.path = "app", .root = "root"};
	int before = open_descriptors();
	struct initrd initrd;
	uint64_t end;

	(void)state;
	mkdir("root/dir", 0755);
	write_file("root/dir/file", "contents", 8);
	assert_int_equal(symlink("target", "root/link"), 0);
	assert_ok(load(&initrd, "app", "root"), err);
	end = initrd.end;
	for (uint64_t limit = START; limit < end; limit++) {
		uint8_t zeros[64] = {0}, behind[64];

		memset(memory_write_span(&memory, START, end - START), 0, end - START);
		assert_error(
			initrd_load_application(&initrd, &application, &memory, START, limit, &err),
			err, ENOSPC, "too small");
		memory_read(&memory, limit, behind, sizeof(behind));
		assert_memory_equal(behind, zeros, sizeof(zeros));
	}
	assert_int_equal(open_descriptors(), before);
}

static void test_root_that_is_too_deep_is_refused(void **state)
{
	struct initrd initrd;
	char path[512] = "root";
	int before = open_descriptors();

	(void)state;
	for (int i = 0; i < 70; i++) {
		strcat(path, "/d");
		assert_int_equal(mkdir(path, 0755), 0);
	}
	assert_error(load(&initrd, "app", "root"), err, ELOOP, "levels deep");
	assert_int_equal(open_descriptors(), before);
}

static void test_unreadable_entry_is_named(void **state)
{
	struct initrd initrd;
	int before = open_descriptors();

	(void)state;
	write_file("root/secret", "x", 1);
	chmod("root/secret", 0);
	chmod(".", 0755);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_error(load(&initrd, "app", "root"), err, EACCES, "secret");
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_kind_of_file_is_there),
		TEST(test_left_out_fifo_is_reported),
		TEST(test_parents_come_before_children_and_order_is_stable),
		TEST(test_inodes_differ),
		TEST(test_system_cpio_reads_it),
		TEST(test_program_is_found_by_the_roots_rules),
		TEST(test_program_from_outside_becomes_executable),
		TEST(test_link_out_of_the_root_is_not_followed),
		TEST(test_links_inside_the_root_are_resolved_there),
		TEST(test_dots_do_not_leave_the_root),
		TEST(test_name_that_the_root_uses_otherwise_is_refused),
		TEST(test_what_is_missing_is_named),
		TEST(test_program_alone_is_the_initrd),
		TEST(test_initrd_file_is_loaded_as_it_is),
		TEST(test_archive_respects_every_limit),
		TEST(test_root_that_is_too_deep_is_refused),
		TEST(test_unreadable_entry_is_named),
	};

	return cmocka_run_group_tests_name("initrd", tests, NULL, NULL);
}
