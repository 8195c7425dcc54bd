/* SPDX-License-Identifier: Apache-2.0 */
/* explore [--long]: every sequence of operations up to a depth, breadth first, equal states
 * merged, against the rules. Speaks TAP; a rule that is broken comes with the shortest sequence
 * that breaks it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/model.h"

enum { WORLD_ROWS = 1 << 0, WORLD_PARTS = 1 << 1, WORLD_BOTH = 1 << 2 };
enum { ROWS_ONLY = WORLD_ROWS | WORLD_BOTH, PARTS_ONLY = WORLD_PARTS | WORLD_BOTH };
enum { EVERYWHERE = WORLD_ROWS | WORLD_PARTS | WORLD_BOTH };

static const struct op ops[] = {
	{"fetch runtime", OP_FETCH, REG_RUNTIME, 0, EVERYWHERE},
	{"fetch timer", OP_FETCH, REG_TIMER, 0, EVERYWHERE},
	{"inspect", OP_INSPECT, 0, 0, EVERYWHERE},
	{"get R", OP_GET, ROW_R, 0, ROWS_ONLY},
	{"get M", OP_GET, ROW_M, 0, ROWS_ONLY},
	{"get P", OP_GET, ROW_P, 0, EVERYWHERE},
	{"get T", OP_GET, ROW_T, 0, ROWS_ONLY},
	{"get F0", OP_GET, FIELD_0, 0, PARTS_ONLY},
	{"get F1", OP_GET, FIELD_1, 0, PARTS_ONLY},
	{"get S", OP_GET, ROW_S, 0, PARTS_ONLY},
	{"set R 1", OP_SET, ROW_R, 1, ROWS_ONLY},
	{"set R 2", OP_SET, ROW_R, 2, ROWS_ONLY},
	{"set M 2", OP_SET, ROW_M, 2, ROWS_ONLY},
	{"set P 1", OP_SET, ROW_P, 1, EVERYWHERE},
	{"set P 2", OP_SET, ROW_P, 2, ROWS_ONLY},
	{"set T 3", OP_SET, ROW_T, 3, ROWS_ONLY},
	{"set F0 1", OP_SET, FIELD_0, 1, PARTS_ONLY},
	{"set F0 2", OP_SET, FIELD_0, 2, PARTS_ONLY},
	{"set F1 1", OP_SET, FIELD_1, 1, PARTS_ONLY},
	{"or S 1", OP_SET, ROW_OR, 1, PARTS_ONLY},
	{"or S 2", OP_SET, ROW_OR, 2, PARTS_ONLY},
	{"clear S 1", OP_SET, ROW_CLEAR, 1, PARTS_ONLY},
	{"clear S 2", OP_SET, ROW_CLEAR, 2, PARTS_ONLY},
	{"flush", OP_FLUSH, 0, 0, EVERYWHERE},
	{"run", OP_RUN, GUEST_RAN, 0, EVERYWHERE},
	{"run until a read of a device", OP_RUN, GUEST_READS, 0, EVERYWHERE},
	{"run, interrupted", OP_RUN, GUEST_INTERRUPTED, 0, EVERYWHERE},
	{"tick", OP_TICK, 0, 0, EVERYWHERE},
	{"reset", OP_RESET, 0, 0, EVERYWHERE},
	{"the kernel changes its mind about refusing", OP_REFUSE, 0, 0, EVERYWHERE},
};
enum { OPS = sizeof(ops) / sizeof(ops[0]) };

static const struct world {
	const char *name;
	unsigned int bit;
	unsigned int depth, long_depth;
} worlds[] = {
	{"two classes of two rows", WORLD_ROWS, 8, 10},
	{"a block and single bits", WORLD_PARTS, 8, 9},
	{"all of them at once", WORLD_BOTH, 6, 7},
};
enum { WORLDS = sizeof(worlds) / sizeof(worlds[0]) };

/* ---- the engine, and what it is asked ---- */

static struct regs regs;
static uint8_t values[BYTES];
static uint64_t refused_values[REG_ROWS_MAX];
static struct reference reference;
static struct error err;

static void start(void)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(&reference, 0, sizeof(reference));
	if (regs_init(&regs, &model_table, FD, &kernel_run, &err) < 0 || regs_list(&regs, &err) < 0)
		abort();
	free(regs.values);
	regs.values = values;
	regs.refused_values = refused_values;
}

static unsigned int number_of(const char *name)
{
	for (unsigned int i = 0; i < ROWS; i++)
		if (!strcmp(model_table.rows[i].name, name))
			return i;
	return strcmp(name, "F0") ? FIELD_1 : FIELD_0;
}

