/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls and RTAS calls with the arguments of guests that mean well and of others. */
#include "tests/unit/unit.h"

#include <endian.h>
#include <errno.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "arch/ppc64/rtas.h"
#include "tests/fake/kvm.h"
#include "vmm/arch.h"

enum { H_GET_TERM_CHAR = 0x54, H_PUT_TERM_CHAR = 0x58, H_RANDOM = 0x300 };
enum { H_SET_MODE = 0x31c, H_REGISTER_PROC_TBL = 0x37c };
enum { RAM_END = 0x100000, BUFFER = 0x2000 };

static struct memory memory;
static struct machine machine;
static struct bus bus;
static struct kvm_run run;
static struct exit ppc_exit;
static struct error err;

/* A UART as far as terminals need it. */
static char written[64];
static unsigned int written_count, kicks;
static const char *input;
static uint8_t ier;

static uint64_t uart_read(void *context, uint64_t offset, unsigned int size)
{
	(void)context;
	assert_int_equal(size, 1);
	switch (offset) {
	case 0:
		return (uint8_t)*input++;
	case 1:
		return ier;
	case 5:
		return ier & 1 && *input ? 0x61 : 0x60;
	default:
		return 0;
	}
}

static int uart_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
		      uint64_t *progress)
{
	(void)context, (void)progress;
	assert_int_equal(size, 1);
	if (offset == 1)
		ier = (uint8_t)value;
	if (offset != 0)
		return 0;
	if (kicks && written_count == 3) {
		kicks--;
		return -EINTR;
	}
	written[written_count++] = (char)value;
	return 0;
}

static const struct bus_device uart = {.read = uart_read, .write = uart_write};

/* What was asked of the VM and of the other vCPUs. */
static struct kvm_ppc_mmuv3_cfg mmu;
static int mmu_code;
static unsigned int mmu_calls, starts, updates;
static uint64_t start_entry, start_argument;

static int kernel(int fd, unsigned long request, void *argument)
{
	(void)fd;
	if (request != KVM_PPC_CONFIGURE_V3_MMU)
		return -ENOTTY;
	mmu_calls++;
	memcpy(&mmu, argument, sizeof(mmu));
	return -mmu_code;
}

static int start_vcpu(void *context, unsigned int index, uint64_t entry, uint64_t argument)
{
	assert_ptr_equal(context, &machine);
	start_entry = entry;
	start_argument = argument;
	starts++;
	return index == 1 ? 0 : index == 0 ? -EBUSY : -ENOENT;
}

static void update_vcpus(void *context)
{
	assert_ptr_equal(context, &machine);
	updates++;
}

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	fake_kvm.other = kernel;
	memset(&err, 0, sizeof(err));
	assert_ok(memory_init(&memory, PPC64_RAM, RAM_END, &err), err);
	bus = (struct bus){0};
	assert_ok(bus_add(&bus, PPC64_UART, 0x1000, &uart, NULL, &err), err);
	machine = (struct machine){
		.vm_fd = 3,
		.vcpu_count = 2,
		.mode = PPC64_LPCR_ILE,
		.vcpus = {.start = start_vcpu, .update = update_vcpus, .context = &machine},
		.memory = &memory,
	};
	memset(written, 0, sizeof(written));
	written_count = kicks = mmu_calls = starts = updates = 0;
	mmu_code = 0;
	ier = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_finish(&memory);
	return 0;
}

#define ARGS(...) ((const uint64_t[9]){__VA_ARGS__})

static enum exit_action call(uint64_t number, const uint64_t *args)
{
	memset(&run, 0xee, sizeof(run));
	run.papr_hcall.nr = number;
	memcpy(run.papr_hcall.args, args, sizeof(run.papr_hcall.args));
	ppc_exit = (struct exit){.run = &run, .bus = &bus, .machine = &machine};
	return hcall(&ppc_exit, &err);
}

static int64_t answer(void)
{
	return (int64_t)run.papr_hcall.ret;
}

static void assert_answer(uint64_t number, const uint64_t *args, int64_t expected)
{
	assert_int_equal(call(number, args), EXIT_ENTER);
	if (answer() != expected)
		fail_msg("hypercall %#llx(%#llx, %#llx, %#llx, %#llx): %lld, not %lld",
			 (unsigned long long)number, (unsigned long long)args[0],
			 (unsigned long long)args[1], (unsigned long long)args[2],
			 (unsigned long long)args[3], (long long)answer(), (long long)expected);
}

/* ---- numbers ---- */

