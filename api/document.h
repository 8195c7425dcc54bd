/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text from outside, parsed by jansson into memory that is freed as a whole, so that a
 * parse which runs out of memory ends at once. Knows nothing of what the text means. */
#ifndef MOTE_API_DOCUMENT_H
#define MOTE_API_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#include "vmm/error.h"

struct document_block;

struct document {
	/* To read: its parts live until document_free(), whatever their references are. */
	const json_t *root;
	struct document_block *blocks;
	size_t size; /* bytes allocated since the parse began */
};

/* Parses one JSON object that fills data[0 … length); no key may come twice in an object.
 * Fails with -EINVAL, what and in which line, or -ENOMEM, and leaves nothing to free. One thread
 * of a process, the only one that uses jansson: its allocator is exchanged meanwhile. */
int document_parse(struct document *document, const char *data, size_t length, struct error *err);

/* Gives the memory back, to the host where it was much. Also after a parse that failed. */
void document_free(struct document *document);

#endif
