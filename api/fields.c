/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of JSON objects: one function per kind of field, chosen by a table. */
#include "api/fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int reader(const struct field *field, const json_t *value, void *to, struct error *err);

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "out of memory");
}

static int wrong_type(const struct field *field, const char *wanted, struct error *err)
{
	return error_set(err, EINVAL, "field `%s` must be %s", field->name, wanted);
}

static int read_string(const struct field *field, const json_t *value, void *to, struct error *err)
{
	char **text = to;

	if (!json_is_string(value))
		return wrong_type(field, "a string", err);
	*text = strdup(json_string_value(value));
	return *text ? 0 : no_memory(err);
}

static int read_bool(const struct field *field, const json_t *value, void *to, struct error *err)
{
	if (!json_is_boolean(value))
		return wrong_type(field, "true or false", err);
	*(bool *)to = json_is_true(value);
	return 0;
}

static int check_range(const struct field *field, const json_t *value, int64_t minimum,
		       int64_t maximum, struct error *err)
{
	if (!json_is_integer(value))
		return wrong_type(field, "an integer", err);
	if (json_integer_value(value) >= minimum && json_integer_value(value) <= maximum)
		return 0;
	return error_set(err, ERANGE, "field `%s` must be an integer from %lld to %lld",
			 field->name, (long long)minimum, (long long)maximum);
}

static int read_uint32(const struct field *field, const json_t *value, void *to, struct error *err)
{
	int result = check_range(field, value, field->minimum, field->maximum, err);

	if (!result)
		*(uint32_t *)to = (uint32_t)json_integer_value(value);
	return result;
}

static int read_int(const struct field *field, const json_t *value, void *to, struct error *err)
{
	int result = check_range(field, value, field->minimum, field->maximum, err);

	if (!result)
		*(int *)to = (int)json_integer_value(value);
	return result;
}

static int read_strings(const struct field *field, const json_t *value, void *to, struct error *err)
{
	char **list;
	const json_t *item;
	size_t index;

	if (!json_is_array(value))
		return wrong_type(field, "an array of strings", err);
	list = calloc(json_array_size(value) + 1, sizeof(*list));
	if (!list)
		return no_memory(err);
	*(char ***)to = list;
	json_array_foreach(value, index, item)
	{
		if (!json_is_string(item))
			return wrong_type(field, "an array of strings", err);
		list[index] = strdup(json_string_value(item));
		if (!list[index])
			return no_memory(err);
	}
	return 0;
}

static int read_pair(const struct field *field, const char *key, const json_t *value, char **to,
		     struct error *err)
{
	if (!*key || strchr(key, '='))
		return error_set(err, EINVAL, "field `%s` has the bad name '%.64s'", field->name,
				 key);
	if (!json_is_string(value))
		return error_set(err, EINVAL, "field `%s.%.64s` must be a string", field->name,
				 key);
	if (asprintf(to, "%s=%s", key, json_string_value(value)) >= 0)
		return 0;
	*to = NULL;
	return no_memory(err);
}

static int read_pairs(const struct field *field, const json_t *value, void *to, struct error *err)
{
	json_t *object = (json_t *)value; /* jansson iterates over non-const objects only */
	const char *key;
	json_t *item;
	char **next;

	if (!json_is_object(value))
		return wrong_type(field, "an object of strings", err);
	next = calloc(json_object_size(value) + 1, sizeof(*next));
	if (!next)
		return no_memory(err);
	*(char ***)to = next;
	json_object_foreach(object, key, item)
	{
		int result = read_pair(field, key, item, next++, err);

		if (result)
			return result;
	}
	return 0;
}

static int read_only_false(const struct field *field, const json_t *value, void *to,
			   struct error *err)
{
	(void)to;
	if (!json_is_boolean(value))
		return wrong_type(field, "true or false", err);
	if (json_is_true(value))
		return error_set(err, ENOTSUP, "field `%s`: true is not supported yet",
				 field->name);
	return 0;
}

/* Its place among the names. */
static int find_name(const struct field *field, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	int place = 0;

	if (!text)
		return wrong_type(field, "a string", err);
	while (field->names[place] && strcmp(field->names[place], text) != 0)
		place++;
	if (field->names[place])
		return place;
	return error_set(err, EINVAL, "field `%s`: unknown variant `%.64s`", field->name, text);
}

static int read_choice(const struct field *field, const json_t *value, void *to, struct error *err)
{
	int place = find_name(field, value, err);

	if (place < 0)
		return place;
	*(int *)to = field->values[place];
	return 0;
}

static int read_only_first(const struct field *field, const json_t *value, void *to,
			   struct error *err)
{
	int place = find_name(field, value, err);

	(void)to;
	if (place <= 0)
		return place;
	return error_set(err, ENOTSUP, "field `%s`: %s is not supported yet", field->name,
			 field->names[place]);
}

static int read_unbuilt(const struct field *field, const json_t *value, void *to, struct error *err)
{
	(void)value, (void)to;
	return error_set(err, ENOTSUP, "field `%s` is not supported yet", field->name);
}

static int read_object(const struct field *field, const json_t *value, void *to, struct error *err)
{
	const char *culprit;

	if (!json_is_object(value))
		return wrong_type(field, "an object", err);
	if (fields_read(field->members, value, to, &culprit, err) == 0)
		return 0;
	return error_about(err, "field `%s`", field->name);
}

static reader *const readers[FIELD_KIND_COUNT] = {
	[FIELD_STRING] = read_string,         [FIELD_BOOL] = read_bool,
	[FIELD_UINT32] = read_uint32,         [FIELD_INT] = read_int,
	[FIELD_STRINGS] = read_strings,       [FIELD_PAIRS] = read_pairs,
	[FIELD_CHOICE] = read_choice,         [FIELD_UNBUILT] = read_unbuilt,
	[FIELD_ONLY_FALSE] = read_only_false, [FIELD_ONLY_FIRST] = read_only_first,
	[FIELD_OBJECT] = read_object,
};

static const struct field *field_find(const struct field *fields, const char *name)
{
	for (; fields->name; fields++) {
		if (!strcmp(fields->name, name))
			return fields;
	}
	return NULL;
}

static int refuse_unknown(const struct field *fields, const json_t *object, const char **culprit,
			  struct error *err)
{
	json_t *mutable = (json_t *)object;
	const char *key;
	json_t *value;

	json_object_foreach(mutable, key, value)
	{
		if (field_find(fields, key))
			continue;
		*culprit = key;
		return error_set(err, EINVAL, "unknown field `%.64s`", key);
	}
	return 0;
}

static int read_field(const struct field *field, const json_t *object, void *target,
		      struct error *err)
{
	const json_t *value = json_object_get(object, field->name);

	if (!value && field->required)
		return error_set(err, EINVAL, "missing field `%s`", field->name);
	if (!value || (field->nullable && json_is_null(value)))
		return 0;
	return readers[field->kind](field, value, (char *)target + field->offset, err);
}

int fields_read(const struct field *fields, const json_t *object, void *target,
		const char **culprit, struct error *err)
{
	int result;

	*culprit = NULL;
	if (!json_is_object(object))
		return error_set(err, EINVAL, "must be a JSON object");
	result = refuse_unknown(fields, object, culprit, err);
	for (; !result && fields->name; fields++) {
		result = read_field(fields, object, target, err);
		if (result)
			*culprit = fields->name;
	}
	return result;
}
