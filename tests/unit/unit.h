/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share. Included once by each test program. */
#ifndef MOTE_TEST_UNIT_H
#define MOTE_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/error.h"
#include "vmm/memory.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define UNUSED __attribute__((unused))

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("\"%s\" does not contain \"%s\"", text, part);                    \
	} while (0)

/* A call failed with that errno and says what is wrong. */
#define assert_error(result, err, errno_value, part)                                               \
	do {                                                                                       \
		assert_int_equal(result, -(errno_value));                                          \
		assert_int_equal((err).code, errno_value);                                         \
		assert_contains((err).message, part);                                              \
	} while (0)

/* A call succeeded; shows the message when it did not. */
#define assert_ok(result, err)                                                                     \
	do {                                                                                       \
		if ((result) != 0)                                                                 \
			fail_msg("failed: %s", (err).message);                                     \
	} while (0)

static inline int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

enum { TEST_RAM = 0x40000000, TEST_RAM_SIZE = 0x100000 };

static inline void ram_init(struct memory *memory)
{
	struct error err = {0};

	assert_ok(memory_init(memory, TEST_RAM, TEST_RAM_SIZE, &err), err);
}

/* ---- a directory for the test's files; it becomes the working directory ---- */

static char scratch_path[64];

static UNUSED int scratch_setup(void **state)
{
	(void)state;
	strcpy(scratch_path, "/tmp/mote-unit-XXXXXX");
	return mkdtemp(scratch_path) && chdir(scratch_path) == 0 ? 0 : -1;
}

/* How many there are in the directory that a test runs in. */
static UNUSED unsigned int scratch_files(void)
{
	DIR *dir = opendir(".");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static UNUSED int scratch_teardown(void **state)
{
	(void)state;
	return chdir("/") || nftw(scratch_path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void write_file(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

#endif
