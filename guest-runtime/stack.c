/* SPDX-License-Identifier: Apache-2.0 */
/* The program's first stack: argument and environment strings at the top, below them the
 * auxiliary vector, environment and argument pointers, as the psABI and Linux have it.
 *
 * The stack has a fixed size and is charged whole at the start: 1/8 of the memory, at most
 * 8 MiB. It never grows, so a deep call is a fault only where RLIMIT_STACK says so. */
#include <linux/auxvec.h>
#include <linux/errno.h>

#include "machine.h"
#include "pages.h"
#include "program.h"
#include "random.h"
#include "space.h"
#include "string.h"
#include "user.h"

#define STACK_MAX (8ull << 20)
#define STACK_MIN (64ull << 10)

/* Words are pushed downwards; the first error stays. */
struct builder {
	uint64_t at;
	int error;
};

static void push_bytes(struct builder *b, const void *bytes, size_t length)
{
	b->at -= length;
	if (!b->error)
		b->error = copy_to_user(b->at, bytes, length);
}

static void push_word(struct builder *b, uint64_t word)
{
	push_bytes(b, &word, sizeof(word));
}

static unsigned count_strings(const struct string_list *list)
{
	unsigned count = 0;

	for (size_t i = 0; i < list->size; i++)
		count += !list->strings[i];
	return count;
}

/* Pointers to the strings of a list that was copied to `copy`, the last one first. */
static void push_pointers(struct builder *b, const struct string_list *list, uint64_t copy)
{
	push_word(b, 0);
	for (size_t i = list->size; i-- > 0;)
		if (i == 0 || !list->strings[i - 1])
			push_word(b, copy + i);
}

static void push_auxiliary(struct builder *b, const struct program *program, uint64_t random,
			   uint64_t path, uint64_t platform)
{
	const uint64_t vector[][2] = {
		AUXILIARY_ARCH{AT_HWCAP, cpu_hwcap()},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_CLKTCK, 100},
		{AT_PHDR, program->headers},
		{AT_PHENT, 56},
		{AT_PHNUM, program->header_count},
		{AT_BASE, 0},
		{AT_FLAGS, 0},
		{AT_ENTRY, program->entry},
		{AT_UID, 0},
		{AT_EUID, 0},
		{AT_GID, 0},
		{AT_EGID, 0},
		{AT_SECURE, 0},
		{AT_RANDOM, random},
		{AT_HWCAP2, cpu_hwcap2()},
		{AT_EXECFN, path},
		{AT_PLATFORM, platform},
		{AT_MINSIGSTKSZ, SIGNAL_STACK_MIN},
		{AT_NULL, 0},
	};

	push_bytes(b, vector, sizeof(vector));
}

static int area_create(struct program *program, uint64_t top)
{
	uint64_t size = page_down((pages_total() << PAGE_SHIFT) / 8);
	struct area area = {.access = ACCESS_READ | ACCESS_WRITE, .flags = AREA_STACK};

	size = size > STACK_MAX ? STACK_MAX : size < STACK_MIN ? STACK_MIN : size;
	/* 1/8 of 64 MiB is a little short of 8 MiB, since the image is taken off. */
	if (size > STACK_MAX - STACK_MAX / 8)
		size = STACK_MAX;
	program->stack_top = top;
	program->stack_size = size;
	area.start = top - size;
	area.end = top;
	return space_add(&area);
}

int stack_create(struct program *program, const struct machine *machine, uint64_t top,
		 uint64_t *pointer)
{
	const struct string_list *argv = &machine->arguments, *envp = &machine->environment;
	unsigned words = count_strings(argv) + count_strings(envp) + 3;
	struct builder b = {.at = top - 16};
	uint64_t path, platform, random;
	uint8_t bytes[16];

	if (area_create(program, top))
		return -ENOMEM;
	if (argv->size + envp->size > program->stack_size / 4)
		return -E2BIG;
	push_bytes(&b, program->path, strlen(program->path) + 1);
	path = b.at;
	push_bytes(&b, envp->strings, envp->size);
	program->environment_end = path;
	program->arguments_end = b.at;
	push_bytes(&b, argv->strings, argv->size);
	program->arguments_start = b.at;
	push_bytes(&b, cpu_platform(), strlen(cpu_platform()) + 1);
	platform = b.at;
	random_bytes(bytes, sizeof(bytes));
	push_bytes(&b, bytes, sizeof(bytes));
	random = b.at;
	b.at &= ~15ull;
	if (words & 1) /* the auxiliary vector is a multiple of 16 */
		b.at -= 8;
	push_auxiliary(&b, program, random, path, platform);
	push_pointers(&b, envp, program->arguments_end);
	push_pointers(&b, argv, program->arguments_start);
	push_word(&b, count_strings(argv));
	*pointer = b.at;
	return b.error;
}
