/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration file and carries its sections out as requests. */
#include "api/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/bodies.h"
#include "api/document.h"

struct section {
	const char *key;
	enum operation operation;
	const struct field *body;
};

static const struct section sections[] = {
	{"logger", OP_PUT_LOGGER, logger_body},
	{"machine-config", OP_PUT_MACHINE_CONFIG, machine_config_body},
	{"boot-source", OP_PUT_BOOT_SOURCE, boot_source_body},
	{"application", OP_PUT_APPLICATION, application_body},
	{"metrics", OP_PUT_METRICS, metrics_body},
	{"serial", OP_PUT_SERIAL, serial_body},
	{"watchdog", OP_PUT_WATCHDOG, watchdog_body},
	{"vsock", OP_PUT_VSOCK, vsock_body},
	{"debug", OP_PUT_DEBUG, debug_body},
	{"core", OP_PUT_CORE, core_body},
};

/* Keys of Firecracker's file that we know and haven't built. */
static const char *const unbuilt[] = {
	"balloon",     "cpu-config",         "drives", "entropy", "memory-hotplug",
	"mmds-config", "network-interfaces", "pmem",
};

struct config_text {
	const char *name;
	const char *data;
	size_t length;
};

/* Where a scan of valid JSON is. */
struct scan {
	const char *at, *end;
	unsigned depth; /* of braces and brackets */
	unsigned line;
};

static bool is_key(const struct scan *scan, const char *key, size_t length)
{
	const char *after = scan->at + length + 1;

	if (strlen(key) != length || strncmp(scan->at, key, length) != 0)
		return false;
	while (after < scan->end && strchr(" \t\r\n", *after))
		after++;
	return after < scan->end && *after == ':';
}

/* Goes on to the next string; false at the end. at is behind its opening quote. */
static bool next_string(struct scan *scan)
{
	for (; scan->at < scan->end; scan->at++) {
		scan->line += *scan->at == '\n';
		scan->depth += *scan->at == '{' || *scan->at == '[';
		scan->depth -= *scan->at == '}' || *scan->at == ']';
		if (*scan->at == '"') {
			scan->at++;
			return true;
		}
	}
	return false;
}

static size_t string_length(const struct scan *scan)
{
	const char *at = scan->at;

	while (at < scan->end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return (size_t)(at - scan->at);
}

/* Moves scan to the key at this depth, before the surrounding object ends. */
static bool find_key(struct scan *scan, const char *key, unsigned depth)
{
	while (next_string(scan) && scan->depth >= depth) {
		size_t length = string_length(scan);
		bool found = scan->depth == depth && is_key(scan, key, length);

		scan->at += length + 1;
		if (found)
			return true;
	}
	return false;
}

/* The line of a section's field or, without one, of the section; jansson keeps no positions.
 * 0 if the key is spelled with escapes. */
static unsigned key_line(const struct config_text *text, const char *section, const char *field)
{
	struct scan scan = {text->data, text->data + text->length, 0, 1};
	unsigned line;

	if (!find_key(&scan, section, 1))
		return 0;
	line = scan.line;
	if (field && find_key(&scan, field, 2))
		line = scan.line;
	return line;
}

static int fail(const struct config_text *text, const char *section, const char *field,
		const struct error *why, struct error *err)
{
	struct error inner = *why; /* may be err itself */

	return error_set(err, inner.code, "%s: line %u: %s: %s", text->name,
			 key_line(text, section, field), section, inner.message);
}

static const struct section *section_find(const char *key)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!strcmp(sections[i].key, key))
			return &sections[i];
	}
	return NULL;
}

static int refuse_key(const struct config_text *text, const char *key, struct error *err)
{
	struct error why;

	error_set(&why, EINVAL, "unknown key");
	for (size_t i = 0; i < sizeof(unbuilt) / sizeof(unbuilt[0]); i++) {
		if (!strcmp(unbuilt[i], key))
			error_set(&why, ENOTSUP, "not supported yet");
	}
	return fail(text, key, NULL, &why, err);
}

static int check_keys(const struct config_text *text, const json_t *root, struct error *err)
{
	json_t *object = (json_t *)root; /* jansson iterates over non-const objects only */
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!section_find(key))
			return refuse_key(text, key, err);
	}
	return 0;
}

static int apply_section(const struct config_text *text, const struct section *section,
			 const json_t *value, struct control *control, struct error *err)
{
	struct request request = request_empty(section->operation);
	struct reply reply;
	const char *culprit;
	int result = fields_read(section->body, value, &request, &culprit, err);

	if (!result)
		result = control_request(control, &request, &reply, err);
	request_finish(&request);
	return result ? fail(text, section->key, culprit, err, err) : 0;
}

static int apply(const struct config_text *text, const json_t *root, struct control *control,
		 struct error *err)
{
	int result = check_keys(text, root, err);

	for (size_t i = 0; !result && i < sizeof(sections) / sizeof(sections[0]); i++) {
		const json_t *value = json_object_get(root, sections[i].key);

		if (value)
			result = apply_section(text, &sections[i], value, control, err);
	}
	return result;
}

int config_file_apply_bytes(const char *name, const char *data, size_t length,
			    struct control *control, struct error *err)
{
	struct config_text text = {name, data, length};
	struct document document;
	struct error why;
	int result = document_parse(&document, data, length, &why);

	if (result)
		return error_set(err, why.code, "%s: %s", name, why.message);
	result = apply(&text, document.root, control, err);
	document_free(&document);
	return result;
}

/* Reads to the end, at most room bytes. */
static int read_all(int fd, const char *path, char *to, size_t room, size_t *length,
		    struct error *err)
{
	ssize_t count;

	*length = 0;
	do {
		count = read(fd, to + *length, room - *length);
		if (count < 0)
			return error_errno(err, "%s", path);
		*length += (size_t)count;
	} while (count && *length < room);
	if (*length > CONFIG_FILE_MAX)
		return error_set(err, EFBIG, "%s: larger than 1 MiB", path);
	return 0;
}

int config_file_apply(const char *path, struct control *control, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0, room = CONFIG_FILE_MAX + 1;
	struct stat st;
	char *data;
	int result;

	if (fd < 0)
		return error_errno(err, "%s", path);
	/* A file is rarely a megabyte; a pipe does not say. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < CONFIG_FILE_MAX)
		room = (size_t)st.st_size + 1;
	data = malloc(room);
	result = data ? read_all(fd, path, data, room, &length, err)
		      : error_set(err, ENOMEM, "%s: out of memory", path);
	close(fd);
	if (!result)
		result = config_file_apply_bytes(path, data, length, control, err);
	free(data);
	return result;
}
