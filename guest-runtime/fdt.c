/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the flattened device tree (Devicetree Specification 0.4, chapter 5); each
 * property that matters is a row of a table. Not a library: nothing is looked up twice. */
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
#define SPI_BASE 32

struct header { /* big-endian */
	uint32_t magic, total_size, structure, strings;
};

struct property {
	const uint32_t *value; /* big-endian cells */
	size_t size;
};

static uint32_t cell(const uint32_t *cells)
{
	return __builtin_bswap32(*cells);
}

static uint64_t cells(const uint32_t *cells)
{
	return (uint64_t)cell(cells) << 32 | cell(cells + 1);
}

static void memory_reg(struct machine *machine, const struct property *p)
{
	machine->ram_start = cells(p->value);
	machine->ram_end = machine->ram_start + cells(p->value + 2);
}

static void control_reg(struct machine *machine, const struct property *p)
{
	machine->control_registers = cells(p->value);
	machine->control_page = cells(p->value + 4);
}

static void control_interrupts(struct machine *machine, const struct property *p)
{
	machine->control_interrupt = SPI_BASE + cell(p->value + 1);
}

static void intc_compatible(struct machine *machine, const struct property *p)
{
	machine->gic_version = starts_with((const char *)p->value, "arm,gic-v3") ? 3 : 2;
}

static void intc_reg(struct machine *machine, const struct property *p)
{
	machine->gic_distributor = cells(p->value);
	machine->gic_cpu = cells(p->value + 4);
}

static void cpu_reg(struct machine *machine, const struct property *p)
{
	if (machine->cpu_count < MACHINE_CPUS_MAX)
		machine->cpus[machine->cpu_count++] =
			p->size == 8 ? cells(p->value) : cell(p->value);
}

/* One cell or two: both are in use. */
static uint64_t address(const struct property *p)
{
	return p->size == 8 ? cells(p->value) : cell(p->value);
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

/* `node` is how its name begins; depth tells /cpus/cpu@0 from the rest. */
static const struct row {
	int depth;
	char node[12], property[20]; /* in place: one page holds all */
	void (*read)(struct machine *, const struct property *);
} rows[] = {
	{2, "memory@", "reg", memory_reg},
	{2, "chosen", "linux,initrd-start", initrd_start},
	{2, "chosen", "linux,initrd-end", initrd_end},
	{2, "chosen", "mote,program", program},
	{2, "chosen", "mote,argv", argv},
	{2, "chosen", "mote,envp", envp},
	{2, "control@", "reg", control_reg},
	{2, "control@", "interrupts", control_interrupts},
	{2, "intc@", "compatible", intc_compatible},
	{2, "intc@", "reg", intc_reg},
	{3, "cpu@", "reg", cpu_reg},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct walk {
	const uint32_t *at;
	const char *strings;
	int depth;
	unsigned rows; /* bit n: rows[n] is about the node we are in */
};

static unsigned node_rows(const char *name, int depth)
{
	unsigned set = 0;

	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].depth == depth && starts_with(name, rows[i].node))
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
	struct property property = {walk->at + 2, cell(walk->at)};
	const char *name = walk->strings + cell(walk->at + 1);

	for (unsigned i = 0; i < ROWS && walk->rows; i++)
		if (walk->rows & 1u << i && !strcmp(name, rows[i].property))
			rows[i].read(machine, &property);
	walk->at += 2 + (property.size + 3) / 4;
}

int fdt_read(uint64_t tree, struct machine *machine)
{
	const struct header *header = linear(tree);
	struct walk walk = {0};

	if (cell(&header->magic) != FDT_MAGIC)
		return -EINVAL;
	machine->tree = tree;
	machine->tree_end = tree + cell(&header->total_size);
	walk.at = (const uint32_t *)((const char *)header + cell(&header->structure));
	walk.strings = (const char *)header + cell(&header->strings);
	for (;;) {
		switch (cell(walk.at++)) {
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
