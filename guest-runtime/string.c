/* SPDX-License-Identifier: Apache-2.0 */
/* String functions for a freestanding image, word by word where that matters, and a
 * little text builder. No printf. */
#include "string.h"

/* The compiler must not turn these loops into calls of themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* Normal memory takes unaligned words; devices are never copied to. */
struct word {
	uint64_t value;
} __attribute__((packed, may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	struct word *t = to;
	const struct word *f = from;
	unsigned char *tail;
	const unsigned char *tail_from;

	for (; length >= 32; length -= 32, t += 4, f += 4) {
		t[0] = f[0];
		t[1] = f[1];
		t[2] = f[2];
		t[3] = f[3];
	}
	for (; length >= 8; length -= 8)
		*t++ = *f++;
	tail = (unsigned char *)t;
	tail_from = (const unsigned char *)f;
	while (length--)
		*tail++ = *tail_from++;
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f)
		while (length--)
			*t++ = *f++;
	else
		while (length--)
			t[length] = f[length];
	return to;
}

void *memset(void *to, int byte, size_t length)
{
	struct word *t = to;
	uint64_t pattern = (unsigned char)byte * 0x0101010101010101;
	unsigned char *tail;

	for (; length >= 8; length -= 8)
		(t++)->value = pattern;
	tail = (unsigned char *)t;
	while (length--)
		*tail++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;

	for (; length; length--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (unsigned char)*a - (unsigned char)*b;
}

bool starts_with(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return false;
	return true;
}

static void text_char(struct text *text, char c)
{
	if (text->length + 1 >= text->size)
		return;
	text->buffer[text->length++] = c;
	text->buffer[text->length] = 0;
}

void text_string(struct text *text, const char *s)
{
	while (*s)
		text_char(text, *s++);
}

static void text_number(struct text *text, uint64_t value, unsigned base, int digits, char pad)
{
	char reversed[24];
	int n = 0;

	do
		reversed[n++] = "0123456789abcdef"[value % base];
	while ((value /= base) != 0);
	for (int i = n; i < digits; i++)
		text_char(text, pad);
	while (n)
		text_char(text, reversed[--n]);
}

void text_decimal(struct text *text, uint64_t value)
{
	text_number(text, value, 10, 1, '0');
}

void text_hex(struct text *text, uint64_t value, int digits)
{
	text_number(text, value, 16, digits, '0');
}

void text_column(struct text *text, uint64_t value, int width)
{
	text_number(text, value, 10, width, ' ');
}
