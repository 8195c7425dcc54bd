/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of register synchronisation, one by one, as a reader of the design knows them:
 * nothing here looks at how the engine does it. */
#include <errno.h>
#include <string.h>

#include "tests/model/model.h"

#define BIT(n) (1u << (n))

static const unsigned int settable_bits = BIT(ROW_OR) | BIT(ROW_CLEAR);

static bool asked(const struct reference *ref, unsigned int row)
{
	return ref->asked & (row == ROW_B ? BIT(FIELD_0) | BIT(FIELD_1) : BIT(row));
}

static unsigned int asked_rows(const struct reference *ref)
{
	unsigned int rows = 0;

	for (unsigned int row = 0; row < ROWS; row++)
		rows |= asked(ref, row) ? BIT(row) : 0;
	return rows;
}

/* What a reader has to see. */
static uint16_t truth(const struct reference *ref, unsigned int number)
{
	if (number == ROW_B)
		return (uint16_t)(truth(ref, FIELD_0) | truth(ref, FIELD_1) << 8);
	if (number == ROW_S)
		return (kernel_value(ROW_S) | ref->wanted[ROW_OR]) & ~ref->wanted[ROW_CLEAR] & 0xff;
	return ref->asked & BIT(number) ? ref->wanted[number] : kernel_value(number);
}

/* ---- what is due ---- */

static void due(struct step *step, enum event_kind kind, unsigned int row, uint16_t value)
{
	step->due.list[step->due.count++] =
		(struct event){.kind = kind, .row = row, .value = value};
}

static unsigned int due_count(const struct events *events, enum event_kind kind)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < events->count; i++)
		count += events->list[i].kind == kind;
	return count;
}

static void due_settle(struct step *step)
{
	if (kernel.owes && due_count(&step->due, EVENT_SETTLE) == 0)
		due(step, EVENT_SETTLE, 0, 0);
}

static void due_read(struct step *step, unsigned int row)
{
	if (BIT(row) & settable_bits || asked(&step->after, row) || step->after.known & BIT(row))
		return;
	due_settle(step);
	due(step, EVENT_GET, row, 0);
	if (row != ROW_T && row != ROW_S)
		step->after.known |= (uint16_t)BIT(row);
}

static void due_fetch(struct step *step, unsigned int classes)
{
	for (unsigned int row = 0; row < ROWS; row++)
		if (model_table.rows[row].class & classes)
			due_read(step, row);
}

static void due_set(struct step *step, unsigned int number, uint8_t value)
{
	struct reference *ref = &step->after;
	unsigned int row = model_row_of(number);
	unsigned int twin = number == ROW_OR ? ROW_CLEAR : ROW_OR;

	if (row == ROW_B)
		due_read(step, ROW_B);
	if (BIT(number) & settable_bits) {
		ref->wanted[number] |= value;
		ref->wanted[twin] &= (uint8_t)~value;
	} else {
		ref->wanted[number] = value;
	}
	ref->asked |= (uint16_t)BIT(number);
	ref->refused &= (uint16_t)~BIT(row);
}

static void due_write(struct step *step, unsigned int row)
{
	struct reference *ref = &step->after;
	bool bits = BIT(row) & settable_bits;
	uint16_t value = bits ? ref->wanted[row] : truth(ref, row);

	due(step, EVENT_SET, row, value);
	ref->known &= (uint16_t)~BIT(row);
	if (!kernel.refuses || (row != ROW_R && row != ROW_B && row != ROW_OR))
		return;
	ref->refused |= (uint16_t)BIT(row);
	memcpy(ref->refused_value[row], &value, sizeof(value));
	step->due_result = -EINVAL;
}

static void due_flush(struct step *step)
{
	unsigned int rows = asked_rows(&step->after);

	if (rows)
		due_settle(step);
	for (unsigned int row = 0; row < ROWS; row++)
		if (rows & BIT(row))
			due_write(step, row);
	step->after.asked = 0;
	memset(step->after.wanted, 0, sizeof(step->after.wanted));
}

void rules_expect(struct step *step)
{
	const struct op *op = step->op;

	step->kernel_before = kernel;
	step->after = step->before;
	step->due.count = 0;
	step->due_result = 0;
	switch (op->kind) {
	case OP_INSPECT:
		due_settle(step);
		due_fetch(step, REG_ALL);
		break;
	case OP_FETCH:
		due_fetch(step, op->what);
		break;
	case OP_GET:
		due_read(step, model_row_of(op->what));
		break;
	case OP_SET:
		due_set(step, op->what, op->value);
		break;
	case OP_FLUSH:
	case OP_RUN:
		due_flush(step);
		if (op->kind == OP_RUN && step->due_result == 0) {
			due(step, EVENT_RUN, 0, 0);
			step->after.known = 0;
		}
		break;
	case OP_RESET:
		due_settle(step);
		step->after = (struct reference){0};
		break;
	default:
		break;
	}
}

