/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, and how it is told. A counter is a plain word that one thread writes and
 * others may read at any moment; each module has its own. Nothing is put together before
 * somebody asks: then every module adds its samples to a struct metrics, and the whole
 * becomes text.
 * Source: Prometheus, "Exposition formats", text-based format, version 0.0.4. */
#ifndef MOTE_METRICS_H
#define MOTE_METRICS_H

#include <stdint.h>

enum metric {
	METRIC_EXITS, /* reason */
	METRIC_REGISTER_IOCTLS, /* class, op */
	METRIC_UNKNOWN_HYPERCALLS,
	METRIC_UNKNOWN_SYSCALLS, /* name */
	METRIC_GUEST_RESIDENT, /* bytes */
	METRIC_WATCHDOG_REPORTS,
	METRIC_WATCHDOG_UNRESPONSIVE, /* 0, 1 */
	METRIC_OPERATION_SECONDS, /* operation; given in microseconds */
	METRIC_CPU_SECONDS, /* given in microseconds */
	METRIC_COUNT,
};

enum { METRICS_MAX = 256, METRIC_LABEL_MAX = 32 };

struct metric_sample {
	enum metric metric;
	uint64_t value;
	char labels[2][METRIC_LABEL_MAX]; /* values; "": none */
};

struct metrics {
	unsigned int count;
	struct metric_sample samples[METRICS_MAX];
};

/* One more; the counter's own thread. */
static inline void metrics_count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static inline uint64_t metrics_load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Adds a sample, or its value to the sample of the same labels. Labels, NULL for none, have
 * no characters that would need quoting. What doesn't fit any more is left out. */
void metrics_add(struct metrics *metrics, enum metric metric, uint64_t value, const char *label,
		 const char *second_label);

/* The samples as Prometheus text, or as one line of JSON with its newline: a member for each
 * metric, of an object by labels where it has labels. The caller frees; NULL: out of memory. */
char *metrics_text(const struct metrics *metrics);
char *metrics_json(const struct metrics *metrics, uint64_t utc_timestamp_ms);

#endif
