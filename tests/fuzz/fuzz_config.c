/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file. Refusals name the file, in one line. */
#include "api/config_file.h"
#include "tests/fuzz/support/input.h"
#include "tests/unit/test_api_control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size);
	struct control control;
	struct error err = {0};
	int result;

	if (size)
		memcpy(copy, data, size);
	fake_control_init(&control);
	result = config_file_apply_bytes("c.json", copy, size, &control, &err);
	check(result == -err.code);
	if (result) {
		check_message(err.message);
		check(!strncmp(err.message, "c.json: ", 8));
	}
	fake_control_finish(&control);
	free(copy);
	return 0;
}
