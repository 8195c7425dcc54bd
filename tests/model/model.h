/* SPDX-License-Identifier: Apache-2.0 */
/* The world in which vmm/regs.c is explored: a table of eight rows, a kernel that behaves like
 * KVM, and the rules, written from the design and not from the engine.
 *
 *   row      class    what is special about it
 *   R        runtime  the kernel may refuse it
 *   M        timer    the kernel keeps its own bit 0
 *   P        runtime  the kernel writes it when it finishes an exit
 *   T        timer    the kernel changes it while the vCPU stands
 *   B        runtime  a block of two registers, F0 and F1; the kernel may refuse it
 *   S        timer    status: the kernel sets bits while the vCPU stands
 *   S_OR     timer    sets bits of S; the kernel may refuse it
 *   S_CLEAR  timer    clears bits of S
 *
 * The exploration (explore.c) goes through every sequence of operations up to a depth, breadth
 * first, equal states merged, and holds each step against every rule (rules.c). */
#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H

#include "vmm/reg_image.h"

enum model_row { ROW_R, ROW_M, ROW_P, ROW_T, ROW_B, ROW_S, ROW_OR, ROW_CLEAR, ROWS };
enum { FIELD_0 = ROWS, FIELD_1, REGISTERS };
enum { FD = 3, BYTES = 9, EVENTS_MAX = 32 };

extern const struct reg_table model_table;
unsigned int model_row_of(unsigned int number); /* of a register */

/* ---- the kernel ---- */

struct kernel {
	uint8_t values[BYTES]; /* by offset in the copy; the bits of S_OR and S_CLEAR unused */
	bool refuses;
	bool owes; /* finishes an exit at the next KVM_RUN, by writing P */
};

enum event_kind { EVENT_GET, EVENT_SET, EVENT_SETTLE, EVENT_RUN, EVENT_OTHER };
struct event {
	enum event_kind kind;
	unsigned int row;
	uint16_t value; /* of a SET */
	bool owed; /* the kernel owed something: an exit was not finished before */
};
struct events {
	unsigned int count;
	struct event list[EVENTS_MAX];
};

enum guest { GUEST_INTERRUPTED, GUEST_RAN, GUEST_READS };

extern struct kernel kernel;
extern struct events kernel_events; /* what it was asked since the last kernel_forget() */
extern struct kvm_run kernel_run;
extern enum guest kernel_guest; /* what the next KVM_RUN does */

void kernel_forget(void);
void kernel_tick(void);
void kernel_init(void); /* KVM_ARM_VCPU_INIT: it forgets registers, not what it owes */
uint16_t kernel_value(unsigned int number); /* of a register or a whole block */

/* ---- operations ---- */

enum op_kind {
	OP_FETCH,
	OP_INSPECT,
	OP_GET,
	OP_SET,
	OP_FLUSH,
	OP_RUN,
	OP_TICK,
	OP_RESET,
	OP_REFUSE,
};
struct op {
	const char *name;
	enum op_kind kind;
	unsigned int what; /* class, register or enum guest */
	uint8_t value;
	unsigned int worlds; /* bits */
};

/* ---- the rules ---- */

/* What the rules know of each register. */
struct reference {
	uint8_t wanted[REGISTERS]; /* asked for and not yet written; bits: those asked for */
	uint8_t refused_value[ROWS][2];
	uint16_t asked; /* registers with a value in `wanted` */
	uint16_t known; /* rows that cost no GET */
	uint16_t refused; /* rows whose last SET the kernel refused */
};

/* One step: what had to happen, and what did. */
struct step {
	const struct op *op;
	struct reference before, after;
	struct kernel kernel_before;
	struct events due;
	int due_result;
	int result;
	uint64_t value; /* that OP_GET got */
	uint64_t viewed[REGISTERS]; /* that OP_INSPECT showed */
	unsigned int views;
	bool marks_wrong;
	const struct regs *regs; /* after it */
};

/* Before the engine does it: works out what is due and what is known after it. */
void rules_expect(struct step *step);

/* After it. The number of the first rule that is broken, or -1. */
int rules_judge(const struct step *step);

struct rule {
	const char *name;
	bool (*holds)(const struct step *step);
};
extern const struct rule rules[];
extern const unsigned int rule_count;

#endif
