/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/elf.h"
#include "vmm/arch.h"
#include "vmm/bytes.h"
#include "vmm/image.h"

static struct memory memory;

static int setup(void **state)
{
	ram_init(&memory);
	return scratch_setup(state);
}

static int teardown(void **state)
{
	memory_finish(&memory);
	return scratch_teardown(state);
}

static int load(const struct test_elf *elf, uint64_t size, struct image_place *place,
		struct error *err)
{
	struct image image = {.name = "k", .fd = -1, .data = (const void *)elf, .size = size};

	return image_load_elf(&image, &memory, place, err);
}

static void test_kernel_is_loaded_where_it_says(void **state)
{
	struct image_place place;
	struct test_elf elf;
	struct error err = {0};
	uint8_t loaded[2 * TEST_ELF_CODE];

	(void)state;
	test_elf_init(&elf, TEST_RAM + 0x1000);
	elf.header.e_entry += 4;
	assert_ok(load(&elf, sizeof(elf), &place, &err), err);
	assert_int_equal(place.entry, TEST_RAM + 0x1004);
	assert_int_equal(place.end, TEST_RAM + 0x1000 + 2 * TEST_ELF_CODE);
	memory_read(&memory, TEST_RAM + 0x1000, loaded, sizeof(loaded));
	assert_memory_equal(loaded, elf.code, TEST_ELF_CODE);
	assert_int_equal(loaded[TEST_ELF_CODE], 0);
}

static void set_class(struct test_elf *elf)
{
	elf->header.e_ident[EI_CLASS] = ELFCLASS32;
}
static void set_big_endian(struct test_elf *elf)
{
	elf->header.e_ident[EI_DATA] = ELFDATA2MSB;
}
static void set_machine(struct test_elf *elf)
{
	elf->header.e_machine = EM_X86_64;
}
static void set_unknown_machine(struct test_elf *elf)
{
	elf->header.e_machine = 0xffff;
}
static void set_relocatable(struct test_elf *elf)
{
	elf->header.e_type = ET_REL;
}
static void set_core(struct test_elf *elf)
{
	elf->header.e_type = ET_CORE;
}
static void set_no_segments(struct test_elf *elf)
{
	elf->header.e_phnum = 0;
}
static void set_many_segments(struct test_elf *elf)
{
	elf->header.e_phnum = 0xffff;
}
static void set_header_size(struct test_elf *elf)
{
	elf->header.e_phentsize = 1;
}
static void set_headers_behind_end(struct test_elf *elf)
{
	elf->header.e_phoff = sizeof(*elf) - 8;
}
static void set_headers_wrap(struct test_elf *elf)
{
	elf->header.e_phoff = UINT64_MAX - 8;
}
static void set_file_larger(struct test_elf *elf)
{
	elf->segments[0].p_memsz = TEST_ELF_CODE - 1;
}
static void set_contents_behind_end(struct test_elf *elf)
{
	elf->segments[0].p_offset++;
}
static void set_contents_wrap(struct test_elf *elf)
{
	elf->segments[0].p_offset = UINT64_MAX - 4;
}
static void set_below_memory(struct test_elf *elf)
{
	elf->segments[0].p_paddr = TEST_RAM - 1;
}
static void set_behind_memory(struct test_elf *elf)
{
	elf->segments[0].p_paddr = TEST_RAM + TEST_RAM_SIZE - 2 * TEST_ELF_CODE + 1;
}
static void set_zeros_behind_memory(struct test_elf *elf)
{
	elf->segments[0].p_memsz = TEST_RAM_SIZE + 1;
}
static void set_address_wraps(struct test_elf *elf)
{
	elf->segments[0].p_paddr = UINT64_MAX - 8;
}
static void set_length_wraps(struct test_elf *elf)
{
	elf->segments[0].p_memsz = UINT64_MAX - TEST_RAM + 2;
}
static void set_overlap(struct test_elf *elf)
{
	elf->header.e_phnum = 3;
	elf->segments[2] = elf->segments[0];
	elf->segments[2].p_paddr += 2 * TEST_ELF_CODE - 1;
}
static void set_same_twice(struct test_elf *elf)
{
	elf->header.e_phnum = 2;
	elf->segments[1] = elf->segments[0];
}
static void set_entry_outside(struct test_elf *elf)
{
	elf->header.e_entry = 0;
}
static void set_entry_at_end(struct test_elf *elf)
{
	elf->header.e_entry = TEST_RAM + TEST_RAM_SIZE - 3;
}
static void set_entry_wraps(struct test_elf *elf)
{
	elf->header.e_entry = UINT64_MAX - 2;
}
static void set_magic(struct test_elf *elf)
{
	elf->header.e_ident[3] = 'G';
}

