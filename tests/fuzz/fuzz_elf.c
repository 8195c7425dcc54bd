/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file, as a kernel and as an application. What is loaded lies in memory. */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/support/ram.h"
#include "vmm/image.h"

enum { SIZE = 0x10000 };

static void load(const uint8_t *data, size_t size)
{
	struct image image = {.name = "kernel", .fd = -1, .data = data, .size = size};
	struct image_place place;
	struct error err = {0};
	struct memory memory;

	ram_init(&memory, SIZE);
	if (image_load_elf(&image, &memory, &place, &err) == 0) {
		check(memory_contains(&memory, place.entry, 4));
		check(place.end >= RAM && place.end <= RAM + SIZE);
	} else {
		check(err.code);
		check_message(err.message);
	}
	ram_finish(&memory);
}

static void check_application(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct error err = {0};

	if (fd < 0)
		fd = memfd_create("elf", MFD_CLOEXEC);
	check(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	if (image_check_application("program", fd, &err))
		check_message(err.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load(data, size);
	check_application(data, size);
	return 0;
}