/* ---- what happened ---- */

static const struct event *nth(const struct events *events, enum event_kind kind, unsigned int n)
{
	for (unsigned int i = 0; i < events->count; i++)
		if (events->list[i].kind == kind && n-- == 0)
			return &events->list[i];
	return NULL;
}

/* The n-th SETs, GETs … of both, until they differ. */
static bool same(const struct step *step, enum event_kind kind)
{
	const struct event *one, *other;
	unsigned int n = 0;

	do {
		one = nth(&step->due, kind, n);
		other = nth(&kernel_events, kind, n++);
	} while (one && other && one->row == other->row);
	return !one && !other;
}

static bool reads(const struct step *step)
{
	return step->op->kind == OP_GET || step->op->kind == OP_FETCH ||
	       step->op->kind == OP_INSPECT;
}

static bool flushes(const struct step *step)
{
	return step->op->kind == OP_FLUSH || step->op->kind == OP_RUN;
}

static bool settled(const struct step *step)
{
	for (unsigned int i = 0; i < kernel_events.count; i++) {
		const struct event *event = &kernel_events.list[i];
		bool transfer = event->kind == EVENT_GET || event->kind == EVENT_SET;

		if (event->kind == EVENT_OTHER || (event->kind == EVENT_SETTLE && !event->owed) ||
		    (transfer && event->owed))
			return false;
	}
	return same(step, EVENT_SETTLE) && step->regs->owed == kernel.owes &&
	       kernel_run.immediate_exit == 0;
}

/* Of all rows that were written, each is in `rows`. */
static bool wrote_only(unsigned int rows)
{
	const struct event *set;

	for (unsigned int n = 0; (set = nth(&kernel_events, EVENT_SET, n)); n++)
		if (!(rows & BIT(set->row)))
			return false;
	return true;
}

static bool timer_left_alone(const struct step *step)
{
	return asked(&step->before, ROW_T) || wrote_only((BIT(ROWS) - 1) & ~BIT(ROW_T));
}

static bool refused_once(const struct step *step)
{
	return wrote_only(~(step->before.refused & ~asked_rows(&step->before)));
}

static bool refused_told(const struct step *step)
{
	for (unsigned int row = 0; row < ROWS; row++)
		if (step->after.refused & BIT(row) &&
		    memcmp(&step->regs->refused_values[row], step->after.refused_value[row], 2))
			return false;
	return step->regs->refused[0] == step->after.refused && step->result == step->due_result;
}

static bool refused_alone(const struct step *step)
{
	return step->due_result == 0 ||
	       due_count(&kernel_events, EVENT_SET) >= due_count(&step->due, EVENT_SET);
}

static bool clean_left_alone(const struct step *step)
{
	return wrote_only(asked_rows(&step->before));
}

static bool reset_forgot(const struct step *step)
{
	return step->op->kind != OP_RESET ||
	       (step->regs->valid[0] == 0 && step->regs->changed[0] == 0 && step->regs->dirty == 0);
}

static bool read_clean(const struct step *step)
{
	return !reads(step) || ((step->regs->changed[0] & ~asked_rows(&step->before)) == 0 &&
				(step->before.asked || step->regs->dirty == 0));
}

static bool set_cheap(const struct step *step)
{
	return step->op->kind != OP_SET || (same(step, EVENT_GET) && wrote_only(0));
}

static bool fetch_exact(const struct step *step)
{
	return (step->op->kind != OP_FETCH && step->op->kind != OP_INSPECT) ||
	       same(step, EVENT_GET);
}

static bool get_cheap(const struct step *step)
{
	return step->op->kind != OP_GET || same(step, EVENT_GET);
}

static bool flush_in_order(const struct step *step)
{
	return same(step, EVENT_SET) && (!flushes(step) || same(step, EVENT_GET));
}

/* The values that were written, of these rows, and what waits to be. */
static bool kept_for(const struct step *step, unsigned int rows)
{
	const struct event *set, *wanted;

	for (unsigned int n = 0; (wanted = nth(&step->due, EVENT_SET, n)); n++) {
		set = nth(&kernel_events, EVENT_SET, n);
		if (rows & BIT(wanted->row) && set->value != wanted->value)
			return false;
	}
	return ((step->regs->changed[0] ^ asked_rows(&step->after)) & rows) == 0;
}