static const struct {
	void (*spoil)(struct test_elf *elf);
	const char *message;
} bad_kernels[] = {
	{set_magic, "k: not an ELF file"},
	{set_class, "k: not a 64-bit little-endian"},
	{set_big_endian, "k: not a 64-bit little-endian"},
	{set_machine, "k: built for x86_64, this host runs arm64"},
	{set_unknown_machine, "k: built for another architecture"},
	{set_relocatable, "k: not an executable"},
	{set_core, "k: not an executable"},
	{set_no_segments, "k: 0 program headers"},
	{set_many_segments, "k: 65535 program headers"},
	{set_header_size, "program headers of 1 bytes"},
	{set_headers_behind_end, "k: truncated"},
	{set_headers_wrap, "k: truncated"},
	{set_file_larger, "larger in the file"},
	{set_contents_behind_end, "k: truncated"},
	{set_contents_wrap, "k: truncated"},
	{set_below_memory, "lies outside memory"},
	{set_behind_memory, "lies outside memory"},
	{set_zeros_behind_memory, "lies outside memory"},
	{set_address_wraps, "lies outside memory"},
	{set_length_wraps, "lies outside memory"},
	{set_overlap, "segments 0 and 2 overlap"},
	{set_same_twice, "segments 0 and 1 overlap"},
	{set_entry_outside, "k: entry 0x0 lies outside memory"},
	{set_entry_at_end, "lies outside memory"},
	{set_entry_wraps, "lies outside memory"},
};

static void test_malformed_kernels_are_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bad_kernels); i++) {
		struct image_place place;
		struct test_elf elf;
		struct error err = {0};

		test_elf_init(&elf, TEST_RAM);
		bad_kernels[i].spoil(&elf);
		assert_error(load(&elf, sizeof(elf), &place, &err), err, ENOEXEC,
			     bad_kernels[i].message);
	}
}

static void test_kernel_truncated_at_every_length(void **state)
{
	struct test_elf elf;

	(void)state;
	test_elf_init(&elf, TEST_RAM);
	for (size_t size = 0; size < sizeof(elf); size++) {
		struct error err = {0};
		struct image_place place;
		/* An exact copy: a read behind its end is seen. */
		void *copy = malloc(size ? size : 1);

		memcpy(copy, &elf, size);
		assert_int_equal(load(copy, size, &place, &err), -ENOEXEC);
		free(copy);
	}
}

static void test_segments_that_do_not_count(void **state)
{
	struct image_place place;
	struct test_elf elf;
	struct error err = {0};

	(void)state;
	test_elf_init(&elf, TEST_RAM);
	elf.header.e_phnum = 3;
	elf.segments[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_paddr = 0, .p_memsz = 100};
	elf.segments[2] = (Elf64_Phdr){.p_type = PT_LOAD, .p_paddr = 0, .p_memsz = 0};
	assert_ok(load(&elf, sizeof(elf), &place, &err), err);
	assert_int_equal(place.end, TEST_RAM + 2 * TEST_ELF_CODE);
}

