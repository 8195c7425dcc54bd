/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/state_file.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/bytes.h"

static const char magic[8] = "motesnap";

/* In the header. */
enum {
	HEAD_MAGIC = 0,
	HEAD_VERSION = 8,
	HEAD_MACHINE = 12, /* ELF's e_machine */
	HEAD_SIZE = 16,
	HEAD_ID = STATE_HEADER_ID,
	HEAD_MEMORY_SIZE = 40,
	HEAD_MEMORY_SUM = 48,
	HEAD_BASE = 56,
	HEAD_KIND = 72,
	HEAD_ZERO = 76,
	HEAD_SUM = 80,
};
enum { SECTION_HEAD = 16, ALIGN = 8 };
enum { STRING_NULL = UINT32_MAX };

static const char *const tag_names[STATE_TAG_END] = {
	[STATE_CONFIG] = "config", [STATE_MACHINE] = "machine", [STATE_CLOCK] = "clock",
	[STATE_VCPU] = "vcpu",     [STATE_IRQCHIP] = "irqchip", [STATE_CONTROL] = "control",
	[STATE_UART] = "uart",     [STATE_CONSOLE] = "console", [STATE_VSOCK] = "vsock",
};

static const struct {
	uint32_t machine;
	const char *name;
} machines[] = {{EM_AARCH64, "arm64"}, {EM_PPC64, "ppc64"}, {EM_X86_64, "x86_64"}};

static size_t align_up(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* ---- sums ---- */

/* Each step is one-to-one in the sum for a given word, and in the word for a given sum. */
static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15;
	return sum ^ sum >> 32;
}

uint64_t state_sum(uint64_t seed, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t sum = mix(seed, length), word;

	for (; length >= sizeof(word); at += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, at, sizeof(word)); /* all hosts are little-endian */
		sum = mix(sum, word);
	}
	return length ? mix(sum, bytes_load_le(at, (unsigned int)length)) : sum;
}

static bool is_zero(const void *page)
{
	const uint8_t *bytes = page;

	return bytes[0] == 0 && memcmp(bytes, bytes + 1, MEMORY_SUM_PAGE - 1) == 0;
}

uint64_t memory_page_sum(uint64_t offset, const void *page)
{
	return is_zero(page) ? 0 : state_sum(offset, page, MEMORY_SUM_PAGE);
}

/* Of all bytes but the sum itself. */
static uint64_t file_sum(const uint8_t *data, size_t size)
{
	uint64_t sum = state_sum(0, data, HEAD_SUM);

	return state_sum(sum, data + STATE_HEADER_SIZE, size - STATE_HEADER_SIZE);
}

/* ---- writing ---- */

static uint8_t *reserve(struct state_writer *writer, size_t length)
{
	size_t start = writer->size ? writer->size : STATE_HEADER_SIZE;
	size_t room = writer->room ? writer->room : 16384;
	uint8_t *data;

	while (room < start + length)
		room *= 2;
	if (writer->failed)
		return NULL;
	if (room > writer->room) {
		data = realloc(writer->data, room);
		if (!data) {
			writer->failed = true;
			return NULL;
		}
		writer->data = data;
		writer->room = room;
	}
	writer->size = start + length;
	return writer->data + start;
}

void state_put(struct state_writer *writer, uint64_t value, unsigned int bytes)
{
	uint8_t *to = reserve(writer, bytes);

	if (to)
		bytes_store_le(to, bytes, value);
}

void state_begin(struct state_writer *writer, enum state_tag tag)
{
	writer->section = writer->size ? writer->size : STATE_HEADER_SIZE;
	state_put(writer, tag, 8);
	state_put(writer, 0, 8);
}

void state_end(struct state_writer *writer)
{
	size_t length = writer->size - writer->section - SECTION_HEAD;
	size_t padding = align_up(length) - length;
	uint8_t *to = reserve(writer, padding);

	if (!to)
		return;
	memset(to, 0, padding);
	bytes_store_le(writer->data + writer->section + 8, 8, length);
}

void state_put_bytes(struct state_writer *writer, const void *bytes, size_t length)
{
	uint8_t *to;

	state_put(writer, length, 4);
	to = reserve(writer, length);
	if (to && length)
		memcpy(to, bytes, length);
}

