/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of newc archives in guest memory. Included once by each test program.
 * Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst. */
#ifndef MOTE_TEST_NEWC_H
#define MOTE_TEST_NEWC_H

#include <limits.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"
#include "vmm/initrd.h"

enum { NEWC_START = TEST_RAM + 0x3000 }; /* where every archive begins */

struct entry {
	char name[PATH_MAX];
	unsigned int mode, inode, links;
	uint64_t size, data; /* data: offset in the archive */
};

static uint8_t archive[TEST_RAM_SIZE];
static struct entry entries[64];
static int entry_count;

static unsigned int hex(const uint8_t *from)
{
	char digits[9] = {0};
	char *end;
	unsigned long value;

	memcpy(digits, from, 8);
	value = strtoul(digits, &end, 16);
	assert_ptr_equal(end, digits + 8);
	return (unsigned int)value;
}

static uint64_t read_entry(uint64_t at, uint64_t length, struct entry *entry)
{
	const uint8_t *head = archive + at;
	uint64_t name_size;

	assert_true(at % 4 == 0 && at + 110 <= length);
	assert_memory_equal(head, "070701", 6);
	entry->inode = hex(head + 6);
	entry->mode = hex(head + 14);
	entry->links = hex(head + 38);
	entry->size = hex(head + 54);
	name_size = hex(head + 94);
	assert_int_equal(hex(head + 102), 0);
	assert_true(name_size > 0 && at + 110 + name_size <= length);
	assert_int_equal(head[110 + name_size - 1], 0);
	assert_true(strlen((const char *)head + 110) < sizeof(entry->name));
	strcpy(entry->name, (const char *)head + 110);
	entry->data = (at + 110 + name_size + 3) & ~3ull;
	assert_true(entry->data + entry->size <= length);
	return (entry->data + entry->size + 3) & ~3ull;
}

static void read_archive(const struct memory *memory, const struct initrd *initrd)
{
	uint64_t at = 0, length = initrd->end - initrd->start;

	assert_int_equal(initrd->start, NEWC_START);
	assert_int_equal(memory_read(memory, NEWC_START, archive, length), 0);
	for (entry_count = 0;; entry_count++) {
		assert_true(entry_count < (int)LENGTH(entries));
		at = read_entry(at, length, &entries[entry_count]);
		if (!strcmp(entries[entry_count].name, "TRAILER!!!"))
			break;
	}
	assert_int_equal(at, length);
}

static const struct entry *find(const char *name)
{
	const struct entry *found = NULL;

	for (int i = 0; i < entry_count; i++) {
		if (strcmp(entries[i].name, name))
			continue;
		assert_null(found); /* never twice */
		found = &entries[i];
	}
	return found;
}

static void assert_entry(const char *name, unsigned int type, const char *contents)
{
	const struct entry *entry = find(name);

	if (!entry)
		fail_msg("no entry \"%s\"", name);
	assert_int_equal(entry->mode & S_IFMT, type);
	if (!contents)
		return;
	assert_int_equal(entry->size, strlen(contents));
	assert_memory_equal(archive + entry->data, contents, strlen(contents));
}

#endif