static void test_touching_segments_are_fine(void **state)
{
	struct image_place place;
	struct test_elf elf;
	struct error err = {0};

	(void)state;
	test_elf_init(&elf, TEST_RAM + 0x100);
	elf.header.e_phnum = 2;
	elf.segments[1] = elf.segments[0];
	elf.segments[1].p_paddr = TEST_RAM + 0x100 - 2 * TEST_ELF_CODE;
	assert_ok(load(&elf, sizeof(elf), &place, &err), err);
	assert_int_equal(place.end, TEST_RAM + 0x100 + 2 * TEST_ELF_CODE);
}

/* ---- programs ---- */

static int check(const struct test_elf *elf, size_t size, struct error *err)
{
	int fd, result;

	write_file("app", elf, size);
	fd = open("app", O_RDONLY);
	assert_true(fd >= 0);
	result = image_check_application("app", fd, err);
	close(fd);
	return result;
}

static void test_static_and_static_pie_programs_are_taken(void **state)
{
	static const uint16_t types[] = {ET_EXEC, ET_DYN};

	(void)state;
	for (size_t i = 0; i < LENGTH(types); i++) {
		struct test_elf elf;
		struct error err = {0};

		test_elf_init(&elf, 0x400000);
		elf.header.e_type = types[i];
		elf.header.e_phnum = 2;
		elf.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC};
		assert_ok(check(&elf, sizeof(elf), &err), err);
	}
}

static void test_dynamic_program_says_what_to_do(void **state)
{
	struct test_elf elf;
	struct error err = {0};

	(void)state;
	test_elf_init(&elf, 0x400000);
	elf.header.e_phnum = 3;
	elf.segments[2] = (Elf64_Phdr){.p_type = PT_INTERP};
	assert_error(check(&elf, sizeof(elf), &err), err, ENOEXEC, "app: dynamically linked");
	assert_contains(err.message, "mote-cc");
}

static void test_what_is_no_program_is_refused_by_name(void **state)
{
	static const struct {
		const char *contents, *message;
	} rows[] = {
		{"", "app: not an ELF file"},
		{"\x7f"
		 "EL",
		 "app: not an ELF file"},
		{"#!/bin/sh\nexit 0\n", "app: not an ELF file"},
		{"\x7f"
		 "ELF",
		 "app: truncated"},
	};
	struct error err = {0};
	struct test_elf elf;
	int fd = open(".", O_RDONLY);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_error(check((const void *)rows[i].contents, strlen(rows[i].contents), &err),
			     err, ENOEXEC, rows[i].message);
	test_elf_init(&elf, 0);
	elf.header.e_machine = EM_PPC64;
	assert_error(check(&elf, sizeof(elf), &err), err, ENOEXEC, "app: built for ppc64");
	assert_error(image_check_application("dir", fd, &err), err, ENOEXEC, "dir: not a regular");
	close(fd);
}

static void test_open_refuses_what_is_no_file(void **state)
{
	struct error err = {0};
	struct image image;

	(void)state;
	assert_error(image_open(&image, "nothing", &err), err, ENOENT, "nothing");
	assert_error(image_open(&image, "/dev/null", &err), err, EINVAL, "not a regular file");
	assert_error(image_open(&image, ".", &err), err, EINVAL, "not a regular file");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_error(image_open(&image, "fifo", &err), err, EINVAL, "not a regular file");
}

static void test_file_that_shrinks_is_an_error(void **state)
{
	struct error err = {0};
	struct image image;
	char buffer[8];

	(void)state;
	write_file("file", "12345678", 8);
	assert_ok(image_open(&image, "file", &err), err);
	assert_ok(image_read(&image, 4, buffer, 4, &err), err);
	assert_memory_equal(buffer, "5678", 4);
	assert_int_equal(truncate("file", 2), 0);
	assert_error(image_read(&image, 0, buffer, 8, &err), err, ENOEXEC, "became shorter");
	assert_error(image_read(&image, UINT64_MAX, buffer, 2, &err), err, ENOEXEC, "truncated");
	image_close(&image);
	image_close(&image);
}

