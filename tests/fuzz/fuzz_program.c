/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's ELF loader. Every area that it makes is a piece of the user's address space,
 * in order, that shows bytes of the file and at most the rest of their last page. */
#include <errno.h>

#include "guest-runtime/node.h"
#include "guest-runtime/program.h"
#include "guest-runtime/space.h"
#include "guest-runtime/string.h"
#include "tests/fuzz/support/input.h"

#define BIAS 0x5555550000ull

struct program program;
static struct node node;
static uint64_t last_end;
static int areas;

int space_add(const struct area *area)
{
	const uint8_t *end = node.image + node.size;

	check(area->start < area->end && !(area->start & PAGE_MASK) && !(area->end & PAGE_MASK));
	check(area->start >= USER_START && area->end <= USER_END);
	check(area->start >= last_end);
	check((area->access & (ACCESS_WRITE | ACCESS_EXEC)) != (ACCESS_WRITE | ACCESS_EXEC));
	check(area->image_bytes <= area->end - area->start);
	if (area->image_bytes)
		check(area->image >= node.image && area->image < end &&
		      area->image + area->image_bytes < end + PAGE_SIZE);
	last_end = area->end;
	return ++areas > 32 ? -ENOMEM : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char buffer[200] = "";
	struct text reason = TEXT(buffer);
	uint8_t *image = aligned_alloc(16, (size + 16) & ~(size_t)15);

	memcpy(image, data, size);
	last_end = 0;
	areas = 0;
	node = (struct node){.image = image, .size = size, .image_size = size};
	program = (struct program){.path = "/program", .node = &node};
	if (elf_load(&program, BIAS, &reason) == 0)
		check(areas && program.start < program.end && program.end <= USER_END);
	else
		check(reason.length);
	free(image);
	return 0;
}
