/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's reader of an initrd against archives that lie: each is refused with a reason
 * that names what is wrong. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "guest-runtime/cpio.h"
#include "guest-runtime/node.h"
#include "guest-runtime/string.h"

enum { DIRECTORY = S_IFDIR | 0755, PLAIN = S_IFREG | 0644, LINK = S_IFLNK | 0777 };

/* An archive that is being written. */
static struct {
	_Alignas(8) uint8_t bytes[8192];
	size_t size;
} archive;
static char line[200];
static struct text reason;
static struct node *root;

static void put(const void *bytes, size_t length)
{
	memcpy(archive.bytes + archive.size, bytes, length);
	archive.size = (archive.size + length + 3) & ~(size_t)3;
}

/* A member whose header says name_size and size, whatever follows. */
static void member(const char *name, unsigned int mode, const char *contents, size_t size,
		   size_t name_size)
{
	char head[400];
	int length = snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08X", 1u, mode,
			      0u, 0u, 1u, 0u, (unsigned int)size);

	length +=
		snprintf(head + length, sizeof(head) - (size_t)length, "%08X%08X%08X%08X%08X%08X%s",
			 0u, 0u, 0u, 0u, (unsigned int)name_size, 0u, name);
	put(head, (size_t)length + 1);
	put(contents, strlen(contents));
}

static void add(const char *name, unsigned int mode, const char *contents)
{
	member(name, mode, contents, strlen(contents), strlen(name) + 1);
}

static void empty_tree(struct node *directory)
{
	while (directory->first) {
		if (S_ISDIR(directory->first->node->mode))
			empty_tree(directory->first->node);
		entry_remove(directory, directory->first);
	}
}

static int setup(void **state)
{
	(void)state;
	memset(&archive, 0, sizeof(archive));
	memset(line, 0, sizeof(line));
	reason = TEXT(line);
	root = node_create(DIRECTORY);
	root->parent = root;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	empty_tree(root);
	node_put(root);
	return 0;
}

static void assert_refused(void **state, const char *why)
{
	assert_int_equal(cpio_unpack(archive.bytes, archive.size, root, &reason), -EINVAL);
	assert_contains(line, why);
	teardown(state);
	setup(state);
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *why;
	} names[] = {
		{"..", "not allowed: .."},
		{"../etc/passwd", "not allowed: ../etc/passwd"},
		{"a/../../b", "not allowed: a/../../b"},
		{"a/..", "not allowed: a/.."},
		{"/etc/passwd", "starts at the root: /etc/passwd"},
		{"//x", "starts at the root: //x"},
		{"", "the root is no directory"},
		{".", "the root is no directory: ."},
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		add(names[i].name, PLAIN, "x");
		add("TRAILER!!!", 0, "");
		assert_refused(state, names[i].why);
	}
}

static void test_twice(void **state)
{
	static const struct {
		struct {
			const char *name;
			unsigned int mode;
			const char *contents;
		} first, second;
		const char *why;
	} pairs[] = {
		{{"a", PLAIN, "1"}, {"a", PLAIN, "2"}, "there twice: a"},
		{{"a", DIRECTORY, ""}, {"a", PLAIN, "2"}, "there twice: a"},
		{{"a", PLAIN, "1"}, {"./a", LINK, "b"}, "there twice: ./a"},
		{{"a", PLAIN, "1"}, {"a/b", PLAIN, "2"}, "no directory: a/b"},
		{{"a", LINK, "/tmp"}, {"a/b", PLAIN, "2"}, "no directory: a/b"},
	};

	for (size_t i = 0; i < LENGTH(pairs); i++) {
		add(pairs[i].first.name, pairs[i].first.mode, pairs[i].first.contents);
		add(pairs[i].second.name, pairs[i].second.mode, pairs[i].second.contents);
		assert_refused(state, pairs[i].why);
	}
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {9, 0x7fffffff, 0xfffffffc, 0xffffffff};

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		member("a", PLAIN, "12345678", sizes[i], 2);
		assert_refused(state, "longer than the archive");
	}
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		member("a", PLAIN, "12345678", 0, sizes[i]);
		assert_refused(state, i ? "longer than the archive" : "does not end");
	}
	member("a", PLAIN, "", 0, 0);
	assert_refused(state, "longer than the archive");
	add("a", PLAIN, "1");
	assert_refused(state, "no header"); /* no trailer */
	add("a", S_IFCHR | 0666, "");
	assert_refused(state, "neither file nor directory nor symbolic link: a");
	add("a", LINK, "");
	assert_refused(state, "symbolic link has a bad length: a");
	add("a", PLAIN, "");
	archive.bytes[20] = 'g';
	assert_refused(state, "not a number");
}

/* Every prefix of a good archive is refused. */
static void test_truncated(void **state)
{
	(void)state;
	add("d", DIRECTORY, "");
	add("d/f", PLAIN, "text");
	add("l", LINK, "d/f");
	add("TRAILER!!!", 0, "");
	for (size_t length = 0; length <= archive.size; length++) {
		int result = cpio_unpack(archive.bytes, length, root, &reason);

		assert_int_equal(result, length < archive.size ? -EINVAL : 0);
		empty_tree(root);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_twice),
		TEST(test_sizes),
		TEST(test_truncated),
	};

	return cmocka_run_group_tests_name("guest_cpio", tests, NULL, NULL);
}
