/* SPDX-License-Identifier: Apache-2.0 */
/* A POWER guest's page tables as the debugger reads them, and the stack of a program in them. */
#include "tests/unit/ppc64_cpu.h"

#include "vmm/arch_debug.h"

enum { ROOT = 0x10000, SECOND = 0x20000, THIRD = 0x21000, LAST = 0x22000, KERNEL = 0x40000 };
#define VALID (1ull << 63)
#define LEAF (3ull << 62)
#define PRIVILEGED 8
#define TREE 0x40000000000000a0ull /* 52 bits */

static struct regs regs;
static struct error err;

/* Process 1: 13, 9, 9 and 9 bits; process 0: 13, and 1 GiB of the rest at once. */
static int setup(void **state)
{
	(void)state;
	cpu_init();
	assert_ok(memory_init(&memory, 0, SIZE, &err), err);
	assert_ok(regs_init(&regs, &arch_regs, FD, NULL, &err), err);
	regs.page_tables = &page_tables;
	page_tables = PPC64_TABLES_RADIX | TABLES;
	cpus[0].regs.msr |= MSR_MMU;
	put_big(TABLES + 16, TREE | ROOT | 13);
	put_big(ROOT, VALID | SECOND | 9);
	put_big(SECOND, VALID | THIRD | 9);
	put_big(THIRD + 8, VALID | LAST | 9);
	put_big(LAST + 8 * 3, LEAF | 0x5000 | 7);
	put_big(LAST + 8 * 4, LEAF | 0x6000 | 7 | PRIVILEGED);
	put_big(LAST + 8 * 5, 1ull << 62 | 0x7000 | 7); /* a page that nobody may touch */
	put_big(TABLES, TREE | KERNEL | 13);
	put_big(KERNEL, VALID | (KERNEL + 0x10000) | 9);
	put_big(KERNEL + 0x10000, LEAF | PRIVILEGED | 6);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	memory_finish(&memory);
	return 0;
}

static uint64_t translate(uint64_t address)
{
	uint64_t physical = 0;
	int result = arch_translate(&regs, &memory, address, &physical, &err);

	regs_reset(&regs);
	return result < 0 ? (uint64_t)result : physical;
}
#define UNMAPPED ((uint64_t)-EFAULT)

static void test_real_mode(void **state)
{
	(void)state;
	cpus[0].regs.msr = MSR_BASE;
	assert_int_equal(translate(0x12345), 0x12345);
	assert_int_equal(translate(HIGH | 0x12345), 0x12345);
}

static void test_user_and_kernel(void **state)
{
	(void)state;
	assert_int_equal(translate(0x203123), 0x5123);
	assert_int_equal(translate(0x204123), 0x6123);
	assert_int_equal(translate(0x202000), UNMAPPED);
	assert_int_equal(translate(0x205000), UNMAPPED);
	assert_int_equal(translate(1ull << 52 | 0x203123), UNMAPPED);
	assert_int_equal(translate(HIGH | 0x54321), 0x54321);
	assert_int_equal(translate(HIGH | 1ull << 40), UNMAPPED);
	assert_int_equal(translate(0x4000000000203123), UNMAPPED);
	assert_int_equal(translate(0x8000000000054321), UNMAPPED);
}

/* A large page of any level. */
static void test_large_pages(void **state)
{
	(void)state;
	put_big(THIRD + 16, LEAF | 0x200000 | 7);
	assert_int_equal(translate(0x4abcde), 0x2abcde);
	put_big(SECOND + 8, LEAF | 7);
	assert_int_equal(translate(0x4abcdef0), 0xabcdef0);
}

static void test_processes(void **state)
{
	(void)state;
	fake_kvm_set(FD, KVM_REG_PPC_PID, 0);
	assert_int_equal(translate(0x54321), 0x54321);
	fake_kvm_set(FD, KVM_REG_PPC_PID, 2);
	assert_int_equal(translate(0x203123), UNMAPPED);
	fake_kvm_set(FD, KVM_REG_PPC_PID, 1ull << 20); /* beyond the table */
	assert_int_equal(translate(0x203123), UNMAPPED);
}

