/* SPDX-License-Identifier: Apache-2.0 */
/* jansson 2.14 ignores that the buffer of its lexer could not grow, and writes past its end. So
 * no allocation fails while it parses: the one that would leaves the parse by longjmp(). What
 * was allocated until then is in a list. */
#include "api/document.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>

struct document_block {
	struct document_block *next, **link; /* link: the pointer that points here */
	_Alignas(max_align_t) char bytes[];
};

/* jansson passes no context to its allocator. */
static struct document *parsing;
static jmp_buf out_of_memory;

static void *block_alloc(size_t size)
{
	struct document_block *block = malloc(sizeof(*block) + size);

	if (!block)
		longjmp(out_of_memory, 1);
	block->next = parsing->blocks;
	block->link = &parsing->blocks;
	if (block->next)
		block->next->link = &block->next;
	parsing->blocks = block;
	parsing->size += size;
	return block->bytes;
}

static void block_free(void *bytes)
{
	char *start = (char *)bytes - offsetof(struct document_block, bytes);
	struct document_block *block = (struct document_block *)start;

	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	free(block);
}

/* False: out of memory. */
static bool load(struct document *document, const char *data, size_t length, json_error_t *why)
{
	if (setjmp(out_of_memory))
		return false;
	document->root = json_loadb(data, length, JSON_REJECT_DUPLICATES, why);
	return true;
}

int document_parse(struct document *document, const char *data, size_t length, struct error *err)
{
	json_malloc_t usual_malloc;
	json_free_t usual_free;
	json_error_t why;
	bool loaded;

	*document = (struct document){0};
	parsing = document;
	json_get_alloc_funcs(&usual_malloc, &usual_free);
	json_set_alloc_funcs(block_alloc, block_free);
	loaded = load(document, data, length, &why);
	json_set_alloc_funcs(usual_malloc, usual_free);
	if (json_is_object(document->root))
		return 0;
	if (!loaded)
		error_set(err, ENOMEM, "out of memory");
	else if (!document->root)
		error_set(err, EINVAL, "%s at line %d column %d", why.text, why.line, why.column);
	else
		error_set(err, EINVAL, "must be a JSON object");
	document_free(document);
	return -err->code;
}

void document_free(struct document *document)
{
	struct document_block *block = document->blocks;

	while (block) {
		struct document_block *next = block->next;

		free(block);
		block = next;
	}
	*document = (struct document){0};
}