static void test_unknown_calls_say_so_and_are_counted(void **state)
{
	static const uint64_t numbers[] = {0, 4, 0x5c, 0xe0, 0x380, 0xeffc, 0xf004, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		assert_answer(numbers[i], ARGS(1, 2, 3), H_FUNCTION);
		assert_true(ppc_exit.unknown_call);
		assert_int_equal(run.papr_hcall.args[2], 3);
	}
	assert_answer(H_RANDOM, ARGS(0), H_SUCCESS);
	assert_false(ppc_exit.unknown_call);
}

static void test_random_bits_differ(void **state)
{
	uint64_t first;

	(void)state;
	assert_answer(H_RANDOM, ARGS(5), H_SUCCESS);
	first = run.papr_hcall.args[0];
	assert_answer(H_RANDOM, ARGS(5), H_SUCCESS);
	assert_int_not_equal(run.papr_hcall.args[0], first);
}

/* ---- the terminal ---- */

static void test_bytes_go_out_from_the_top_of_the_registers(void **state)
{
	(void)state;
	assert_answer(H_PUT_TERM_CHAR, ARGS(0, 16, 0x6162636465666768, 0x696a6b6c6d6e6f70),
		      H_SUCCESS);
	assert_string_equal(written, "abcdefghijklmnop");
	assert_answer(H_PUT_TERM_CHAR, ARGS(0, 1, 0x2162636465666768), H_SUCCESS);
	assert_string_equal(written, "abcdefghijklmnop!");
	assert_answer(H_PUT_TERM_CHAR, ARGS(0, 0, 0x2162636465666768), H_SUCCESS);
	assert_int_equal(written_count, 17);
}

static void test_output_that_was_interrupted_goes_on_where_it_was(void **state)
{
	(void)state;
	kicks = 2;
	assert_int_equal(call(H_PUT_TERM_CHAR, ARGS(0, 5, 0x6162636465000000)), EXIT_AGAIN);
	assert_int_equal(hcall(&ppc_exit, &err), EXIT_AGAIN);
	assert_int_equal(hcall(&ppc_exit, &err), EXIT_ENTER);
	assert_int_equal(answer(), H_SUCCESS);
	assert_string_equal(written, "abcde");
}

static void test_terminals_that_are_not_there(void **state)
{
	(void)state;
	assert_answer(H_PUT_TERM_CHAR, ARGS(1, 1), H_PARAMETER);
	assert_answer(H_PUT_TERM_CHAR, ARGS(0, 17), H_PARAMETER);
	assert_answer(H_PUT_TERM_CHAR, ARGS(0, UINT64_MAX), H_PARAMETER);
	assert_answer(H_GET_TERM_CHAR, ARGS(UINT64_MAX), H_PARAMETER);
	assert_int_equal(written_count, 0);
}

static void test_input_comes_in_sixteens(void **state)
{
	(void)state;
	input = "abcdefghijklmnopqr";
	assert_answer(H_GET_TERM_CHAR, ARGS(0, 7, 7), H_SUCCESS);
	assert_int_equal(run.papr_hcall.args[0], 16);
	assert_int_equal(run.papr_hcall.args[1], 0x6162636465666768);
	assert_int_equal(run.papr_hcall.args[2], 0x696a6b6c6d6e6f70);
	assert_answer(H_GET_TERM_CHAR, ARGS(0, 7, 7), H_SUCCESS);
	assert_int_equal(run.papr_hcall.args[0], 2);
	assert_int_equal(run.papr_hcall.args[1], 0x7172000000000000);
	assert_int_equal(run.papr_hcall.args[2], 0);
	assert_answer(H_GET_TERM_CHAR, ARGS(0, 7, 7), H_SUCCESS);
	assert_int_equal(run.papr_hcall.args[0], 0);
}

/* ---- MMU and mode ---- */

static void test_a_process_table_becomes_the_vms(void **state)
{
	(void)state;
	assert_answer(H_REGISTER_PROC_TBL, ARGS(0x1d, 0x10000, 0, 4), H_SUCCESS);
	assert_int_equal(mmu.flags, KVM_PPC_MMUV3_RADIX | KVM_PPC_MMUV3_GTSE);
	assert_int_equal(mmu.process_table, 1ull << 63 | 0x10000 | 4);
	assert_int_equal(machine.page_tables, 1ull << 63 | 0x10000 | PPC64_TABLES_GTSE | 4);
	assert_answer(H_REGISTER_PROC_TBL, ARGS(0x1c, 0, 0, 8), H_SUCCESS); /* all of RAM */
	assert_int_equal(mmu.flags, KVM_PPC_MMUV3_RADIX);
	assert_int_equal(machine.page_tables, 1ull << 63 | 8);
	mmu_code = EBUSY;
	assert_answer(H_REGISTER_PROC_TBL, ARGS(0x1c, 0x10000, 0, 4), H_HARDWARE);
	assert_int_equal(machine.page_tables, 1ull << 63 | 8);
}

