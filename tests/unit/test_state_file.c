/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>

#include "vmm/bytes.h"
#include "vmm/state_file.h"

static struct state_writer writer;
static struct state_file file;
static struct error err;

static const struct state_header header = {
	.id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	.memory_size = 64 << 20,
	.memory_sum = 0x123456789abcdef0,
	.base = {16, 15},
	.kind = STATE_FULL,
};

static char *const words[] = {"one", "", "three", NULL};

static void make(void)
{
	writer = (struct state_writer){0};
	state_begin(&writer, STATE_CONFIG);
	state_put(&writer, 0x1234, 2);
	state_put_string(&writer, "text");
	state_put_string(&writer, NULL);
	state_put_strings(&writer, words);
	state_put_strings(&writer, NULL);
	state_end(&writer);
	for (uint64_t i = 0; i < 2; i++) {
		state_begin(&writer, STATE_VCPU);
		state_put(&writer, 0xfeed0000 + i, 8);
		state_put_bytes(&writer, "\1\2\3", 3);
		state_end(&writer);
	}
	state_begin(&writer, STATE_UART);
	state_end(&writer);
	assert_ok(state_finish(&writer, &header, &err), err);
}

static int teardown(void **state)
{
	(void)state;
	state_writer_free(&writer);
	return 0;
}

static int open_file(void)
{
	memset(&err, 0, sizeof(err));
	return state_open(&file, writer.data, writer.size, &err);
}

static struct state_reader section(enum state_tag tag, unsigned int index)
{
	struct state_reader reader;

	assert_ok(state_section(&file, tag, index, &reader, &err), err);
	return reader;
}

static void test_what_is_put_is_taken(void **state)
{
	struct state_reader reader;
	char *text, **list;
	size_t length;

	(void)state;
	make();
	assert_ok(open_file(), err);
	assert_memory_equal(&file.header, &header, sizeof(header));
	reader = section(STATE_CONFIG, 0);
	assert_int_equal(state_take(&reader, 2), 0x1234);
	text = state_take_string(&reader);
	assert_string_equal(text, "text");
	free(text);
	assert_null(state_take_string(&reader));
	list = state_take_strings(&reader);
	for (unsigned int i = 0; words[i]; i++) {
		assert_string_equal(list[i], words[i]);
		free(list[i]);
	}
	assert_null(list[3]);
	free(list);
	assert_null(state_take_strings(&reader));
	assert_ok(state_close(&reader, &err), err);
	assert_int_equal(state_count(&file, STATE_VCPU), 2);
	reader = section(STATE_VCPU, 1);
	assert_int_equal(state_take(&reader, 8), 0xfeed0001);
	assert_memory_equal(state_take_bytes(&reader, &length), "\1\2\3", 3);
	assert_int_equal(length, 3);
	assert_ok(state_close(&reader, &err), err);
	reader = section(STATE_UART, 0);
	assert_ok(state_close(&reader, &err), err);
	assert_error(state_section(&file, STATE_VCPU, 2, &reader, &err), err, EINVAL,
		     "section `vcpu` is missing");
}

static void test_no_length_but_its_own_is_taken(void **state)
{
	(void)state;
	make();
	for (size_t size = 0; size < writer.size; size++) {
		/* In memory of its own, so that a byte too far is seen. */
		uint8_t *cut = malloc(size + !size);

		memcpy(cut, writer.data, size);
		memset(&err, 0, sizeof(err));
		if (state_open(&file, cut, size, &err) != -EINVAL)
			fail_msg("%zu bytes are taken", size);
		assert_contains(err.message, size < STATE_HEADER_SIZE ? "not the state file"
								      : "cut off or damaged");
		free(cut);
	}
}

static void test_no_byte_can_be_another(void **state)
{
	(void)state;
	make();
	for (size_t i = 0; i < writer.size; i++)
		for (unsigned int change = 1; change < 256; change++) {
			writer.data[i] ^= (uint8_t)change;
			if (open_file() != -EINVAL || !err.message[0])
				fail_msg("byte %zu may be changed by 0x%x", i, change);
			writer.data[i] ^= (uint8_t)change;
		}
	assert_ok(open_file(), err);
}

