/* SPDX-License-Identifier: Apache-2.0 */
/* The q and Q packets: what this end can do, and texts about what is debugged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/gdb.h"

static void supported(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_print(&gdb->out,
		  "PacketSize=%x;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;"
		  "qXfer:features:read+;qXfer:memory-map:read+;qXfer:exec-file:read+;"
		  "qXfer:threads:read+",
		  GDB_PACKET_MAX);
}

static void current(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_print(&gdb->out, "QC%x", gdb->thread + 1);
}

static void attached(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_print(&gdb->out, "1");
}

static void threads(struct gdb *gdb)
{
	char sign = 'm';

	/* Some in each answer, as many as surely have room. */
	while (gdb->listed < gdb->target->threads(gdb->context)) {
		gdb_print(&gdb->out, "%c%x", sign, ++gdb->listed);
		sign = ',';
	}
	if (sign == 'm')
		gdb_print(&gdb->out, "l");
}

static void first_threads(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb->listed = 0;
	threads(gdb);
}

static void more_threads(struct gdb *gdb, const char *text)
{
	(void)text;
	threads(gdb);
}

static void thread_extra(struct gdb *gdb, const char *text)
{
	uint64_t id;

	if (gdb_take_number(&text, &id) && !*text && id - 1 < gdb->target->threads(gdb->context)) {
		const char *name = gdb->target->thread_name(gdb->context, (unsigned int)id - 1);

		gdb_put_hex(&gdb->out, name, strlen(name));
	} else {
		gdb_fail(gdb, -EINVAL);
	}
}

static void offsets(struct gdb *gdb, const char *text)
{
	unsigned long long bias = gdb->target->bias(gdb->context);

	(void)text;
	if (bias)
		gdb_print(&gdb->out, "Text=%llx;Data=%llx;Bss=%llx", bias, bias, bias);
}

/* One part of a text; 'l' at its end, 'm' before. */
static void part(struct gdb *gdb, const char *text, uint64_t offset, uint64_t length)
{
	size_t size = strlen(text);
	uint64_t left = offset < size ? size - offset : 0;

	if (length > GDB_PACKET_MAX - 16)
		length = GDB_PACKET_MAX - 16;
	gdb_print(&gdb->out, "%c", left > length ? 'm' : 'l');
	if (left)
		gdb_put_binary(&gdb->out, text + offset, left < length ? left : length);
}

/* "object:read:annex:offset,length" */
static void transfer(struct gdb *gdb, const char *text)
{
	char name[32], annex[128];
	const char *end = strstr(text, ":read:"), *rest = end ? strchr(end + 6, ':') : NULL;
	uint64_t offset, length;
	char *document;

	if (!rest || (size_t)(end - text) >= sizeof(name) ||
	    (size_t)(rest - end - 6) >= sizeof(annex))
		return; /* there is no such object */
	memcpy(name, text, (size_t)(end - text));
	name[end - text] = '\0';
	memcpy(annex, end + 6, (size_t)(rest - end - 6));
	annex[rest - end - 6] = '\0';
	rest++;
	if (!gdb_take_number(&rest, &offset) || !gdb_take_char(&rest, ',') ||
	    !gdb_take_number(&rest, &length) || *rest) {
		gdb_fail(gdb, -EINVAL);
		return;
	}
	document = gdb->target->document(gdb->context, name, annex);
	if (document)
		part(gdb, document, offset, length);
	else
		gdb_print(&gdb->out, "E00");
	free(document);
}

static void no_ack(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_print(&gdb->out, "OK");
	gdb->no_ack = true;
}

struct query {
	const char *name;
	void (*run)(struct gdb *gdb, const char *text);
};

static const struct query queries[] = {
	{"Supported", supported},
	{"Xfer:", transfer},
	{"Attached", attached},
	{"C", current},
	{"fThreadInfo", first_threads},
	{"sThreadInfo", more_threads},
	{"ThreadExtraInfo,", thread_extra},
	{"Offsets", offsets},
};

static const struct query settings[] = {
	{"StartNoAckMode", no_ack},
};

/* What is in no row gets the empty answer: unknown here. */
static void run(struct gdb *gdb, const char *text, const struct query *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(rows[i].name);
		bool whole = rows[i].name[length - 1] != ':' && rows[i].name[length - 1] != ',';

		if (strncmp(text, rows[i].name, length) ||
		    (whole && text[length] && !strchr(":;", text[length])))
			continue;
		rows[i].run(gdb, text + length);
		return;
	}
}

void gdb_query(struct gdb *gdb, const char *text)
{
	run(gdb, text, queries, sizeof(queries) / sizeof(queries[0]));
}

void gdb_query_set(struct gdb *gdb, const char *text)
{
	run(gdb, text, settings, sizeof(settings) / sizeof(settings[0]));
}