static const struct {
	uint64_t args[9];
	int64_t answer;
} bad_tables[] = {
	{{0x18, 0x10000, 0, 4}, H_PARAMETER}, /* hashed */
	{{0x14, 0x10000, 0, 4}, H_PARAMETER}, /* given back */
	{{0x5c, 0x10000, 0, 4}, H_PARAMETER},
	{{UINT64_MAX, 0x10000, 0, 4}, H_PARAMETER},
	{{0x1c, 0x10001, 0, 4}, H_P2},
	{{0x1c, 0x1000, 0, 8}, H_P2}, /* over the end of RAM */
	{{0x1c, RAM_END, 0, 0}, H_P2},
	{{0x1c, UINT64_MAX - 0xfff, 0, 0}, H_P2},
	{{0x1c, UINT64_MAX - 0xfff, 0, 24}, H_P2},
	{{0x1c, 0x10000, 1, 4}, H_P3},
	{{0x1c, 0, 0, 25}, H_P4},
	{{0x1c, 0, 0, UINT64_MAX}, H_P4},
	{{0x1c, 0, 0, 64}, H_P4},
};

static void test_process_tables_that_are_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bad_tables); i++)
		assert_answer(H_REGISTER_PROC_TBL, bad_tables[i].args, bad_tables[i].answer);
	assert_int_equal(mmu_calls, 0);
	assert_int_equal(machine.page_tables, 0);
}

static void test_modes_are_set_for_all_vcpus(void **state)
{
	(void)state;
	assert_answer(H_SET_MODE, ARGS(3, 3), H_SUCCESS);
	assert_int_equal(machine.mode, PPC64_LPCR_ILE | PPC64_LPCR_AIL);
	assert_answer(H_SET_MODE, ARGS(0, 4), H_SUCCESS);
	assert_int_equal(machine.mode, PPC64_LPCR_AIL);
	assert_answer(H_SET_MODE, ARGS(0, 3), H_SUCCESS);
	assert_answer(H_SET_MODE, ARGS(1, 4), H_SUCCESS);
	assert_int_equal(machine.mode, PPC64_LPCR_ILE);
	assert_int_equal(updates, 4);
}

static void test_modes_that_are_none(void **state)
{
	(void)state;
	assert_answer(H_SET_MODE, ARGS(2, 3), H_UNSUPPORTED_FLAG);
	assert_answer(H_SET_MODE, ARGS(1, 3), H_UNSUPPORTED_FLAG);
	assert_answer(H_SET_MODE, ARGS(2, 4), H_UNSUPPORTED_FLAG);
	assert_answer(H_SET_MODE, ARGS(UINT64_MAX, 4), H_UNSUPPORTED_FLAG);
	assert_answer(H_SET_MODE, ARGS(0, 1), H_P2);
	assert_answer(H_SET_MODE, ARGS(0, UINT64_MAX), H_P2);
	assert_answer(H_SET_MODE, ARGS(3, 3, 1, 0), H_P3);
	assert_answer(H_SET_MODE, ARGS(3, 3, 0, 1), H_P4);
	assert_int_equal(machine.mode, PPC64_LPCR_ILE);
	assert_int_equal(updates, 0);
}

/* ---- RTAS ---- */

enum { WORDS = 19, UNTOUCHED = 0x55555555 };

static uint32_t token(const char *name)
{
	uint32_t found = 1;

	while (rtas_name(found) && strcmp(rtas_name(found), name) != 0)
		found++;
	if (!rtas_name(found))
		fail_msg("no %s", name);
	return found;
}

/* Puts the buffer there: head and arguments, then words that nobody has touched. */
static void buffer_write(uint64_t at, const uint32_t *words, unsigned int count)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		uint32_t word = htobe32(i < count ? words[i] : UNTOUCHED);

		memory_write(&memory, at + i * sizeof(word), &word, sizeof(word));
	}
}

static uint32_t buffer_word(uint64_t at, unsigned int i)
{
	uint32_t word;

	assert_int_equal(memory_read(&memory, at + i * sizeof(word), &word, sizeof(word)), 0);
	return be32toh(word);
}

#define RTAS(...)                                                                                  \
	(buffer_write(BUFFER, (const uint32_t[]){__VA_ARGS__},                                     \
		      sizeof((uint32_t[]){__VA_ARGS__}) / 4),                                      \
	 call(PPC64_H_RTAS, ARGS(BUFFER)))

