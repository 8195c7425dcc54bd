/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options by a table, which the help text is made from as well. Options end
 * at the first operand or "--". */
#ifndef MOTE_CLI_OPTIONS_H
#define MOTE_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

enum cli_option_kind {
	CLI_FLAG, /* into bool */
	CLI_TEXT, /* into const char * */
	CLI_NUMBER, /* into int64_t, minimum … maximum */
	CLI_LIST, /* into struct cli_list, in order */
	CLI_UNBUILT, /* known, with a value, refused */
	CLI_OPTION_KIND_COUNT,
};

struct cli_option {
	const char *name; /* without the dashes; NULL ends a table */
	char letter; /* or 0 */
	enum cli_option_kind kind;
	const char *value; /* its name in the help; NULL: takes none */
	const char *help;
	size_t offset; /* of the member */
	int64_t minimum, maximum;
};

struct cli_list {
	const char **items; /* borrowed from argv; the array is on the heap */
	size_t count;
};

/* Fills `into` from argv[1 …]; returns the index of the first operand, or -EINVAL with a
 * message that names the option. */
int cli_options_parse(const struct cli_option *options, void *into, int argc, char **argv,
		      struct error *err);

/* "usage: …", a sentence, and the table, to standard output. */
void cli_options_help(const char *usage, const char *about, const struct cli_option *options);

#endif
