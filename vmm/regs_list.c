/* SPDX-License-Identifier: Apache-2.0 */
/* The table held against what this host's KVM lists. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/regs.h"

enum { SLOTS = 4 * REG_ROWS_MAX };

/* Ids to their places in the kernel's list: open addressing, 0 for a free slot. */
struct id_index {
	const struct kvm_reg_list *list;
	uint16_t slots[SLOTS];
	reg_bits known; /* places that a row of the table has */
};

static unsigned int slot_of(uint64_t id)
{
	return (unsigned int)(id * 0x9e3779b97f4a7c15 >> 52) % SLOTS;
}

static uint16_t *slot_find(struct id_index *index, uint64_t id)
{
	unsigned int i = slot_of(id);

	while (index->slots[i] && index->list->reg[index->slots[i] - 1] != id)
		i = (i + 1) % SLOTS;
	return &index->slots[i];
}

/* Once for a process: what one host lists for one vCPU it lists for all. */
static void report_extra(const struct regs *regs)
{
	static bool reported;

	if (__atomic_exchange_n(&reported, true, __ATOMIC_RELAXED))
		return;
	for (unsigned int i = 0; i < regs->extra_count; i++)
		log_info("register 0x%016llx of this host has no name here: saved as it is",
			 (unsigned long long)regs->extra[i].id);
}

/* Rows that only this host has. They are transferred as they are. */
static int add_extra(struct regs *regs, const struct id_index *index, struct error *err)
{
	const struct kvm_reg_list *list = index->list;
	unsigned int count = 0, bytes = 0;

	for (unsigned int i = 0; i < list->n; i++)
		if (!reg_bit(index->known, i)) {
			count++;
			bytes += REG_ID_SIZE(list->reg[i]);
		}
	if (count == 0)
		return 0;
	if (regs->table->row_count + count > REG_ROWS_MAX)
		return error_set(err, E2BIG, "registers: %u that have no name here", count);
	regs->extra = calloc(count, sizeof(*regs->extra));
	regs->extra_values = calloc(1, bytes);
	if (!regs->extra || !regs->extra_values) {
		free(regs->extra);
		free(regs->extra_values);
		regs->extra = NULL;
		regs->extra_values = NULL;
		return error_set(err, ENOMEM, "registers: out of memory");
	}
	bytes = 0;
	for (unsigned int i = 0; i < list->n; i++) {
		unsigned int size = REG_ID_SIZE(list->reg[i]);

		if (reg_bit(index->known, i))
			continue;
		regs->extra[regs->extra_count++] = (struct reg_row){
			.id = list->reg[i],
			.class = REG_RESET,
			.offset = bytes,
			.size = size,
		};
		bytes += size;
	}
	report_extra(regs);
	return 0;
}

static int compare(struct regs *regs, struct id_index *index, struct error *err)
{
	int result;

	for (unsigned int i = 0; i < index->list->n; i++)
		*slot_find(index, index->list->reg[i]) = (uint16_t)(i + 1);
	for (unsigned int i = 0; i < regs->table->row_count; i++) {
		const struct reg_row *row = &regs->table->rows[i];
		uint16_t place = row->flags & REG_BLOCK ? 0 : *slot_find(index, row->id);

		if (place)
			index->known[(place - 1) / 64] |= 1ull << ((place - 1) % 64);
		else if (!(row->flags & REG_BLOCK))
			regs->absent[i / 64] |= 1ull << (i % 64);
	}
	result = add_extra(regs, index, err);
	if (result < 0)
		return result;
	regs->has_list = true;
	return 0;
}

int regs_list(struct regs *regs, struct error *err)
{
	struct kvm_reg_list *list;
	struct id_index *index;
	int result;

	if (regs->listed || regs->as_table)
		return 0;
	list = calloc(1, sizeof(*list) + REG_ROWS_MAX * sizeof(list->reg[0]));
	index = calloc(1, sizeof(*index));
	if (!list || !index) {
		result = error_set(err, ENOMEM, "registers: out of memory");
	} else {
		list->n = REG_ROWS_MAX;
		index->list = list;
		result = kvm_ioctl(regs->vcpu_fd, KVM_GET_REG_LIST, list);
		if (result == -ENOTTY || result == -EINVAL) /* an architecture without it */
			result = 0;
		else if (result < 0)
			error_set(err, -result, "KVM_GET_REG_LIST: %s", strerror(-result));
		else
			result = compare(regs, index, err);
	}
	free(list);
	free(index);
	regs->listed = result == 0;
	return result;
}
