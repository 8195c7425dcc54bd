/* SPDX-License-Identifier: Apache-2.0 */
/* The application: its ELF file in memory, its first stack, and what the rest of the
 * runtime wants to know about it. */
#ifndef GUEST_PROGRAM_H
#define GUEST_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

struct machine;
struct node;
struct text;

struct program {
	const char *path; /* absolute, in the guest */
	struct node *node;
	uint64_t base; /* what was added to the addresses in the file */
	uint64_t start, end; /* of all segments, page-aligned */
	uint64_t text_start, text_end; /* of the executable one */
	uint64_t entry, headers; /* addresses in memory */
	unsigned header_count;
	uint64_t stack_top, stack_size;
	uint64_t arguments_start, arguments_end, environment_end; /* on the stack */
	uint64_t break_start, break_end;
};

extern struct program program;

/* elf.c: maps the file program.node: 0, or -errno and the reason. The node must be bytes of
 * the initrd. `bias` is where a position-independent program goes. */
int elf_load(struct program *program, uint64_t bias, struct text *reason);
/* stack.c: the stack and what stands on it at the start: 0 or -errno; *pointer is the
 * stack pointer. */
int stack_create(struct program *program, const struct machine *machine, uint64_t top,
		 uint64_t *pointer);
#endif