/* ---- arm64 Image ---- */

static void linux_image(uint8_t header[128], uint64_t text_offset, uint64_t size, uint64_t flags)
{
	memset(header, 0xaa, 128);
	bytes_store_le(header + 8, 8, text_offset);
	bytes_store_le(header + 16, 8, size);
	bytes_store_le(header + 24, 8, flags);
	memcpy(header + 56, "ARM\x64", 4);
}

static const struct {
	uint64_t text_offset, size, flags, bytes;
	int result;
	uint64_t start, end; /* from the start of RAM */
	const char *message;
} images[] = {
	{0, 0x2000, 0, 128, 0, 0, 0x2000, NULL},
	{0x80000, 0x2000, 0xa, 128, 0, 0x80000, 0x82000, NULL},
	{0, 0, 0, 128, 0, 0, 128, NULL}, /* older than 3.17 */
	{0, 64, 0, 128, 0, 0, 128, NULL}, /* says less than it has */
	{0, TEST_RAM_SIZE, 0, 128, 0, 0, TEST_RAM_SIZE, NULL},
	{0, TEST_RAM_SIZE + 1, 0, 128, -ENOEXEC, 0, 0, "more than memory has"},
	{1, TEST_RAM_SIZE, 0, 128, -ENOEXEC, 0, 0, "more than memory has"},
	{0, UINT64_MAX, 0, 128, -ENOEXEC, 0, 0, "more than memory has"},
	{0x80000, UINT64_MAX - 0x80000, 0, 128, -ENOEXEC, 0, 0, "more than memory has"},
	{TEST_RAM_SIZE, 64, 0, 128, -ENOEXEC, 0, 0, "text_offset"},
	{UINT64_MAX, 64, 0, 128, -ENOEXEC, 0, 0, "text_offset"},
	{UINT64_MAX - TEST_RAM + 1, 64, 0, 128, -ENOEXEC, 0, 0, "text_offset"},
	{0, 0x2000, 1, 128, -ENOEXEC, 0, 0, "big-endian"},
	{0, 0x2000, 0, 64, 0, 0, 0x2000, NULL},
	{0, 0x2000, 0, 63, -ENOEXEC, 0, 0, "neither an ELF file nor an arm64 Image"},
	{0, 0x2000, 0, 0, -ENOEXEC, 0, 0, "neither an ELF file nor an arm64 Image"},
};

static void test_linux_images(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(images); i++) {
		uint8_t bytes[128];
		struct image image = {
			.name = "k", .fd = -1, .data = bytes, .size = images[i].bytes};
		struct image_place place;
		struct error err = {0};

		linux_image(bytes, images[i].text_offset, images[i].size, images[i].flags);
		if (images[i].result) {
			assert_error(arch_image_load(&image, &memory, &place, &err), err,
				     -images[i].result, images[i].message);
			continue;
		}
		assert_ok(arch_image_load(&image, &memory, &place, &err), err);
		assert_int_equal(place.entry, TEST_RAM + images[i].start);
		assert_int_equal(place.end, TEST_RAM + images[i].end);
		assert_memory_equal(memory_read_span(&memory, place.entry, images[i].bytes), bytes,
				    images[i].bytes);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kernel_is_loaded_where_it_says),
		TEST(test_malformed_kernels_are_refused_by_name),
		TEST(test_kernel_truncated_at_every_length),
		TEST(test_segments_that_do_not_count),
		TEST(test_touching_segments_are_fine),
		TEST(test_static_and_static_pie_programs_are_taken),
		TEST(test_dynamic_program_says_what_to_do),
		TEST(test_what_is_no_program_is_refused_by_name),
		TEST(test_open_refuses_what_is_no_file),
		TEST(test_file_that_shrinks_is_an_error),
		TEST(test_linux_images),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