static void seen(void *context, const struct reg_view *view)
{
	struct step *step = context;
	const struct reference *before = &step->before;
	unsigned int number = number_of(view->name), row = model_row_of(number);
	bool asked = before->asked >> number & 1;
	bool row_asked = row == ROW_B ? before->asked >> FIELD_0 & 3 : asked;
	bool refused = before->refused >> row & 1;

	step->views++;
	step->viewed[number] = view->value[0];
	if (view->changed != row_asked || view->refused != refused ||
	    (!row_asked && view->valid != (before->known >> row & 1)) ||
	    (refused && memcmp(&view->refused_value, before->refused_value[row], 2)) ||
	    view->class != model_table.rows[row].class || view->size != 1)
		step->marks_wrong = true;
}

static int inspect(struct step *step)
{
	struct reg_marks marks;
	int result = regs_inspect(&regs, &marks, &err);

	regs_view(&regs, &marks, seen, step);
	return result;
}

/* As a vCPU's thread does it. */
static int run(enum guest guest)
{
	int result = regs_flush(&regs, &err);

	if (result < 0)
		return result;
	kernel_guest = guest;
	result = kvm_ioctl_value(FD, KVM_RUN, 0);
	regs_returned(&regs, result == 0 && guest == GUEST_READS);
	return 0;
}

static int reset(void)
{
	int result = regs_settle(&regs, &err);

	kernel_init();
	regs_reset(&regs);
	return result;
}

static int perform(struct step *step)
{
	const struct op *op = step->op;

	switch (op->kind) {
	case OP_FETCH:
		return regs_fetch(&regs, op->what, &err);
	case OP_INSPECT:
		return inspect(step);
	case OP_GET:
		return reg_get(&regs, op->what, &step->value, &err);
	case OP_SET:
		return reg_set(&regs, op->what, op->value, &err);
	case OP_FLUSH:
		return regs_flush(&regs, &err);
	case OP_RUN:
		return run((enum guest)op->what);
	case OP_RESET:
		return reset();
	case OP_TICK:
		kernel_tick();
		return 0;
	default:
		kernel.refuses = !kernel.refuses;
		return 0;
	}
}

/* ---- states ---- */

/* All that the future depends on. Words that are zero are not stored. */
struct state {
	struct regs regs; /* without pointers and counters */
	uint64_t refused_values[ROWS];
	uint8_t values[BYTES];
	struct kernel kernel;
	struct reference reference;
};
enum { WORD = 64, WORDS = (sizeof(struct state) + 7) / 8, MAPS = (WORDS + WORD - 1) / WORD };
union image {
	struct state state;
	uint64_t words[WORDS];
};

struct found { /* a state that was reached, and how */
	uint32_t from;
	uint8_t op, size; /* words */
	uint64_t at; /* in the store */
};

static uint64_t *store;
static struct found *founds;
static uint32_t *slots; /* of founds, by hash; 0: free */
static uint64_t stored, store_room, slot_count;
static uint32_t found_count, found_room;

static void *grow(void *array, size_t count, size_t size)
{
	array = realloc(array, count * size);
	if (!array) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return array;
}

/* What is neither valid nor changed must not matter: it becomes the same in every state, and
 * no register's value. */
static void poison(struct state *state)
{
	for (unsigned int i = 0; i < ROWS; i++) {
		const struct reg_row *row = &model_table.rows[i];

		if (!reg_bit(state->regs.valid, i) && !reg_bit(state->regs.changed, i))
			memset(state->values + row->offset, 0xa5, row->size);
		if (!reg_bit(state->regs.refused, i))
			state->refused_values[i] = 0;
	}
}

static unsigned int state_pack(uint64_t *packed)
{
	static union image image;
	struct state *state = &image.state;
	unsigned int size = MAPS;

	memcpy(&state->regs, &regs, sizeof(regs));
	state->regs.table = NULL;
	state->regs.run = NULL;
	state->regs.values = NULL;
	state->regs.refused_values = NULL;
	memset(state->regs.ioctls, 0, sizeof(state->regs.ioctls));
	memcpy(state->refused_values, refused_values, sizeof(state->refused_values));
	memcpy(state->values, values, sizeof(values));
	memcpy(&state->kernel, &kernel, sizeof(kernel));
	memcpy(&state->reference, &reference, sizeof(reference));
	poison(state);
	memset(packed, 0, MAPS * sizeof(*packed));
	for (unsigned int i = 0; i < WORDS; i++)
		if (image.words[i]) {
			packed[i / WORD] |= 1ull << (i % WORD);
			packed[size++] = image.words[i];
		}
	return size;
}

static void state_unpack(const uint64_t *packed)
{
	static union image image;
	const struct state *state = &image.state;
	unsigned int at = MAPS;

	memset(&image, 0, sizeof(image));
	for (unsigned int map = 0; map < MAPS; map++)
		for (uint64_t bits = packed[map]; bits; bits &= bits - 1)
			image.words[map * WORD + (unsigned int)__builtin_ctzll(bits)] =
				packed[at++];
	memcpy(&regs, &state->regs, sizeof(regs));
	regs.table = &model_table;
	regs.run = &kernel_run;
	regs.values = values;
	regs.refused_values = refused_values;
	memcpy(refused_values, state->refused_values, sizeof(state->refused_values));
	memcpy(values, state->values, sizeof(values));
	memcpy(&kernel, &state->kernel, sizeof(kernel));
	memcpy(&reference, &state->reference, sizeof(reference));
}

