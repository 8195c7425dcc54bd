/* SPDX-License-Identifier: Apache-2.0 */
/* Small objects of the runtime, in power-of-two classes carved from charged pages. */
#ifndef GUEST_HEAP_H
#define GUEST_HEAP_H

#include <stddef.h>

/* Zeroed; 0 when memory is short or `size` is above HEAP_MAX. */
#define HEAP_MAX 2048
void *heap_alloc(size_t size);
/* `size` as it was asked for; a null pointer is fine. */
void heap_free(void *object, size_t size);
#endif
