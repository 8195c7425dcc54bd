/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/gdb_packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";
enum { ESCAPE = '}', ESCAPE_BIT = 0x20, INTERRUPT = 3 };

static int digit_value(char c)
{
	const char *found;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

static enum gdb_event between(struct gdb_reader *reader, uint8_t byte)
{
	switch (byte) {
	case '$':
		*reader = (struct gdb_reader){.state = GDB_CONTENTS};
		return GDB_NOTHING;
	case INTERRUPT:
		return GDB_INTERRUPT;
	case '+':
		return GDB_ACK;
	case '-':
		return GDB_NAK;
	default:
		return GDB_NOTHING; /* noise on the line */
	}
}

static void keep(struct gdb_reader *reader, uint8_t byte)
{
	if (reader->length < GDB_PACKET_MAX)
		reader->data[reader->length++] = (char)byte;
	else
		reader->long_one = true;
}

static enum gdb_event contents(struct gdb_reader *reader, uint8_t byte)
{
	if (byte == '#') {
		reader->state = GDB_SUM_HIGH;
		return GDB_NOTHING;
	}
	if (byte == '$') { /* the one before it was cut short */
		*reader = (struct gdb_reader){.state = GDB_CONTENTS};
		return GDB_NOTHING;
	}
	reader->sum = (uint8_t)(reader->sum + byte);
	if (byte == ESCAPE)
		reader->state = GDB_ESCAPED;
	else
		keep(reader, byte);
	return GDB_NOTHING;
}

static enum gdb_event finish(struct gdb_reader *reader, int low)
{
	reader->state = GDB_BETWEEN;
	reader->data[reader->length] = '\0';
	if (reader->long_one || reader->expected < 0 || low < 0 ||
	    (reader->expected << 4 | low) != reader->sum)
		return GDB_BAD;
	return GDB_PACKET;
}

enum gdb_event gdb_reader_take(struct gdb_reader *reader, uint8_t byte)
{
	switch (reader->state) {
	case GDB_CONTENTS:
		return contents(reader, byte);
	case GDB_ESCAPED:
		reader->sum = (uint8_t)(reader->sum + byte);
		reader->state = GDB_CONTENTS;
		keep(reader, byte ^ ESCAPE_BIT);
		return GDB_NOTHING;
	case GDB_SUM_HIGH:
		reader->expected = digit_value((char)byte);
		reader->state = GDB_SUM_LOW;
		return GDB_NOTHING;
	case GDB_SUM_LOW:
		return finish(reader, digit_value((char)byte));
	default:
		return between(reader, byte);
	}
}

/* The last three bytes are the checksum's. */
static void put(struct gdb_writer *writer, char c)
{
	if (writer->length < sizeof(writer->data) - 3)
		writer->data[writer->length++] = c;
	else
		writer->full = true;
}

void gdb_writer_begin(struct gdb_writer *writer)
{
	writer->length = 0;
	writer->full = false;
	put(writer, '$');
}

void gdb_writer_end(struct gdb_writer *writer)
{
	uint8_t sum = 0;

	for (size_t i = 1; i < writer->length; i++)
		sum = (uint8_t)(sum + (uint8_t)writer->data[i]);
	writer->data[writer->length++] = '#';
	writer->data[writer->length++] = digits[sum >> 4];
	writer->data[writer->length++] = digits[sum & 15];
}

static bool is_special(char c)
{
	return c == '$' || c == '#' || c == ESCAPE || c == '*';
}

void gdb_put_binary(struct gdb_writer *writer, const void *bytes, size_t length)
{
	const char *from = bytes;

	for (size_t i = 0; i < length; i++) {
		if (is_special(from[i]))
			put(writer, ESCAPE);
		put(writer, (char)(is_special(from[i]) ? from[i] ^ ESCAPE_BIT : from[i]));
	}
}

void gdb_put_hex(struct gdb_writer *writer, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < length; i++) {
		put(writer, digits[from[i] >> 4]);
		put(writer, digits[from[i] & 15]);
	}
}

void gdb_print(struct gdb_writer *writer, const char *format, ...)
{
	char text[512];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text))
		writer->full = true;
	else
		gdb_put_binary(writer, text, (size_t)length);
}

bool gdb_take_number(const char **at, uint64_t *value)
{
	const char *start = *at;

	for (*value = 0; digit_value(**at) >= 0; (*at)++) {
		if (*at - start == 16)
			return false;
		*value = *value << 4 | (uint64_t)digit_value(**at);
	}
	return *at > start;
}

bool gdb_take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

bool gdb_take_hex(const char **at, void *bytes, size_t length)
{
	uint8_t *to = bytes;

	for (size_t i = 0; i < length; i++) {
		int high = digit_value((*at)[0]), low = high < 0 ? -1 : digit_value((*at)[1]);

		if (low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
		*at += 2;
	}
	return true;
}