void state_put_string(struct state_writer *writer, const char *string)
{
	if (string)
		state_put_bytes(writer, string, strlen(string));
	else
		state_put(writer, STRING_NULL, 4);
}

void state_put_strings(struct state_writer *writer, char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	state_put(writer, list ? count : STRING_NULL, 4);
	for (size_t i = 0; i < count; i++)
		state_put_string(writer, list[i]);
}

void state_seal(uint8_t *data, size_t size, const struct state_header *header)
{
	memcpy(data + HEAD_MAGIC, magic, sizeof(magic));
	bytes_store_le(data + HEAD_VERSION, 4, STATE_VERSION);
	bytes_store_le(data + HEAD_MACHINE, 4, MOTE_ELF_MACHINE);
	bytes_store_le(data + HEAD_SIZE, 8, size);
	memcpy(data + HEAD_ID, header->id, STATE_ID_SIZE);
	bytes_store_le(data + HEAD_MEMORY_SIZE, 8, header->memory_size);
	bytes_store_le(data + HEAD_MEMORY_SUM, 8, header->memory_sum);
	memcpy(data + HEAD_BASE, header->base, STATE_ID_SIZE);
	bytes_store_le(data + HEAD_KIND, 4, header->kind);
	bytes_store_le(data + HEAD_ZERO, 4, 0);
	bytes_store_le(data + HEAD_SUM, 8, file_sum(data, size));
}

int state_finish(struct state_writer *writer, const struct state_header *header, struct error *err)
{
	if (writer->failed || !writer->data)
		return error_set(err, ENOMEM, "snapshot: out of memory");
	state_seal(writer->data, writer->size, header);
	return 0;
}

void state_writer_free(struct state_writer *writer)
{
	free(writer->data);
	*writer = (struct state_writer){0};
}

/* ---- reading ---- */

static const char *machine_name(uint32_t machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "another architecture";
}

static int judge_header(const uint8_t *data, size_t size, struct error *err)
{
	uint32_t version, machine;
	uint64_t told;

	if (size < STATE_HEADER_SIZE || memcmp(data, magic, sizeof(magic)) != 0)
		return error_set(err, EINVAL, "not the state file of a snapshot");
	version = (uint32_t)bytes_load_le(data + HEAD_VERSION, 4);
	machine = (uint32_t)bytes_load_le(data + HEAD_MACHINE, 4);
	told = bytes_load_le(data + HEAD_SIZE, 8);
	if (version != STATE_VERSION)
		return error_set(err, EINVAL, "version %u of the snapshot format; this is %d",
				 version, STATE_VERSION);
	if (machine != MOTE_ELF_MACHINE)
		return error_set(err, EINVAL, "a snapshot of %s (machine %u); this is %s",
				 machine_name(machine), machine, machine_name(MOTE_ELF_MACHINE));
	if (told != size)
		return error_set(err, EINVAL, "cut off or damaged: %zu bytes of %" PRIu64, size,
				 told);
	if (bytes_load_le(data + HEAD_SUM, 8) != file_sum(data, size))
		return error_set(err, EINVAL, "damaged: the checksum is another");
	return 0;
}

/* The section at *offset, which moves on; false: it is none. */
static bool next_section(const struct state_file *file, size_t *offset, struct state_reader *reader)
{
	size_t left = file->size - *offset;
	const uint8_t *head = file->data + *offset;
	uint64_t tag, length;

	if (left < SECTION_HEAD)
		return false;
	tag = bytes_load_le(head, 8);
	length = bytes_load_le(head + 8, 8);
	if (tag == 0 || tag >= STATE_TAG_END || length > left - SECTION_HEAD ||
	    align_up(length) > left - SECTION_HEAD)
		return false;
	*reader = (struct state_reader){
		.at = head + SECTION_HEAD,
		.end = head + SECTION_HEAD + length,
		.tag = (enum state_tag)tag,
	};
	*offset += SECTION_HEAD + align_up(length);
	return true;
}

static int judge_sections(const struct state_file *file, struct error *err)
{
	enum state_tag last = STATE_CONFIG;
	struct state_reader reader;

	for (size_t offset = STATE_HEADER_SIZE; offset < file->size;) {
		size_t at = offset;

		if (!next_section(file, &offset, &reader) || reader.tag < last)
			return error_set(err, EINVAL, "damaged: no section at byte %zu", at);
		last = reader.tag;
	}
	return 0;
}

