/* SPDX-License-Identifier: Apache-2.0 */
/* The table and the kernel of the model. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/model.h"

#define ID(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U8 | (n))

static const struct reg_row rows[ROWS] = {
	[ROW_R] = {"R", ID(1), REG_RUNTIME, 0, 0, 1, 0, 0},
	[ROW_M] = {"M", ID(2), REG_TIMER, 0, 1, 1, 0, 0},
	[ROW_P] = {"P", ID(3), REG_RUNTIME, 0, 2, 1, 0, 0},
	[ROW_T] = {"T", ID(4), REG_TIMER, REG_VOLATILE, 3, 1, 0, 0},
	[ROW_B] = {"B", REG_BLOCK_ID(1), REG_RUNTIME, REG_BLOCK, 4, 2, KVM_GET_REGS, KVM_SET_REGS},
	[ROW_S] = {"S", ID(5), REG_TIMER, REG_READ_ONLY | REG_VOLATILE, 6, 1, 0, 0},
	[ROW_OR] = {"S_OR", ID(6), REG_TIMER, REG_OR_BITS, 7, 1, 0, 0},
	[ROW_CLEAR] = {"S_CLEAR", ID(7), REG_TIMER, REG_CLEAR_BITS, 8, 1, 0, 0},
};

static const struct reg_field fields[] = {{"F0", ROW_B, 0, 1}, {"F1", ROW_B, 1, 1}};

const struct reg_table model_table = {rows, fields, ROWS, 2, BYTES};

struct kernel kernel;
struct events kernel_events;
struct kvm_run kernel_run;
enum guest kernel_guest;

unsigned int model_row_of(unsigned int number)
{
	return number < ROWS ? number : ROW_B;
}

uint16_t kernel_value(unsigned int number)
{
	unsigned int offset = rows[model_row_of(number)].offset;

	if (number == ROW_B)
		return (uint16_t)(kernel.values[offset] | kernel.values[offset + 1] << 8);
	return kernel.values[offset + (number == FIELD_1)];
}

void kernel_forget(void)
{
	kernel_events.count = 0;
}

void kernel_tick(void)
{
	uint8_t *timer = &kernel.values[rows[ROW_T].offset];

	*timer = (*timer + 1) & 3;
	kernel.values[rows[ROW_S].offset] |= 1;
}

void kernel_init(void)
{
	memset(kernel.values, 0, sizeof(kernel.values));
}

static void event_add(enum event_kind kind, unsigned int row, uint16_t value)
{
	if (kernel_events.count == EVENTS_MAX)
		abort();
	kernel_events.list[kernel_events.count++] =
		(struct event){.kind = kind, .row = row, .value = value, .owed = kernel.owes};
}

static int row_get(unsigned int row, uint8_t *to)
{
	event_add(EVENT_GET, row, 0);
	memcpy(to, &kernel.values[rows[row].offset], rows[row].size);
	return 0;
}

static int row_set(unsigned int row, const uint8_t *from)
{
	uint8_t *value = &kernel.values[rows[row].offset];
	uint8_t *status = &kernel.values[rows[ROW_S].offset];

	event_add(EVENT_SET, row, (uint16_t)(from[0] | (row == ROW_B ? from[1] << 8 : 0)));
	if (kernel.refuses && (row == ROW_R || row == ROW_B || row == ROW_OR))
		return -EINVAL;
	if (row == ROW_OR)
		*status |= from[0];
	else if (row == ROW_CLEAR)
		*status &= ~from[0];
	else if (row == ROW_M)
		*value = (uint8_t)((*value & 1) | (from[0] & ~1));
	else
		memcpy(value, from, rows[row].size);
	return 0;
}

static unsigned int row_of_id(uint64_t id)
{
	unsigned int row = 0;

	while (row < ROWS && rows[row].id != id)
		row++;
	if (row == ROWS)
		abort();
	return row;
}

static int list(struct kvm_reg_list *to)
{
	to->n = 0;
	for (unsigned int i = 0; i < ROWS; i++)
		if (!(rows[i].flags & REG_BLOCK))
			to->reg[to->n++] = rows[i].id;
	return 0;
}

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
	const struct kvm_one_reg *one = argument;

	if (fd != FD)
		abort();
	switch (request) {
	case KVM_GET_ONE_REG:
		return row_get(row_of_id(one->id), (void *)(uintptr_t)one->addr);
	case KVM_SET_ONE_REG:
		return row_set(row_of_id(one->id), (void *)(uintptr_t)one->addr);
	case KVM_GET_REGS:
		return row_get(ROW_B, argument);
	case KVM_SET_REGS:
		return row_set(ROW_B, argument);
	case KVM_GET_REG_LIST:
		return list(argument);
	default:
		event_add(EVENT_OTHER, 0, 0);
		return -ENOTTY;
	}
}

/* The guest writes every register that it can, and acknowledges what S says. */
static void guest_runs(void)
{
	static const uint8_t written[BYTES] = {3, 1, 3, 2, 3, 3, 0};

	memcpy(kernel.values, written, sizeof(written));
	kernel.owes = kernel_guest == GUEST_READS;
}

int kvm_ioctl_value(int fd, unsigned long request, unsigned long argument)
{
	bool stays_out = kernel_run.immediate_exit;

	if (fd != FD || request != KVM_RUN || argument != 0)
		abort();
	event_add(stays_out ? EVENT_SETTLE : EVENT_RUN, 0, 0);
	if (kernel.owes)
		kernel.values[rows[ROW_P].offset] = 4;
	kernel.owes = false;
	if (stays_out || kernel_guest == GUEST_INTERRUPTED)
		return -EINTR;
	guest_runs();
	return 0;
}
