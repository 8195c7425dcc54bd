/* SPDX-License-Identifier: Apache-2.0 */
/* The few string functions that the runtime and the compiler's output need. */
#ifndef GUEST_STRING_H
#define GUEST_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
bool starts_with(const char *s, const char *prefix);

/* Text that is built in a buffer of fixed size and cut where it is full. */
struct text {
	char *buffer;
	size_t size, length;
};
#define TEXT(array) ((struct text){(array), sizeof(array), 0})
void text_string(struct text *text, const char *s);
void text_decimal(struct text *text, uint64_t value);
void text_hex(struct text *text, uint64_t value, int digits); /* at least so many */
/* `string` decimal, right-aligned in `width`. */
void text_column(struct text *text, uint64_t value, int width);
#endif
