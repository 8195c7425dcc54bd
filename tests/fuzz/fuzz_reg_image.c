/* SPDX-License-Identifier: Apache-2.0 */
/* Images of registers that somebody else made. Whatever they are, a restore refuses them with a
 * reason or leaves nothing to be written, and a comparison stays inside them. The first two
 * bytes say how much of the rest is the baseline. */
#include "tests/fuzz/support/input.h"
#include "vmm/reg_image.h"

static const struct reg_row rows[] = {
	{"EARLY", 1, REG_FEATURE, REG_EARLY, 0, 8, 0, 0},
	{"PC", 2, REG_RUNTIME, REG_GUEST, 8, 8, 0, 0},
	{"ID", 3, REG_FEATURE, REG_READ_ONLY, 16, 4, 0, 0},
	{"COUNT", 4, REG_TIMER, REG_VOLATILE | REG_CLOCK, 24, 8, 0, 0},
	{"CTL", 5, REG_TIMER, REG_ENABLE | REG_STATUS_BITS(4), 32, 8, 0, 0},
	{"TSR", 6, REG_TIMER, REG_VOLATILE | REG_READ_ONLY, 40, 4, 0, 0},
	{"OR_TSR", 7, REG_TIMER, REG_OR_BITS, 44, 4, 0, 0},
	{"CLEAR_TSR", 8, REG_TIMER, REG_CLEAR_BITS, 48, 4, 0, 0},
	{"Z0", 9, REG_FPSIMD, REG_GUEST, 52, 256, 0, 0},
	{"EVENTS", 10, REG_EVENT, REG_BLOCK | REG_LATE, 308, 64, 11, 12},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), BYTES = 372 };

static const struct reg_table table = {.rows = rows, .row_count = ROWS, .bytes = BYTES};

static unsigned int differences;

static void differs(void *context, uint64_t id, const struct reg_row *row, const void *a,
		    const void *b)
{
	uint8_t value[BYTES];

	(void)context;
	check(a || b);
	check(!row || row->id == id);
	if (row && a)
		memcpy(value, a, row->size);
	if (row && b)
		memcpy(value, b, row->size);
	differences++;
}

/* In memory of its own, so that a byte too far is seen. */
static struct reg_image image_of(const uint8_t *data, size_t size)
{
	struct reg_image image = {.data = malloc(size + !size), .size = size};

	if (size)
		memcpy(image.data, data, size);
	return image;
}

static void restore(const struct reg_image *image, const struct reg_image *baseline)
{
	struct regs regs;
	struct error err = {0};
	int result = regs_init(&regs, &table, -1, NULL, &err);

	check(result == 0);
	memset(regs.values, 0, table.bytes);
	regs.listed = true;
	for (int step = REG_RESTORE_EARLY; result == 0 && step <= REG_RESTORE_LATE; step++)
		result = regs_restore(&regs, image, baseline, (enum reg_restore)step, &err);
	check(result == 0 ? !regs.dirty : result == -err.code);
	if (result < 0)
		check_message(err.message);
	regs_finish(&regs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	size_t split = input_u16(&input);
	struct reg_image image, baseline;
	unsigned int count;

	split = split < input.size ? split : input.size;
	baseline = image_of(input.data, split);
	image = image_of(input.data + split, input.size - split);
	restore(&image, &baseline);
	restore(&image, NULL);
	differences = 0;
	count = reg_image_diff(&table, &baseline, &image, differs, NULL);
	check(count == differences);
	reg_image_free(&image);
	reg_image_free(&baseline);
	return 0;
}
