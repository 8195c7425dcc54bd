/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MICRO = 1000000 };

static const struct family {
	const char *name, *type, *help;
	const char *labels[2]; /* names */
	bool micro; /* samples are millionths of the unit */
} families[METRIC_COUNT] = {
	[METRIC_EXITS] = {"mote_exits_total",
			  "counter",
			  "Exits from the guest to the monitor.",
			  {"reason"}},
	[METRIC_REGISTER_IOCTLS] = {"mote_register_ioctls_total",
				    "counter",
				    "Registers transferred between the monitor and KVM.",
				    {"class", "op"}},
	[METRIC_UNKNOWN_HYPERCALLS] = {"mote_unknown_hypercalls_total", "counter",
				       "Hypercalls of the guest that do not exist."},
	[METRIC_UNKNOWN_SYSCALLS] = {"mote_unknown_syscalls_total",
				     "counter",
				     "System calls of the application that do not exist.",
				     {"name"}},
	[METRIC_GUEST_RESIDENT] = {"mote_guest_resident_bytes", "gauge",
				   "Guest memory that the host backs with pages."},
	[METRIC_WATCHDOG_REPORTS] = {"mote_watchdog_reports_total", "counter",
				     "How often the guest was found unresponsive."},
	[METRIC_WATCHDOG_UNRESPONSIVE] = {"mote_watchdog_unresponsive", "gauge",
					  "1 while the guest does not answer."},
	[METRIC_OPERATION_SECONDS] = {"mote_operation_seconds",
				      "gauge",
				      "Duration of the last operation of each kind.",
				      {"operation"},
				      true},
	[METRIC_CPU_SECONDS] = {"process_cpu_seconds_total",
				"counter",
				"CPU time of the monitor, the guest's included.",
				{NULL},
				true},
};

static struct metric_sample *find(struct metrics *metrics, enum metric metric, const char *label,
				  const char *second_label)
{
	for (unsigned int i = 0; i < metrics->count; i++) {
		struct metric_sample *sample = &metrics->samples[i];

		if (sample->metric == metric && !strcmp(sample->labels[0], label) &&
		    !strcmp(sample->labels[1], second_label))
			return sample;
	}
	return NULL;
}

static struct metric_sample *make(struct metrics *metrics, enum metric metric, const char *label,
				  const char *second_label)
{
	struct metric_sample *sample;

	if (metrics->count == METRICS_MAX)
		return NULL;
	sample = &metrics->samples[metrics->count++];
	*sample = (struct metric_sample){.metric = metric};
	strncpy(sample->labels[0], label, METRIC_LABEL_MAX - 1);
	strncpy(sample->labels[1], second_label, METRIC_LABEL_MAX - 1);
	return sample;
}

void metrics_add(struct metrics *metrics, enum metric metric, uint64_t value, const char *label,
		 const char *second_label)
{
	const char *first = label ? label : "", *second = second_label ? second_label : "";
	struct metric_sample *sample = find(metrics, metric, first, second);

	if (!sample)
		sample = make(metrics, metric, first, second);
	if (sample)
		sample->value += value;
}

static void print_value(FILE *to, const struct family *family, uint64_t value)
{
	if (family->micro)
		fprintf(to, "%" PRIu64 ".%06" PRIu64, value / MICRO, value % MICRO);
	else
		fprintf(to, "%" PRIu64, value);
}

static void print_sample(FILE *to, const struct family *family, const struct metric_sample *sample)
{
	fputs(family->name, to);
	if (family->labels[0])
		fprintf(to, "{%s=\"%s\"", family->labels[0], sample->labels[0]);
	if (family->labels[1])
		fprintf(to, ",%s=\"%s\"", family->labels[1], sample->labels[1]);
	fputs(family->labels[0] ? "} " : " ", to);
	print_value(to, family, sample->value);
	fputc('\n', to);
}

static void print_text(FILE *to, const struct metrics *metrics)
{
	for (unsigned int f = 0; f < METRIC_COUNT; f++) {
		const struct family *family = &families[f];

		fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
			family->name, family->type);
		for (unsigned int i = 0; i < metrics->count; i++)
			if (metrics->samples[i].metric == f)
				print_sample(to, family, &metrics->samples[i]);
	}
}

static void print_members(FILE *to, const struct metrics *metrics, unsigned int f)
{
	const struct family *family = &families[f];
	bool first = true;

	for (unsigned int i = 0; i < metrics->count; i++) {
		const struct metric_sample *sample = &metrics->samples[i];

		if (sample->metric != f)
			continue;
		if (family->labels[0])
			fprintf(to, "%s\"%s%s%s\":", first ? "" : ",", sample->labels[0],
				family->labels[1] ? "_" : "", sample->labels[1]);
		print_value(to, family, sample->value);
		first = false;
	}
	if (first && !family->labels[0])
		fputc('0', to);
}

static void print_json(FILE *to, const struct metrics *metrics, uint64_t utc_timestamp_ms)
{
	fprintf(to, "{\"utc_timestamp_ms\":%" PRIu64, utc_timestamp_ms);
	for (unsigned int f = 0; f < METRIC_COUNT; f++) {
		bool object = families[f].labels[0];

		fprintf(to, ",\"%s\":%s", families[f].name, object ? "{" : "");
		print_members(to, metrics, f);
		fputs(object ? "}" : "", to);
	}
	fputs("}\n", to);
}

/* NULL when the stream could not hold all of it. */
static char *finish(FILE *stream, char **text)
{
	if (fclose(stream) == 0)
		return *text;
	free(*text);
	return NULL;
}

char *metrics_text(const struct metrics *metrics)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	print_text(stream, metrics);
	return finish(stream, &text);
}

char *metrics_json(const struct metrics *metrics, uint64_t utc_timestamp_ms)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	print_json(stream, metrics, utc_timestamp_ms);
	return finish(stream, &text);
}
