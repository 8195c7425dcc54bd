/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/bus.h"
#include "vmm/bytes.h"

static struct {
	void *context;
	uint64_t offset, value;
	unsigned int size, reads, writes;
	int answer;
} seen;

static uint64_t probe_read(void *context, uint64_t offset, unsigned int size)
{
	seen.context = context;
	seen.offset = offset;
	seen.size = size;
	seen.reads++;
	return 0x1122334455667788;
}

static int probe_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
		       uint64_t *progress)
{
	seen.context = context;
	seen.offset = offset;
	seen.size = size;
	seen.value = value;
	seen.writes++;
	*progress = 5;
	return seen.answer;
}

static const struct bus_device probe = {.read = probe_read, .write = probe_write};

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static void test_overlapping_ranges_are_refused(void **state)
{
	static const struct {
		uint64_t base, size;
		int result;
	} rows[] = {
		{0x1000, 0x1000, 0},
		{0x2000, 0x1000, 0}, /* touching is fine */
		{0x0000, 0x1000, 0},
		{0x0fff, 2, -EEXIST},
		{0x1000, 0x1000, -EEXIST},
		{0x1800, 1, -EEXIST},
		{0x2fff, 0x10000, -EEXIST},
		{0x0000, 0x10000, -EEXIST},
		{0x3000, 1, 0},
		{UINT64_MAX - 0xfff, 0x1000, 0}, /* ends where addresses end */
		{UINT64_MAX - 0x7ff, 0x100, -EEXIST},
		{UINT64_MAX - 0x1fff, 0x2000, -EEXIST},
	};
	struct bus bus = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = {0};

		if (bus_add(&bus, rows[i].base, rows[i].size, &probe, NULL, &err) != rows[i].result)
			fail_msg("row %zu: %s", i, err.message);
	}
}

static void test_full_bus_is_an_error(void **state)
{
	struct bus bus = {0};
	struct error err = {0};

	(void)state;
	for (uint64_t i = 0; i < BUS_RANGES_MAX; i++)
		assert_ok(bus_add(&bus, i << 12, 0x1000, &probe, NULL, &err), err);
	assert_error(bus_add(&bus, 1 << 20, 0x1000, &probe, NULL, &err), err, ENOSPC, "bus");
}

/* Accesses, and the offset that the device must see; -1: none may reach it. */
static const struct {
	uint64_t address;
	unsigned int size;
	int64_t offset;
} accesses[] = {
	{0x1000, 1, 0},  {0x1000, 8, 0},  {0x1ff8, 8, 0xff8},  {0x1fff, 1, 0xfff},
	{0x0fff, 1, -1}, {0x0fff, 2, -1}, {0x1ff9, 8, -1},     {0x1fff, 2, -1},
	{0x2000, 1, -1}, {0, 8, -1},      {UINT64_MAX, 1, -1}, {UINT64_MAX - 3, 8, -1},
	{0x3000, 4, 0},  {0x3000, 8, -1}, /* a range smaller than the access */
	{0x3001, 4, -1},
};

static void test_accesses_reach_their_device_only_whole(void **state)
{
	struct bus bus = {0};
	struct error err = {0};
	int mine;

	(void)state;
	bus_add(&bus, 0x1000, 0x1000, &probe, &mine, &err);
	bus_add(&bus, 0x3000, 4, &probe, &mine, &err);
	for (size_t i = 0; i < LENGTH(accesses); i++) {
		uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
		uint64_t progress = 0, value = bytes_load_le(data, accesses[i].size);
		bool hit = accesses[i].offset >= 0;

		memset(&seen, 0, sizeof(seen));
		assert_int_equal(
			bus_write(&bus, accesses[i].address, data, accesses[i].size, &progress), 0);
		if (seen.writes != hit)
			fail_msg("write, row %zu", i);
		if (hit) {
			assert_int_equal(seen.offset, accesses[i].offset);
			assert_int_equal(seen.size, accesses[i].size);
			assert_int_equal(seen.value, value);
			assert_ptr_equal(seen.context, &mine);
			assert_int_equal(progress, 5);
		}
		bus_read(&bus, accesses[i].address, data, accesses[i].size);
		if (seen.reads != hit)
			fail_msg("read, row %zu", i);
		value = hit ? 0x1122334455667788ull << (64 - 8 * accesses[i].size) >>
					(64 - 8 * accesses[i].size)
			    : 0;
		assert_int_equal(bytes_load_le(data, accesses[i].size), value);
	}
}

static void test_device_answer_passes_through(void **state)
{
	struct bus bus = {0};
	struct error err = {0};
	uint8_t data[8] = {0};
	uint64_t progress = 0;

	(void)state;
	bus_add(&bus, 0x1000, 0x1000, &probe, NULL, &err);
	seen.answer = -EINTR;
	assert_int_equal(bus_write(&bus, 0x1000, data, 8, &progress), -EINTR);
	seen.answer = -ECANCELED;
	assert_int_equal(bus_write(&bus, 0x1000, data, 8, &progress), -ECANCELED);
}

static void test_bytes_at_every_size(void **state)
{
	static const uint8_t bytes[8] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};

	(void)state;
	for (unsigned int size = 1; size <= 8; size++) {
		uint8_t out[9];
		uint64_t value = 0x1122334455667788 & (UINT64_MAX >> (64 - 8 * size));

		memset(out, 0xee, sizeof(out));
		assert_int_equal(bytes_load_le(bytes, size), value);
		bytes_store_le(out, size, 0x1122334455667788);
		assert_memory_equal(out, bytes, size);
		assert_int_equal(out[size], 0xee);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_overlapping_ranges_are_refused),
		TEST(test_full_bus_is_an_error),
		TEST(test_accesses_reach_their_device_only_whole),
		TEST(test_device_answer_passes_through),
		TEST(test_bytes_at_every_size),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
