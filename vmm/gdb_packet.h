/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of gdb's remote protocol, without a socket: bytes come in, packets come out, and the
 * other way round. Every byte is untrusted. Source: GDB manual, appendix E, "Overview". */
#ifndef MOTE_GDB_PACKET_H
#define MOTE_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GDB_PACKET_MAX = 0x4000 }; /* bytes of a packet's contents, in either direction */

enum gdb_event {
	GDB_NOTHING, /* goes on with the next byte */
	GDB_PACKET, /* a whole one: `data`, `length`, until the next byte */
	GDB_INTERRUPT, /* Ctrl-C, between packets */
	GDB_ACK,
	GDB_NAK, /* '+', '-' */
	GDB_BAD, /* a packet whose checksum is wrong, or that is too long: ask again */
};

struct gdb_reader {
	enum { GDB_BETWEEN, GDB_CONTENTS, GDB_ESCAPED, GDB_SUM_HIGH, GDB_SUM_LOW } state;
	uint8_t sum; /* of what came */
	int expected; /* the checksum's first digit, -1: none */
	bool long_one; /* longer than there is room */
	size_t length;
	char data[GDB_PACKET_MAX + 1]; /* escapes undone, NUL-terminated at GDB_PACKET */
};

/* One more byte. All zero is a reader's start. */
enum gdb_event gdb_reader_take(struct gdb_reader *reader, uint8_t byte);

/* One packet being written: '$', contents, '#' and checksum. Text is as it is, binary has its
 * special bytes escaped. What has no room sets `full` and is left out. */
struct gdb_writer {
	size_t length;
	bool full;
	char data[2 * GDB_PACKET_MAX + 4];
};

void gdb_writer_begin(struct gdb_writer *writer);
void gdb_writer_end(struct gdb_writer *writer);

__attribute__((format(printf, 2, 3))) void gdb_print(struct gdb_writer *writer, const char *format,
						     ...);
void gdb_put_hex(struct gdb_writer *writer, const void *bytes, size_t length);
void gdb_put_binary(struct gdb_writer *writer, const void *bytes, size_t length);

/* Numbers in a packet's text: *at moves behind what was read. */
bool gdb_take_number(const char **at, uint64_t *value); /* hexadecimal, at most 16 digits */
bool gdb_take_char(const char **at, char wanted);
/* Exactly length bytes of two digits each. */
bool gdb_take_hex(const char **at, void *bytes, size_t length);

#endif
