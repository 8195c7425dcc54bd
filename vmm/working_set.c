/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/working_set.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/bytes.h"

enum { VERSION = 1 };
enum { AT_VERSION = 8, AT_COUNT = 12, AT_ID = 16, AT_SUM = 32, AT_RUNS = WORKING_SET_HEADER_SIZE };

static const char magic[8] = {'m', 'o', 't', 'e', 'w', 'o', 'r', 'k'};

static uint8_t *run_at(const uint8_t *data, unsigned int index)
{
	return (uint8_t *)data + AT_RUNS + (size_t)index * WORKING_SET_RUN_SIZE;
}

struct working_set_run working_set_run(const uint8_t *data, unsigned int index)
{
	const uint8_t *at = run_at(data, index);

	return (struct working_set_run){bytes_load_le(at, 8), bytes_load_le(at + 8, 8)};
}

/* All but the sum itself. */
static uint64_t sum(const uint8_t *data, size_t size)
{
	return state_sum(state_sum(0, data, AT_SUM), data + AT_RUNS, size - AT_RUNS);
}

/* ---- making ---- */

static bool in_set(const uint64_t *set, size_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* The pages of a run that begins at page i, at most `most`: up to the last one before a gap. */
static size_t run_length(const uint64_t *set, size_t i, size_t pages, size_t gap, size_t most)
{
	size_t end = i + 1;

	for (size_t at = end; at < pages && at - i < most && at - end <= gap; at++)
		if (in_set(set, at))
			end = at + 1;
	return end - i;
}

size_t working_set_make(uint8_t *data, const uint8_t id[STATE_ID_SIZE], const uint64_t *touched,
			size_t pages, size_t page_size)
{
	size_t room = WORKING_SET_BYTES_MAX / page_size, run, size;
	unsigned int count = 0;

	for (size_t i = 0; i < pages && room && count < WORKING_SET_RUNS_MAX; i += run) {
		uint8_t *at = run_at(data, count);

		run = 1;
		if (!in_set(touched, i))
			continue;
		run = run_length(touched, i, pages, WORKING_SET_GAP / page_size, room);
		room -= run;
		bytes_store_le(at, 8, i * page_size);
		bytes_store_le(at + 8, 8, run * page_size);
		count++;
	}
	size = (size_t)(run_at(data, count) - data);
	memcpy(data, magic, sizeof(magic));
	bytes_store_le(data + AT_VERSION, 4, VERSION);
	bytes_store_le(data + AT_COUNT, 4, count);
	memcpy(data + AT_ID, id, STATE_ID_SIZE);
	bytes_store_le(data + AT_SUM, 8, sum(data, size));
	return size;
}

/* ---- judging ---- */

/* Neither overlaps the one that ended at *end nor leaves memory. */
static bool run_is_good(const struct working_set_run *run, uint64_t memory_size, uint64_t *end)
{
	if (run->offset % MEMORY_SUM_PAGE || run->length % MEMORY_SUM_PAGE || !run->length ||
	    run->offset < *end || run->offset > memory_size ||
	    run->length > memory_size - run->offset)
		return false;
	*end = run->offset + run->length;
	return true;
}

static int judge_runs(const uint8_t *data, unsigned int count, uint64_t memory_size,
		      struct error *err)
{
	uint64_t end = 0, total = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct working_set_run run = working_set_run(data, i);

		if (!run_is_good(&run, memory_size, &end))
			return error_set(err, EINVAL, "run %u is impossible", i);
		total += run.length;
	}
	return total <= WORKING_SET_BYTES_MAX
		       ? 0
		       : error_set(err, EINVAL, "more memory than a working set may have");
}

int working_set_judge(const uint8_t *data, size_t size, const uint8_t id[STATE_ID_SIZE],
		      uint64_t memory_size, unsigned int *count, struct error *err)
{
	if (size < AT_RUNS || size > WORKING_SET_FILE_MAX ||
	    memcmp(data, magic, sizeof(magic)) != 0 ||
	    bytes_load_le(data + AT_VERSION, 4) != VERSION)
		return error_set(err, EINVAL, "not a working set");
	*count = (unsigned int)bytes_load_le(data + AT_COUNT, 4);
	if (size - AT_RUNS != (uint64_t)*count * WORKING_SET_RUN_SIZE)
		return error_set(err, EINVAL, "cut off");
	if (bytes_load_le(data + AT_SUM, 8) != sum(data, size))
		return error_set(err, EINVAL, "damaged: the checksum is another");
	if (memcmp(data + AT_ID, id, STATE_ID_SIZE) != 0)
		return error_set(err, EINVAL, "the working set of another snapshot");
	return judge_runs(data, *count, memory_size, err);
}
