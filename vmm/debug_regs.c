/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/debug_regs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch_debug.h"

enum { VALUE_MAX = 256, SYSTEM_BITS_MAX = 128 };

static bool named_by_gdb(unsigned int reg)
{
	for (unsigned int i = 0; i < arch_gdb_feature_count; i++)
		for (unsigned int k = 0; k < arch_gdb_features[i].count; k++)
			if (arch_gdb_features[i].registers[k].reg == reg)
				return true;
	return false;
}

static void add(struct debug_regs *all, const struct gdb_register *reg)
{
	all->list[all->count++] = *reg;
}

static void add_features(struct debug_regs *all)
{
	for (unsigned int i = 0; i < arch_gdb_feature_count; i++) {
		for (unsigned int k = 0; k < arch_gdb_features[i].count; k++)
			add(all, &arch_gdb_features[i].registers[k]);
		if (arch_gdb_features[i].general)
			all->general = all->count;
	}
}

static void add_system(struct debug_regs *all, unsigned int reg, const char *name, uint32_t bytes)
{
	struct gdb_register system = {
		.name = name, .type = "int", .bits = (uint16_t)(8 * bytes), .reg = reg};

	if (system.bits == SYSTEM_BITS_MAX)
		system.type = "uint128";
	if (system.bits <= SYSTEM_BITS_MAX && !named_by_gdb(reg))
		add(all, &system);
}

static void add_rows(struct debug_regs *all, const struct regs *regs)
{
	const struct reg_table *table = regs->table;

	for (unsigned int i = 0; i < table->row_count; i++)
		if (!(table->rows[i].flags & (REG_BLOCK | REG_OR_BITS | REG_CLEAR_BITS)) &&
		    !reg_bit(regs->absent, i))
			add_system(all, i, table->rows[i].name, table->rows[i].size);
	for (unsigned int i = 0; i < table->field_count; i++)
		if (!reg_bit(regs->absent, table->fields[i].row))
			add_system(all, table->row_count + i, table->fields[i].name,
				   table->fields[i].size);
}

int debug_regs_init(struct debug_regs *all, struct regs *regs, struct error *err)
{
	unsigned int room = regs->table->row_count + regs->table->field_count;
	int result = regs_list(regs, err);

	if (result == 0 && !regs->has_list) /* by what the kernel refuses to tell */
		result = regs_fetch(regs, REG_ALL, err);
	if (result < 0)
		return result;
	for (unsigned int i = 0; i < arch_gdb_feature_count; i++)
		room += arch_gdb_features[i].count;
	*all = (struct debug_regs){.list = calloc(room, sizeof(*all->list))};
	if (!all->list)
		return error_set(err, ENOMEM, "registers for gdb: out of memory");
	add_features(all);
	add_rows(all, regs);
	return 0;
}

void debug_regs_finish(struct debug_regs *all)
{
	free(all->list);
	*all = (struct debug_regs){0};
}

unsigned int debug_regs_size(const struct debug_regs *all, unsigned int number)
{
	return number < all->count ? all->list[number].bits / 8 : 0;
}

/* What gdb shows may be the low part of what the vCPU has. */
static int whole(const struct debug_regs *all, struct regs *regs, unsigned int number,
		 unsigned int *reg, uint8_t *value, struct error *err)
{
	int result = arch_gdb_register(regs, all->list[number].reg, reg, err);

	memset(value, 0, VALUE_MAX);
	return result < 0 ? result : reg_read(regs, *reg, value, err);
}

int debug_regs_read(const struct debug_regs *all, struct regs *regs, unsigned int number,
		    void *value, struct error *err)
{
	uint8_t bytes[VALUE_MAX];
	unsigned int reg;
	int result = whole(all, regs, number, &reg, bytes, err);

	memcpy(value, bytes, debug_regs_size(all, number));
	return result;
}

int debug_regs_write(const struct debug_regs *all, struct regs *regs, unsigned int number,
		     const void *value, struct error *err)
{
	uint8_t bytes[VALUE_MAX];
	unsigned int reg;
	int result = whole(all, regs, number, &reg, bytes, err);

	memcpy(bytes, value, debug_regs_size(all, number));
	return result < 0 ? result : reg_write(regs, reg, bytes, err);
}

/* ---- the description ---- */

static void print_register(FILE *to, const struct gdb_register *reg, const char *group)
{
	fprintf(to, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"%s/>\n", reg->name, reg->bits,
		reg->type, group);
}

static void print_features(FILE *to, const struct debug_regs *all)
{
	unsigned int number = 0;

	for (unsigned int i = 0; i < arch_gdb_feature_count; i++) {
		const struct gdb_feature *feature = &arch_gdb_features[i];

		fprintf(to, "<feature name=\"%s\">%s\n", feature->name, feature->types);
		for (unsigned int k = 0; k < feature->count; k++)
			print_register(to, &all->list[number++], "");
		fputs("</feature>\n", to);
	}
	fputs("<feature name=\"org.mote.system\">\n", to);
	while (number < all->count)
		print_register(to, &all->list[number++], " group=\"system\"");
	fputs("</feature>\n", to);
}

char *debug_regs_xml(const struct debug_regs *all)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to,
		"<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		"<target version=\"1.0\">\n<architecture>%s</architecture>\n",
		arch_gdb_architecture);
	print_features(to, all);
	fputs("</target>\n", to);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
