/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the flattened device tree (Devicetree Specification 0.4, chapter 5); each
 * property that matters is a row of a table. Not a library: nothing is looked up twice. */
#include "fdt.h"

#include <linux/errno.h>

#include "arch.h"
#include "machine.h"
#include "string.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4
#define FDT_END 9

struct header { /* big-endian */
	uint32_t magic, total_size, structure, strings;
};

static void memory_reg(struct machine *machine, const struct property *p)
{
	machine->ram_start = fdt_cells(p->value);
	machine->ram_end = machine->ram_start + fdt_cells(p->value + 2);
}

static void control_reg(struct machine *machine, const struct property *p)
{
	machine->control_registers = fdt_cells(p->value);
	machine->control_page = fdt_cells(p->value + 4);
}

static void cpu_reg(struct machine *machine, const struct property *p)
{
	if (machine->cpu_count < MACHINE_CPUS_MAX)
		machine->cpus[machine->cpu_count++] =
			p->size == 8 ? fdt_cells(p->value) : fdt_cell(p->value);
}

/* One cell or two: both are in use. */
static uint64_t address(const struct property *p)
{
	return p->size == 8 ? fdt_cells(p->value) : fdt_cell(p->value);
}

static void initrd_start(struct machine *machine, const struct property *p)
{
	machine->initrd_start = address(p);
}

static void initrd_end(struct machine *machine, const struct property *p)
{
	machine->initrd_end = address(p);
}

static void program(struct machine *machine, const struct property *p)
{
	machine->program = (const char *)p->value;
}

static void argv(struct machine *machine, const struct property *p)
{
	machine->arguments = (struct string_list){(const char *)p->value, p->size};
}

static void envp(struct machine *machine, const struct property *p)
{
	machine->environment = (struct string_list){(const char *)p->value, p->size};
}

static const struct fdt_row rows[] = {
	{2, "memory@", "reg", memory_reg},
	{2, "chosen", "linux,initrd-start", initrd_start},
	{2, "chosen", "linux,initrd-end", initrd_end},
	{2, "chosen", "mote,program", program},
	{2, "chosen", "mote,argv", argv},
	{2, "chosen", "mote,envp", envp},
	{2, "control@", "reg", control_reg},
	{3, "cpu@", "reg", cpu_reg},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct walk {
	const uint32_t *at;
	const char *strings;
	int depth;
	unsigned rows; /* bit n: row n is about the node we are in */
};

/* The architecture's rows follow. */
static const struct fdt_row *row(unsigned number)
{
	return number < ROWS ? &rows[number] : &fdt_arch_rows[number - ROWS];
}

static unsigned node_rows(const char *name, int depth)
{
	unsigned set = 0;

	for (unsigned i = 0; i < ROWS + fdt_arch_row_count; i++)
		if (row(i)->depth == depth && starts_with(name, row(i)->node))
			set |= 1u << i;
	return set;
}

static void node_begin(struct walk *walk)
{
	const char *name = (const char *)walk->at;

	walk->rows = node_rows(name, ++walk->depth);
	walk->at += strlen(name) / 4 + 1;
}

static void node_property(struct walk *walk, struct machine *machine)
{
	struct property property = {walk->at + 2, fdt_cell(walk->at)};
	const char *name = walk->strings + fdt_cell(walk->at + 1);

	for (unsigned set = walk->rows; set; set &= set - 1) {
		const struct fdt_row *known = row((unsigned)__builtin_ctz(set));

		if (!strcmp(name, known->property))
			known->read(machine, &property);
	}
	walk->at += 2 + (property.size + 3) / 4;
}

int fdt_read(uint64_t tree, struct machine *machine)
{
	const struct header *header = linear(tree);
	struct walk walk = {0};

	if (fdt_cell(&header->magic) != FDT_MAGIC)
		return -EINVAL;
	machine->tree = tree;
	machine->tree_end = tree + fdt_cell(&header->total_size);
	walk.at = (const uint32_t *)((const char *)header + fdt_cell(&header->structure));
	walk.strings = (const char *)header + fdt_cell(&header->strings);
	for (;;) {
		switch (fdt_cell(walk.at++)) {
		case FDT_BEGIN_NODE:
			node_begin(&walk);
			break;
		case FDT_END_NODE:
			walk.depth--;
			walk.rows = 0;
			break;
		case FDT_PROP:
			node_property(&walk, machine);
			break;
		case FDT_NOP:
			break;
		default:
			return 0;
		}
	}
}