static void test_power_off_and_reboot_end_the_vm(void **state)
{
	(void)state;
	assert_int_equal(RTAS(token("power-off"), 2, 1, 0, 0), EXIT_SHUTDOWN);
	assert_contains(err.message, "guest powered off");
	assert_int_equal(RTAS(token("system-reboot"), 0, 1), EXIT_SHUTDOWN);
	assert_contains(err.message, "reset");
	assert_int_equal(RTAS(token("power-off"), 0, 0), EXIT_SHUTDOWN);
}

static void test_start_cpu(void **state)
{
	const uint32_t start = token("start-cpu");

	(void)state;
	assert_int_equal(RTAS(start, 3, 1, 1, 0x10000, 77), EXIT_ENTER);
	assert_int_equal(answer(), H_SUCCESS);
	assert_int_equal(buffer_word(BUFFER, 6), RTAS_SUCCESS);
	assert_int_equal(start_entry, 0x10000);
	assert_int_equal(start_argument, 77);
	RTAS(start, 3, 1, 0, 0x10000, 77);
	assert_int_equal((int32_t)buffer_word(BUFFER, 6), RTAS_ERROR);
	RTAS(start, 3, 1, 2, 0x10000, 77);
	assert_int_equal((int32_t)buffer_word(BUFFER, 6), RTAS_PARAMETER);
	RTAS(start, 3, 1, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	assert_int_equal((int32_t)buffer_word(BUFFER, 6), RTAS_PARAMETER);
	assert_int_equal(starts, 4);
	RTAS(start, 2, 1, 1, 0x10000);
	assert_int_equal((int32_t)buffer_word(BUFFER, 5), RTAS_PARAMETER);
	assert_int_equal(starts, 4);
	/* Without a place for the result: nothing is written. */
	RTAS(start, 3, 0, 1, 0x10000, 77);
	assert_int_equal(buffer_word(BUFFER, 6), UNTOUCHED);
	assert_int_equal(starts, 5);
}

static void test_stop_self_switches_off(void **state)
{
	(void)state;
	assert_int_equal(RTAS(token("stop-self"), 0, 1), EXIT_OFF);
	assert_int_equal(answer(), H_SUCCESS);
}

static void test_unknown_tokens(void **state)
{
	static const uint32_t tokens[] = {0, 5, 6, 0x2000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		assert_int_equal(RTAS(tokens[i], 0, 2), EXIT_ENTER);
		assert_true(ppc_exit.unknown_call);
		assert_int_equal((int32_t)buffer_word(BUFFER, 3), RTAS_ERROR);
		assert_int_equal(buffer_word(BUFFER, 4), UNTOUCHED);
	}
}

static const struct {
	uint64_t at;
	uint32_t arguments, results;
} bad_buffers[] = {
	{BUFFER, 17, 0},          {BUFFER, 16, 1},         {BUFFER, 0, 17},
	{BUFFER, 1, UINT32_MAX},  {BUFFER, UINT32_MAX, 1}, {BUFFER, 0x40000000, 0x40000000},
	{RAM_END - 12, 1, 0}, /* the arguments lie outside */
	{RAM_END - 12, 0, 1}, /* the result does */
	{RAM_END - 8, 0, 0}, /* the head does */
	{RAM_END, 0, 0},          {UINT64_MAX, 0, 0},      {UINT64_MAX - 11, 0, 1},
	{UINT64_MAX - 11, 16, 0}, {PPC64_UART, 0, 0},
};

static void test_buffers_that_are_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bad_buffers); i++) {
		const uint32_t words[] = {0, bad_buffers[i].arguments, bad_buffers[i].results};

		buffer_write(bad_buffers[i].at, words, 3);
		assert_answer(PPC64_H_RTAS, ARGS(bad_buffers[i].at), H_PARAMETER);
	}
	buffer_write(RAM_END - 16, (const uint32_t[]){0, 0, 1}, 3);
	assert_answer(PPC64_H_RTAS, ARGS(RAM_END - 16), H_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_calls_say_so_and_are_counted),
		TEST(test_random_bits_differ),
		TEST(test_bytes_go_out_from_the_top_of_the_registers),
		TEST(test_output_that_was_interrupted_goes_on_where_it_was),
		TEST(test_terminals_that_are_not_there),
		TEST(test_input_comes_in_sixteens),
		TEST(test_a_process_table_becomes_the_vms),
		TEST(test_process_tables_that_are_none),
		TEST(test_modes_are_set_for_all_vcpus),
		TEST(test_modes_that_are_none),
		TEST(test_power_off_and_reboot_end_the_vm),
		TEST(test_start_cpu),
		TEST(test_stop_self_switches_off),
		TEST(test_unknown_tokens),
		TEST(test_buffers_that_are_none),
	};

	return cmocka_run_group_tests_name("ppc64_hcall", tests, NULL, NULL);
}
