/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a JSON object into a C structure by a table of its fields. Strict: unknown
 * fields, duplicates, wrong types and numbers out of range are refused by name.
 * Knows neither HTTP nor what the fields mean. */
#ifndef MOTE_API_FIELDS_H
#define MOTE_API_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

enum field_kind {
	FIELD_STRING, /* into char *, owned by the target */
	FIELD_BOOL, /* into bool */
	FIELD_UINT32, /* into uint32_t, minimum … maximum */
	FIELD_INT, /* into int, minimum … maximum */
	FIELD_STRINGS, /* array of strings, into char **, NULL-terminated, owned by the target */
	FIELD_PAIRS, /* object of strings, into char ** of "K=V", likewise */
	FIELD_CHOICE, /* a string of names, into int: the member of values at its place */
	FIELD_OBJECT, /* an object of `members`, whose offsets are into the same target */
	FIELD_UNBUILT, /* whatever it is: not supported yet */
	FIELD_ONLY_FALSE, /* stored nowhere: true isn't built yet */
	FIELD_ONLY_FIRST, /* stored nowhere: a string of names, of which the first is built */
	FIELD_KIND_COUNT,
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_kind kind;
	bool required;
	bool nullable; /* null is the same as absent */
	size_t offset; /* of the member in the target */
	int64_t minimum, maximum;
	const char *const *names; /* FIELD_CHOICE, FIELD_ONLY_FIRST: NULL-terminated */
	const int *values; /* FIELD_CHOICE */
	const struct field *members; /* FIELD_OBJECT */
};

/* Fills target, which starts zeroed; on failure it may hold some fields, which the caller
 * frees as after success. *culprit is the field at fault (valid as long as object) or NULL. */
int fields_read(const struct field *fields, const json_t *object, void *target,
		const char **culprit, struct error *err);

#endif