static bool shown(const struct step *step, unsigned int numbers)
{
	if (step->op->kind == OP_GET && numbers & BIT(step->op->what))
		return step->value == truth(&step->after, step->op->what);
	for (unsigned int n = 0; step->op->kind == OP_INSPECT && n < REGISTERS; n++)
		if (numbers & BIT(n) && n != ROW_B && !(BIT(n) & settable_bits) &&
		    step->viewed[n] != truth(&step->after, n))
			return false;
	return true;
}

static bool bits_kept(const struct step *step)
{
	return kept_for(step, settable_bits | BIT(ROW_S)) && shown(step, BIT(ROW_S));
}

static bool changes_kept(const struct step *step)
{
	unsigned int classes = 0;

	for (unsigned int row = 0; row < ROWS; row++)
		classes |= asked(&step->after, row) ? model_table.rows[row].class : 0;
	return kept_for(step, ~settable_bits) && shown(step, step->after.asked) &&
	       step->regs->dirty == classes;
}

static bool run_forgot(const struct step *step)
{
	return step->op->kind != OP_RUN || step->due_result < 0 || step->regs->valid[0] == 0;
}

static bool flush_forgot(const struct step *step)
{
	unsigned int written = asked_rows(&step->before);

	return (!flushes(step) || (step->regs->valid[0] & written) == 0) && shown(step, BIT(ROW_M));
}

static bool truth_told(const struct step *step)
{
	return shown(step, ~0u);
}

static bool known_exactly(const struct step *step)
{
	unsigned int rows = ~asked_rows(&step->after) & (BIT(ROWS) - 1);

	return ((step->regs->valid[0] ^ step->after.known) & rows) == 0;
}

static bool look_complete(const struct step *step)
{
	return step->op->kind != OP_INSPECT || (step->views == REGISTERS - 3 && !step->marks_wrong);
}

static bool counted(const struct step *step)
{
	uint64_t counts[REG_CLASSES][REG_OPS] = {0};

	for (unsigned int i = 0; i < kernel_events.count; i++) {
		const struct event *event = &kernel_events.list[i];
		bool set = event->kind == EVENT_SET;
		unsigned int row = event->row, class;

		if (!set && event->kind != EVENT_GET)
			continue;
		class = (unsigned int)__builtin_ctz(model_table.rows[row].class);
		if (set && kernel.refuses && (row == ROW_R || row == ROW_B || row == ROW_OR))
			counts[class][REG_REFUSED]++;
		else
			counts[class][set ? REG_SET : REG_GET]++;
	}
	return memcmp(counts, step->regs->ioctls, sizeof(counts)) == 0;
}

const struct rule rules[] = {
	{"an unfinished exit is finished once, before anything is read or written", settled},
	{"S5: a row that the kernel runs is written only when somebody asked for it",
	 timer_left_alone},
	{"S1: a refused row is not tried again until it is set again", refused_once},
	{"S1: a refused row is recorded with its value, and reported", refused_told},
	{"S1: a refused row keeps no other row from being written", refused_alone},
	{"a write costs nothing; that of a field gets its block once", set_cheap},
	{"a row that nobody changed is never written", clean_left_alone},
	{"S1: after a reset nothing is known and nothing is written", reset_forgot},
	{"a read makes nothing dirty", read_clean},
	{"S5: a fetch gets what is not known of its classes, and nothing else", fetch_exact},
	{"a read costs one GET at most, none of what is known", get_cheap},
	{"a flush writes what was changed, once each, in table order", flush_in_order},
	{"S5: no bit that the kernel set is lost, and none that was asked for", bits_kept},
	{"S5: no change is lost", changes_kept},
	{"after a run nothing is known", run_forgot},
	{"S1: after a flush the copy is what the kernel kept", flush_forgot},
	{"S3: a reader sees what was last asked for, or else what the kernel has", truth_told},
	{"what was got stays known", known_exactly},
	{"a look shows every register, and the marks of before", look_complete},
	{"transfers are counted by class", counted},
};
const unsigned int rule_count = sizeof(rules) / sizeof(rules[0]);

int rules_judge(const struct step *step)
{
	for (unsigned int i = 0; i < rule_count; i++)
		if (!rules[i].holds(step))
			return (int)i;
	return -1;
}
