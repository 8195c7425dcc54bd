/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot's state file as bytes: written and read by pure functions, field by field.
 *
 *   header     88 bytes, struct state_header and the checksum of all the other bytes
 *   sections   one after the other up to the end: tag (4 bytes), zero (4), length (8), value,
 *              zeros up to a multiple of 8
 *
 * Integers are little-endian, byte strings are preceded by their length (4 bytes). The checksum
 * finds accidents: a change inside one word of 8 bytes for certain. Whoever wants to can make
 * another one, so a reader trusts nothing that it has not judged.
 * Fields of each section: docs/snapshot-format.md. */
#ifndef MOTE_STATE_FILE_H
#define MOTE_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

enum { STATE_VERSION = 1, STATE_HEADER_SIZE = 88 };
enum { STATE_HEADER_ID = 24, STATE_ID_SIZE = 16 }; /* the id in the header */
enum { STATE_FILE_MAX = 64 << 20 }; /* bytes */

enum state_kind { STATE_FULL, STATE_DIFF };

/* What can be said without a look at the sections. */
struct state_header {
	uint8_t id[STATE_ID_SIZE]; /* of the snapshot: in the memory file too */
	uint64_t memory_size; /* bytes */
	uint64_t memory_sum; /* memory_sum() of what the memory file holds */
	uint8_t base[STATE_ID_SIZE]; /* STATE_DIFF: what it is to be merged onto; zeros: nothing */
	uint32_t kind; /* enum state_kind */
};

/* Sections by the order in which they stand; there are as many STATE_VCPU as vCPUs. */
enum state_tag {
	STATE_CONFIG = 1,
	STATE_MACHINE,
	STATE_CLOCK,
	STATE_VCPU,
	STATE_IRQCHIP,
	STATE_CONTROL,
	STATE_UART,
	STATE_CONSOLE,
	STATE_VSOCK, /* only of a VM that has the device */
	STATE_TAG_END,
};

/* ---- writing: errors are remembered and told by state_finish() ---- */

struct state_writer {
	uint8_t *data; /* heap; the caller frees with state_writer_free() */
	size_t size, room;
	size_t section; /* where the open one begins */
	bool failed;
};

void state_begin(struct state_writer *writer, enum state_tag tag);
void state_end(struct state_writer *writer);
void state_put(struct state_writer *writer, uint64_t value, unsigned int bytes); /* 1 … 8 */
void state_put_bytes(struct state_writer *writer, const void *bytes, size_t length);
void state_put_string(struct state_writer *writer, const char *string); /* NULL is kept */
void state_put_strings(struct state_writer *writer, char *const *list); /* NULL is kept */

/* Fills in the header; the file's bytes are data and size then. -ENOMEM. */
int state_finish(struct state_writer *writer, const struct state_header *header, struct error *err);

/* Gives the bytes of a state file another header. */
void state_seal(uint8_t *data, size_t size, const struct state_header *header);
void state_writer_free(struct state_writer *writer);

/* ---- reading: bytes that anybody may have made ---- */

struct state_file {
	const uint8_t *data; /* borrowed */
	size_t size;
	struct state_header header;
};

/* Judges header, checksum and the row of sections. The message says what is wrong: not a state
 * file, of another version or architecture, cut off, damaged. */
int state_open(struct state_file *file, const uint8_t *data, size_t size, struct error *err);

/* A section's fields, in the order in which they were put. What is taken behind the section's
 * end is zero, and state_close() tells. */
struct state_reader {
	const uint8_t *at, *end;
	enum state_tag tag;
	bool failed;
};

/* The section of that tag, the index-th one from 0. -EINVAL: there is none. */
int state_section(const struct state_file *file, enum state_tag tag, unsigned int index,
		  struct state_reader *reader, struct error *err);
unsigned int state_count(const struct state_file *file, enum state_tag tag);

uint64_t state_take(struct state_reader *reader, unsigned int bytes);
bool state_take_bool(struct state_reader *reader); /* 0 or 1 of one byte */

/* Whether anything of the section is left. */
bool state_more(const struct state_reader *reader);

/* A byte string where it lies; NULL and length 0 behind the end. */
const uint8_t *state_take_bytes(struct state_reader *reader, size_t *length);

/* Exactly so many bytes. */
void state_take_array(struct state_reader *reader, void *to, size_t length);

/* Copies on the heap, NULL where NULL was put; -ENOMEM in the reader is a failure as others. */
char *state_take_string(struct state_reader *reader);
char **state_take_strings(struct state_reader *reader);

/* A value that means nothing: state_close() tells. */
void state_refuse(struct state_reader *reader);

/* All of the section was taken and nothing was refused, or -EINVAL naming the section. */
int state_close(struct state_reader *reader, struct error *err);

/* ---- sums ---- */

/* Any two strings that differ only inside one aligned word have different sums. */
uint64_t state_sum(uint64_t seed, const void *bytes, size_t length);

/* Of one page of memory: 0 for zeros. The sum of a memory is the sum over its pages, so that
 * holes cost nothing. */
enum { MEMORY_SUM_PAGE = 4096 };
uint64_t memory_page_sum(uint64_t offset, const void *page);

#endif