int state_open(struct state_file *file, const uint8_t *data, size_t size, struct error *err)
{
	int result = judge_header(data, size, err);

	*file = (struct state_file){.data = data, .size = size};
	if (result < 0)
		return result;
	memcpy(file->header.id, data + HEAD_ID, STATE_ID_SIZE);
	file->header.memory_size = bytes_load_le(data + HEAD_MEMORY_SIZE, 8);
	file->header.memory_sum = bytes_load_le(data + HEAD_MEMORY_SUM, 8);
	memcpy(file->header.base, data + HEAD_BASE, STATE_ID_SIZE);
	file->header.kind = (uint32_t)bytes_load_le(data + HEAD_KIND, 4);
	if (file->header.kind > STATE_DIFF || bytes_load_le(data + HEAD_ZERO, 4) != 0)
		return error_set(err, EINVAL, "damaged: kind %u", file->header.kind);
	return judge_sections(file, err);
}

int state_section(const struct state_file *file, enum state_tag tag, unsigned int index,
		  struct state_reader *reader, struct error *err)
{
	size_t offset = STATE_HEADER_SIZE;

	while (offset < file->size && next_section(file, &offset, reader))
		if (reader->tag == tag && index-- == 0)
			return 0;
	return error_set(err, EINVAL, "section `%s` is missing", tag_names[tag]);
}

unsigned int state_count(const struct state_file *file, enum state_tag tag)
{
	size_t offset = STATE_HEADER_SIZE;
	struct state_reader reader;
	unsigned int count = 0;

	while (offset < file->size && next_section(file, &offset, &reader))
		count += reader.tag == tag;
	return count;
}

void state_refuse(struct state_reader *reader)
{
	reader->failed = true;
}

/* The next so many bytes; NULL behind the end. */
static const uint8_t *take(struct state_reader *reader, size_t length)
{
	const uint8_t *at = reader->at;

	if (reader->failed || (size_t)(reader->end - at) < length) {
		reader->failed = true;
		return NULL;
	}
	reader->at += length;
	return at;
}

bool state_more(const struct state_reader *reader)
{
	return !reader->failed && reader->at < reader->end;
}

uint64_t state_take(struct state_reader *reader, unsigned int bytes)
{
	const uint8_t *at = take(reader, bytes);

	return at ? bytes_load_le(at, bytes) : 0;
}

bool state_take_bool(struct state_reader *reader)
{
	uint64_t value = state_take(reader, 1);

	if (value > 1)
		state_refuse(reader);
	return value == 1;
}

const uint8_t *state_take_bytes(struct state_reader *reader, size_t *length)
{
	const uint8_t *at;

	*length = state_take(reader, 4);
	at = take(reader, *length);
	if (!at)
		*length = 0;
	return at;
}

void state_take_array(struct state_reader *reader, void *to, size_t length)
{
	const uint8_t *at = take(reader, length);

	if (at)
		memcpy(to, at, length);
	else
		memset(to, 0, length);
}

static char *take_string(struct state_reader *reader, size_t length)
{
	const uint8_t *at = take(reader, length);
	char *string = at && !memchr(at, 0, length) ? strndup((const char *)at, length) : NULL;

	if (!string)
		state_refuse(reader);
	return string;
}

char *state_take_string(struct state_reader *reader)
{
	uint64_t length = state_take(reader, 4);

	return reader->failed || length == STRING_NULL ? NULL : take_string(reader, length);
}

char **state_take_strings(struct state_reader *reader)
{
	uint64_t count = state_take(reader, 4);
	char **list;

	if (reader->failed || count == STRING_NULL)
		return NULL;
	/* Each has a length of 4 bytes at least. */
	list = count <= (size_t)(reader->end - reader->at) / 4 ? calloc(count + 1, sizeof(*list))
							       : NULL;
	if (!list)
		state_refuse(reader);
	for (uint64_t i = 0; !reader->failed && i < count; i++) {
		list[i] = state_take_string(reader);
		if (!list[i])
			state_refuse(reader);
	}
	return list;
}

int state_close(struct state_reader *reader, struct error *err)
{
	if (!reader->failed && reader->at == reader->end)
		return 0;
	return error_set(err, EINVAL, "section `%s`: damaged", tag_names[reader->tag]);
}
