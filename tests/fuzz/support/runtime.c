/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime's parsers need around them, on the build machine. Memory runs out when
 * the fuzzer says so. */
#include "tests/fuzz/support/runtime.h"

#include <stdlib.h>

#include "guest-runtime/heap.h"
#include "guest-runtime/node.h"
#include "guest-runtime/string.h"
#include "guest-runtime/time.h"

long fuzz_allocations = -1;

void *heap_alloc(size_t size)
{
	if (size > HEAP_MAX || (fuzz_allocations >= 0 && fuzz_allocations-- == 0))
		return NULL;
	return calloc(1, size);
}

void heap_free(void *object, size_t size)
{
	(void)size;
	free(object);
}

void content_free(struct node *node)
{
	(void)node;
}

uint64_t time_wall(void)
{
	return 0;
}

void text_string(struct text *text, const char *s)
{
	for (; *s && text->length + 1 < text->size; s++)
		text->buffer[text->length++] = *s;
	text->buffer[text->length] = '\0';
}
