/* SPDX-License-Identifier: Apache-2.0 */
/* Working sets by somebody who knows how the checksum is made, or, by the first byte, does not.
 * Whatever they hold, they are refused with a reason, or every run lies in memory, in order. */
#include "tests/fuzz/support/input.h"
#include "vmm/bytes.h"
#include "vmm/working_set.h"

enum { MEMORY = 128 << 20, SUM = 32 };

static const uint8_t id[STATE_ID_SIZE];

static void check_runs(const uint8_t *data, unsigned int count)
{
	uint64_t end = 0, total = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct working_set_run run = working_set_run(data, i);

		check(run.offset >= end && run.offset < MEMORY);
		check(run.length > 0 && run.length <= MEMORY - run.offset);
		end = run.offset + run.length;
		total += run.length;
	}
	check(total <= WORKING_SET_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool sealed = size && data[0] & 1;
	struct error err = {0};
	unsigned int count;
	uint8_t *bytes;

	if (!size--)
		return 0;
	/* In memory of its own, so that a byte too far is seen. */
	bytes = malloc(size + !size);
	memcpy(bytes, data + 1, size);
	if (sealed && size >= WORKING_SET_HEADER_SIZE)
		bytes_store_le(bytes + SUM, 8,
			       state_sum(state_sum(0, bytes, SUM), bytes + WORKING_SET_HEADER_SIZE,
					 size - WORKING_SET_HEADER_SIZE));
	if (working_set_judge(bytes, size, id, MEMORY, &count, &err) < 0)
		check_message(err.message);
	else
		check_runs(bytes, count);
	free(bytes);
	return 0;
}
