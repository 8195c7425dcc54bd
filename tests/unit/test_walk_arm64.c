/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's page tables as the debugger reads them. */
#include "tests/unit/arm64_cpu.h"
#include "vmm/arch_debug.h"

static void entry(uint64_t table, uint64_t index, uint64_t value)
{
	put(table + 8 * index, value, 8);
}

static uint64_t translate(uint64_t address)
{
	uint64_t physical = 0;
	int result = arch_translate(&regs, &memory, address, &physical, &err);

	return result < 0 ? 0 : physical;
}

static void mmu(uint64_t tcr)
{
	regs_reset(&regs);
	place(ARM64_SCTLR_EL1, 1);
	place(ARM64_TCR_EL1, tcr);
	place(ARM64_TTBR0_EL1, BASE + 0x10000);
	place(ARM64_TTBR1_EL1, BASE + 0x20000);
}

static void test_translation_off(void **state)
{
	(void)state;
	assert_int_equal(translate(0x123456789), 0x123456789);
}

static void test_four_kib_pages(void **state)
{
	(void)state;
	mmu(25 | 25 << 16 | 2ull << 30); /* 39 bits each, 4 KiB */
	entry(0x10000, 0, (BASE + 0x11000) | 3);
	entry(0x11000, 2, (BASE + 0x12000) | 3);
	entry(0x12000, 0, (BASE + 0x5000) | 0x443);
	entry(0x11000, 3, 0x40200001); /* a block */
	entry(0x12000, 1, (BASE + 0x6000) | 1); /* reserved */
	entry(0x12000, 2, (BASE + 0x6000) | 2); /* not valid */
	assert_int_equal(translate(USER_VA | 0x123), BASE + 0x5123);
	assert_int_equal(translate(0xab00000000400123), BASE + 0x5123); /* a tag */
	assert_int_equal(translate(0x612345), 0x40212345);
	assert_int_equal(translate(USER_VA + 0x1000), 0);
	assert_int_equal(translate(USER_VA + 0x2000), 0);
	assert_int_equal(translate(0x8000000000), 0); /* beyond 39 bits */
	entry(0x20000, 0, 0x40000001); /* a gigabyte of the upper half */
	assert_int_equal(translate(0xffffff8000001234), 0x40001234);
	assert_int_equal(translate(0xffff800000001234), 0);
	place(ARM64_TCR_EL1, 25 | 1 << 7 | 25 << 16); /* the lower half is off */
	regs_reset(&regs);
	assert_int_equal(translate(USER_VA), 0);
}

static void test_other_granules(void **state)
{
	(void)state;
	mmu(16 | 1 << 14 | 22 << 16 | 1ull << 30); /* 48 bits of 64 KiB, 42 of 16 KiB */
	entry(0x10000, 0, (BASE + 0x30000) | 3);
	entry(0x30000, 0, (BASE + 0x40000) | 3);
	entry(0x40000, 0x40, (BASE + 0x50000) | 3);
	assert_int_equal(translate(USER_VA | 0x1234), BASE + 0x51234);
	entry(0x20000, 0, (BASE + 0x60000) | 3);
	entry(0x60000, 0, (BASE + 0x64000) | 3);
	entry(0x64000, 1, (BASE + 0x68000) | 3);
	assert_int_equal(translate(0xfffffc0000004321), BASE + 0x68321);
}

/* Tables outside RAM, and one that is its own: the guest's mistake, and no loop. */
static void test_bad_tables(void **state)
{
	(void)state;
	mmu(25 | 25 << 16);
	entry(0x10000, 0, 0xf00000003);
	assert_int_equal(translate(USER_VA), 0);
	entry(0x10000, 0, (BASE + 0x10000) | 3);
	assert_int_equal(translate(0), BASE + 0x10000);
	place(ARM64_TTBR0_EL1, 0);
	regs_reset(&regs);
	assert_int_equal(translate(USER_VA), 0);
	place(ARM64_TCR_EL1, 63);
	regs_reset(&regs);
	assert_int_equal(translate(0), 0);
}

static uint64_t seen[8][3];
static unsigned int seen_count;

static bool see(void *context, uint64_t address, uint64_t physical, uint64_t size)
{
	uint64_t *row = seen[seen_count++];

	(void)context;
	row[0] = address;
	row[1] = physical;
	row[2] = size;
	return seen_count < LENGTH(seen);
}

static void test_what_user_mode_has(void **state)
{
	(void)state;
	mmu(25 | 25 << 16);
	entry(0x10000, 0, (BASE + 0x11000) | 3);
	entry(0x11000, 2, (BASE + 0x12000) | 3);
	entry(0x11000, 3, 0x40200041);
	entry(0x12000, 5, (BASE + 0x5000) | 0x443);
	entry(0x12000, 6, (BASE + 0x6000) | 0x403); /* the kernel's alone */
	seen_count = 0;
	assert_ok(arch_user_pages(&regs, &memory, see, NULL, &err), err);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen[0][0], USER_VA + 0x5000);
	assert_int_equal(seen[0][1], BASE + 0x5000);
	assert_int_equal(seen[0][2], 0x1000);
	assert_int_equal(seen[1][0], 0x600000);
	assert_int_equal(seen[1][2], 0x200000);
}

static bool go_on(void *context, uint64_t address, uint64_t physical, uint64_t size)
{
	(void)context, (void)address, (void)physical, (void)size;
	return true;
}

/* A table that is below itself, 512 times on each level. */
static void test_tables_without_end(void **state)
{
	(void)state;
	mmu(25 | 25 << 16);
	for (unsigned int i = 0; i < 512; i++)
		entry(0x10000, i, (BASE + 0x10000) | 3);
	assert_int_equal(arch_user_pages(&regs, &memory, go_on, NULL, &err), -ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cpu_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_translation_off),    TEST(test_four_kib_pages),
		TEST(test_other_granules),     TEST(test_bad_tables),
		TEST(test_what_user_mode_has), TEST(test_tables_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
