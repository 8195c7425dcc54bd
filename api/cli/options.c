/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser: one function per kind of option. */
#include "api/cli/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int taker(const struct cli_option *option, const char *value, void *to, struct error *err);

static int take_flag(const struct cli_option *option, const char *value, void *to,
		     struct error *err)
{
	(void)option;
	(void)value;
	(void)err;
	*(bool *)to = true;
	return 0;
}

static int take_text(const struct cli_option *option, const char *value, void *to,
		     struct error *err)
{
	(void)option;
	(void)err;
	*(const char **)to = value;
	return 0;
}

static int take_number(const struct cli_option *option, const char *value, void *to,
		       struct error *err)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < option->minimum || number > option->maximum)
		return error_set(err, EINVAL, "--%s: '%s' is not a number from %lld to %lld",
				 option->name, value, (long long)option->minimum,
				 (long long)option->maximum);
	*(int64_t *)to = number;
	return 0;
}

static int take_list(const struct cli_option *option, const char *value, void *to,
		     struct error *err)
{
	struct cli_list *list = to;
	const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (!items)
		return error_set(err, ENOMEM, "--%s: out of memory", option->name);
	list->items = items;
	list->items[list->count++] = value;
	return 0;
}

static int take_unbuilt(const struct cli_option *option, const char *value, void *to,
			struct error *err)
{
	(void)value;
	(void)to;
	return error_set(err, ENOTSUP, "--%s is not built yet", option->name);
}

static taker *const takers[CLI_OPTION_KIND_COUNT] = {
	[CLI_FLAG] = take_flag, [CLI_TEXT] = take_text,       [CLI_NUMBER] = take_number,
	[CLI_LIST] = take_list, [CLI_UNBUILT] = take_unbuilt,
};

/* "--name", "--name=…" or "-l". */
static const struct cli_option *find(const struct cli_option *options, const char *word)
{
	size_t length = strcspn(word + 2, "=");

	for (; options->name; options++) {
		bool named = word[1] == '-' && strlen(options->name) == length &&
			     !strncmp(word + 2, options->name, length);

		if (named || (options->letter && word[1] == options->letter && !word[2]))
			return options;
	}
	return NULL;
}

/* Returns how many words the option took. */
static int parse_one(const struct cli_option *options, void *into, char **words, struct error *err)
{
	const struct cli_option *option = find(options, words[0]);
	const char *equals = words[0][1] == '-' ? strchr(words[0], '=') : NULL;
	const char *value = equals ? equals + 1 : words[1];
	int result;

	if (!option)
		return error_set(err, EINVAL, "unknown option '%s'", words[0]);
	if (!option->value && equals)
		return error_set(err, EINVAL, "--%s takes no value", option->name);
	if (option->value && !value)
		return error_set(err, EINVAL, "--%s needs a value: %s", option->name,
				 option->value);
	result = takers[option->kind](option, value, (char *)into + option->offset, err);
	if (result)
		return result;
	return option->value && !equals ? 2 : 1;
}

int cli_options_parse(const struct cli_option *options, void *into, int argc, char **argv,
		      struct error *err)
{
	int at = 1;

	while (at < argc && argv[at][0] == '-' && argv[at][1]) {
		int taken;

		if (!strcmp(argv[at], "--"))
			return at + 1;
		taken = parse_one(options, into, argv + at, err);
		if (taken < 0)
			return taken;
		at += taken;
	}
	return at;
}

void cli_options_help(const char *usage, const char *about, const struct cli_option *options)
{
	printf("usage: %s\n%s\n\noptions:\n", usage, about);
	for (; options->name; options++) {
		char left[32];

		if (options->kind == CLI_UNBUILT)
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "");
		if (options->letter)
			printf("  -%c, %-18s %s\n", options->letter, left, options->help);
		else
			printf("  %-22s %s\n", left, options->help);
	}
}