static uint64_t hash_of(const uint64_t *packed, unsigned int size)
{
	uint64_t hash = size;

	for (unsigned int i = 0; i < size; i++)
		hash = ((hash ^ packed[i]) * 0x9e3779b97f4a7c15) ^ (hash >> 29);
	return hash ^ hash >> 32;
}

static uint32_t *slot_of(const uint64_t *packed, unsigned int size)
{
	uint64_t i = hash_of(packed, size) % slot_count;

	for (; slots[i]; i = (i + 1) % slot_count) {
		const struct found *found = &founds[slots[i] - 1];

		if (found->size == size &&
		    !memcmp(store + found->at, packed, size * sizeof(*packed)))
			break;
	}
	return &slots[i];
}

static void slots_grow(void)
{
	slot_count = slot_count ? 4 * slot_count : 1 << 16;
	slots = grow(slots, slot_count, sizeof(*slots));
	memset(slots, 0, slot_count * sizeof(*slots));
	for (uint32_t i = 0; i < found_count; i++)
		*slot_of(store + founds[i].at, founds[i].size) = i + 1;
}

/* The state as it is now, unless it was reached before. */
static void state_add(uint32_t from, unsigned int op)
{
	uint64_t packed[MAPS + WORDS];
	unsigned int size = state_pack(packed);
	uint32_t *slot;

	if (2ull * found_count >= slot_count)
		slots_grow();
	slot = slot_of(packed, size);
	if (*slot)
		return;
	if (found_count == found_room) {
		found_room = found_room ? 2 * found_room : 1 << 14;
		founds = grow(founds, found_room, sizeof(*founds));
	}
	if (stored + size > store_room) {
		store_room = store_room ? 2 * store_room : 1 << 18;
		store = grow(store, store_room, sizeof(*store));
	}
	memcpy(store + stored, packed, size * sizeof(*packed));
	founds[found_count++] = (struct found){from, (uint8_t)op, (uint8_t)size, stored};
	stored += size;
	*slot = found_count;
}

static void states_forget(void)
{
	found_count = 0;
	stored = 0;
	if (slots)
		memset(slots, 0, slot_count * sizeof(*slots));
}

/* ---- exploration ---- */

static char *counterexamples[64]; /* by rule */
static uint64_t transitions;

static char *sequence_to(uint32_t state, const struct op *last)
{
	uint8_t path[64];
	unsigned int length = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (; state; state = founds[state].from)
		path[length++] = founds[state].op;
	while (length-- > 0)
		fprintf(out, "%s; ", ops[path[length]].name);
	fprintf(out, "%s", last->name);
	fclose(out);
	return text;
}

/* Whether every rule holds. */
static bool explore_op(uint32_t state, unsigned int op)
{
	struct step step = {.op = &ops[op], .regs = &regs};
	int broken;

	state_unpack(store + founds[state].at);
	kernel_forget();
	step.before = reference;
	rules_expect(&step);
	step.result = perform(&step);
	broken = rules_judge(&step);
	transitions++;
	if (broken >= 0) {
		counterexamples[broken] = sequence_to(state, step.op);
		return false;
	}
	reference = step.after;
	state_add(state, op);
	return true;
}

static bool explore(const struct world *world, unsigned int depth)
{
	uint32_t next = 0;

	states_forget();
	start();
	state_add(0, 0);
	for (unsigned int level = 0; level < depth; level++)
		for (uint32_t end = found_count; next < end; next++)
			for (unsigned int op = 0; op < OPS; op++)
				if (ops[op].worlds & world->bit && !explore_op(next, op))
					return false;
	return true;
}

int main(int argc, char **argv)
{
	bool longer = argc > 1 && !strcmp(argv[1], "--long");
	bool good = true;

	printf("1..%u\n", WORLDS + rule_count);
	for (unsigned int i = 0; i < WORLDS && good; i++) {
		unsigned int depth = longer ? worlds[i].long_depth : worlds[i].depth;

		transitions = 0;
		good = explore(&worlds[i], depth);
		printf("%sok %u - %s: all states within %u operations: %u states, %llu "
		       "transitions\n",
		       good ? "" : "not ", i + 1, worlds[i].name, depth, found_count,
		       (unsigned long long)transitions);
		fflush(stdout);
	}
	for (unsigned int i = 0; i < rule_count; i++) {
		printf("%sok %u - %s\n", counterexamples[i] ? "not " : "", WORLDS + i + 1,
		       rules[i].name);
		if (counterexamples[i])
			printf("# broken by: %s\n", counterexamples[i]);
	}
	return good ? 0 : 1;
}
