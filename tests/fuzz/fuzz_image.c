/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel in the architecture's own format. What is loaded lies in memory. */
#include "tests/fuzz/support/ram.h"
#include "vmm/arch.h"

enum { SIZE = 0x10000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = {.name = "kernel", .fd = -1, .data = data, .size = size};
	struct image_place place;
	struct error err = {0};
	struct memory memory;

	ram_init(&memory, SIZE);
	if (arch_image_load(&image, &memory, &place, &err) == 0) {
		check(place.entry >= RAM && place.entry < place.end);
		check(place.end <= RAM + SIZE && place.end - place.entry >= size);
		check(!memcmp(memory.host + (place.entry - RAM), data, size));
	} else {
		check(err.code);
		check_message(err.message);
	}
	ram_finish(&memory);
	return 0;
}