/* The guest has told of none; or its tables are no tables. */
static void test_no_tables(void **state)
{
	static const uint64_t words[] = {
		VALID | SECOND, /* of no entries */
		VALID | SECOND | 31, /* more than there are bits */
		VALID | 0xfffffff00 | 9, /* not in RAM */
		0,
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++) {
		put_big(ROOT, words[i]);
		assert_int_equal(translate(0x203123), UNMAPPED);
	}
	put_big(ROOT, VALID | ROOT | 9); /* around in a circle, but down */
	assert_int_equal(translate(0x203123), UNMAPPED);
	put_big(TABLES + 16, 0);
	assert_int_equal(translate(0x203123), UNMAPPED);
	page_tables = 0;
	assert_int_equal(translate(HIGH | 0x54321), UNMAPPED);
	regs.page_tables = NULL;
	assert_int_equal(translate(HIGH | 0x54321), UNMAPPED);
}

struct seen {
	unsigned int count, most;
	struct {
		uint64_t address, physical, size;
	} pages[4];
};

static bool see(void *context, uint64_t address, uint64_t physical, uint64_t size)
{
	struct seen *seen = context;

	assert_true(seen->count < LENGTH(seen->pages));
	seen->pages[seen->count].address = address;
	seen->pages[seen->count].physical = physical;
	seen->pages[seen->count++].size = size;
	return seen->count < seen->most;
}

static void test_what_user_mode_has(void **state)
{
	struct seen seen = {.most = 4};

	(void)state;
	put_big(THIRD + 16, LEAF | 0x200000 | 7);
	assert_ok(arch_user_pages(&regs, &memory, see, &seen, &err), err);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.pages[0].address, 0x203000);
	assert_int_equal(seen.pages[0].physical, 0x5000);
	assert_int_equal(seen.pages[0].size, 0x1000);
	assert_int_equal(seen.pages[1].address, 0x400000);
	assert_int_equal(seen.pages[1].size, 0x200000);
	seen = (struct seen){.most = 1};
	assert_int_equal(arch_user_pages(&regs, &memory, see, &seen, &err), -ECANCELED);
	assert_int_equal(seen.count, 1);
}

/* All entries of every table are the next table: it comes to an end. */
static void test_what_has_no_end(void **state)
{
	struct seen seen = {.most = 4};

	(void)state;
	for (uint64_t i = 0; i < 8192; i++)
		put_big(ROOT + 8 * i, VALID | SECOND | 9);
	for (uint64_t i = 0; i < 512; i++) {
		put_big(SECOND + 8 * i, VALID | THIRD | 9);
		put_big(THIRD + 8 * i, VALID | LAST | 9);
		put_big(LAST + 8 * i, 0);
	}
	assert_int_equal(arch_user_pages(&regs, &memory, see, &seen, &err), -ECANCELED);
}

static void store(uint64_t address, uint64_t value)
{
	uint8_t bytes[8];

	bytes_store_le(bytes, 8, value);
	assert_int_equal(memory_write(&memory, address, bytes, 8), 0);
}

/* A frame, its caller's, and the first one. */
static void test_frames(void **state)
{
	uint64_t pc, link, frame;

	(void)state;
	cpus[0].regs.pc = 0x203000;
	cpus[0].regs.lr = 0x1234;
	cpus[0].regs.gpr[1] = 0x203100;
	store(0x5100, 0x203200);
	store(0x5200, 0x203300);
	store(0x5210, 0x1111);
	store(0x5310, 0x2222);
	assert_ok(arch_frame(&regs, &pc, &link, &frame, &err), err);
	assert_int_equal(pc, 0x203000);
	assert_int_equal(link, 0x1234);
	assert_ok(arch_frame_caller(&regs, &memory, &pc, &frame, &err), err);
	assert_int_equal(pc, 0x1111);
	assert_ok(arch_frame_caller(&regs, &memory, &pc, &frame, &err), err);
	assert_int_equal(pc, 0x2222);
	assert_int_equal(arch_frame_caller(&regs, &memory, &pc, &frame, &err), -EFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_real_mode),       TEST(test_user_and_kernel),
		TEST(test_large_pages),     TEST(test_processes),
		TEST(test_no_tables),       TEST(test_what_user_mode_has),
		TEST(test_what_has_no_end), TEST(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
