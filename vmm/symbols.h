/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, from the symbol table of an ELF file that nobody vouches for. Source: System
 * V ABI, chapter 4 (symbol table). */
#ifndef MOTE_SYMBOLS_H
#define MOTE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

struct symbols {
	struct symbol {
		uint64_t start, size; /* addresses as in the file */
		const char *name;
	} * list; /* heap, as the names */
	size_t count;
	char *names;
	uint64_t entry; /* of the file */
};

/* A file without symbols has none, which is no error. */
int symbols_read(struct symbols *symbols, const char *path, struct error *err);
void symbols_finish(struct symbols *symbols); /* a zeroed one is fine */

/* The function that an address is in; NULL: none is known. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

#endif