/* As somebody would who knows how to make the sum. */
static void seal(void)
{
	uint64_t sum = state_sum(0, writer.data, 80);

	bytes_store_le(
		writer.data + 80, 8,
		state_sum(sum, writer.data + STATE_HEADER_SIZE, writer.size - STATE_HEADER_SIZE));
}

static const struct {
	size_t at;
	unsigned int size;
	uint64_t value;
	const char *message;
} changes[] = {
	{8, 4, 2, "version 2 of the snapshot format; this is 1"},
	{12, 4, EM_PPC64, "a snapshot of ppc64 (machine 21); this is arm64"},
	{12, 4, EM_X86_64, "a snapshot of x86_64"},
	{12, 4, 9999, "another architecture"},
	{72, 4, 2, "kind 2"},
	{76, 4, 1, "damaged"},
	{88, 8, 0, "no section at byte 88"},
	{88, 8, STATE_TAG_END, "no section at byte 88"},
	{88, 8, STATE_UART, "no section at byte"}, /* out of order */
	{96, 8, UINT64_MAX, "no section at byte 88"},
	{96, 8, UINT64_MAX - 16, "no section at byte 88"},
	{96, 8, 1 << 20, "no section at byte 88"},
};

static void test_a_right_sum_is_not_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(changes); i++) {
		make();
		bytes_store_le(writer.data + changes[i].at, changes[i].size, changes[i].value);
		seal();
		assert_error(open_file(), err, EINVAL, changes[i].message);
		state_writer_free(&writer);
	}
}

/* What is taken behind the end is nothing, and is told. */
static void test_a_section_ends_where_it_ends(void **state)
{
	struct state_reader reader;
	uint8_t bytes[16];
	size_t length;

	(void)state;
	make();
	assert_ok(open_file(), err);
	reader = section(STATE_VCPU, 0);
	state_take(&reader, 8);
	assert_error(state_close(&reader, &err), err, EINVAL, "section `vcpu`: damaged");
	reader = section(STATE_VCPU, 0);
	memset(bytes, 0xff, sizeof(bytes));
	state_take_array(&reader, bytes, sizeof(bytes));
	assert_int_equal(bytes[0], 0);
	assert_int_equal(state_take(&reader, 1), 0);
	assert_null(state_take_bytes(&reader, &length));
	assert_null(state_take_string(&reader));
	assert_null(state_take_strings(&reader));
	assert_error(state_close(&reader, &err), err, EINVAL, "section `vcpu`: damaged");
	/* A length of a string that goes further, a list of more than there can be. */
	reader = section(STATE_VCPU, 0);
	assert_null(state_take_string(&reader)); /* 0xfeed0000 bytes */
	assert_true(reader.failed);
	reader = section(STATE_VCPU, 0);
	assert_null(state_take_strings(&reader));
	assert_true(reader.failed);
}

static void test_a_page_of_zeros_adds_nothing(void **state)
{
	uint8_t page[MEMORY_SUM_PAGE] = {0};

	(void)state;
	assert_int_equal(memory_page_sum(4096, page), 0);
	page[4095] = 1;
	assert_int_not_equal(memory_page_sum(4096, page), 0);
	assert_int_not_equal(memory_page_sum(4096, page), memory_page_sum(8192, page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_what_is_put_is_taken, teardown),
		cmocka_unit_test_teardown(test_no_length_but_its_own_is_taken, teardown),
		cmocka_unit_test_teardown(test_no_byte_can_be_another, teardown),
		cmocka_unit_test_teardown(test_a_right_sum_is_not_enough, teardown),
		cmocka_unit_test_teardown(test_a_section_ends_where_it_ends, teardown),
		cmocka_unit_test_teardown(test_a_page_of_zeros_adds_nothing, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
