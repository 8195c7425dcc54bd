/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of the device tree that matter: a row each. Those of every machine are in
 * fdt.c, those of one architecture in arch/X/guest/fdt.c. */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include <stddef.h>
#include <stdint.h>

struct machine;

struct property {
	const uint32_t *value; /* big-endian cells */
	size_t size;
};

/* `node` is how its name begins; depth tells /cpus/cpu@0 from the rest. */
struct fdt_row {
	int depth;
	char node[12], property[20]; /* in place: one page holds all */
	void (*read)(struct machine *machine, const struct property *property);
};

extern const struct fdt_row fdt_arch_rows[];
extern const unsigned fdt_arch_row_count;

static inline uint32_t fdt_cell(const uint32_t *cells)
{
	return __builtin_bswap32(*cells);
}

static inline uint64_t fdt_cells(const uint32_t *cells)
{
	return (uint64_t)fdt_cell(cells) << 32 | fdt_cell(cells + 1);
}
#endif
