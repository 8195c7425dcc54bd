/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/snapshot_files.h"
#include "vmm/snapshot_memory.h"

int snapshot_input_state(struct snapshot_input *input, const char *path, struct error *err)
{
	uint64_t size;
	int fd = snapshot_file_open(path, &size, err), result;

	if (fd < 0)
		return fd;
	if (size > STATE_FILE_MAX) {
		close(fd);
		return error_set(err, EFBIG, "%s: %llu bytes, at most %d are taken", path,
				 (unsigned long long)size, STATE_FILE_MAX);
	}
	input->bytes = malloc(size + 1);
	result = input->bytes ? snapshot_file_read(fd, path, input->bytes, size, 0, err)
			      : error_set(err, ENOMEM, "%s: out of memory", path);
	close(fd);
	if (result == 0 && state_open(&input->state, input->bytes, size, err) < 0)
		result = error_about(err, "%.100s", path);
	return result;
}

static int open_memory(struct snapshot_input *input, bool by_itself, struct error *err)
{
	struct state_header header = input->state.header;
	uint64_t size;

	if (by_itself)
		header.kind = STATE_FULL;
	if (input->memory_fd >= 0)
		close(input->memory_fd);
	input->memory_fd = snapshot_file_open(input->memory_path, &size, err);
	return input->memory_fd < 0
		       ? -err->code
		       : snapshot_memory_judge(&header, input->memory_fd, input->memory_path, err);
}

int snapshot_input_memory(struct snapshot_input *input, const char *path, bool by_itself,
			  struct error *err)
{
	char second[PATH_MAX];
	struct error ignored;
	int result;

	if (snprintf(input->memory_path, PATH_MAX, "%s", path) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "%.80s…: the path is too long", path);
	result = open_memory(input, by_itself, err);
	if (result == 0 ||
	    snapshot_memory_name(second, sizeof(second), path, input->state.header.id, &ignored) <
		    0 ||
	    access(second, F_OK) < 0)
		return result;
	snprintf(input->memory_path, PATH_MAX, "%s", second);
	return open_memory(input, by_itself, err);
}

void snapshot_input_close(struct snapshot_input *input)
{
	free(input->bytes);
	if (input->memory_fd >= 0)
		close(input->memory_fd);
	*input = SNAPSHOT_INPUT_CLOSED;
}
