/* SPDX-License-Identifier: Apache-2.0 */
/* Every JSON body. The first byte says which; what is taken is complete, what is refused is
 * refused with one line. */
#include "api/bodies.h"
#include "tests/fuzz/support/input.h"

static const struct {
	const struct field *body;
	enum operation operation;
} bodies[] = {
	{machine_config_body, OP_PUT_MACHINE_CONFIG},
	{boot_source_body, OP_PUT_BOOT_SOURCE},
	{application_body, OP_PUT_APPLICATION},
	{signal_body, OP_SIGNAL_APPLICATION},
	{action_body, OP_INSTANCE_START},
	{vm_body, OP_RESUME},
	{machine_config_patch_body, OP_PATCH_MACHINE_CONFIG},
	{logger_body, OP_PUT_LOGGER},
	{metrics_body, OP_PUT_METRICS},
	{serial_body, OP_PUT_SERIAL},
	{watchdog_body, OP_PUT_WATCHDOG},
	{vsock_body, OP_PUT_VSOCK},
	{debug_body, OP_PUT_DEBUG},
	{core_body, OP_PUT_CORE},
};

static void check_strings(char **strings, char must)
{
	for (; strings && *strings; strings++)
		check(strchr(*strings, must));
}

static void check_taken(const struct request *request)
{
	switch (request->operation) {
	case OP_PUT_BOOT_SOURCE:
		check(request->boot.kernel_image_path);
		break;
	case OP_PUT_APPLICATION:
		check(request->application.path);
		check_strings(request->application.args, '\0');
		check_strings(request->application.env, '=');
		break;
	case OP_SIGNAL_APPLICATION:
		check(request->signal >= 1 && request->signal <= 64);
		break;
	case OP_PUT_METRICS:
	case OP_PUT_DEBUG:
	case OP_PUT_CORE:
		check(request->path);
		break;
	default:
		check(request->operation < OP_COUNT);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint8_t which = input_u8(&input) % LENGTH(bodies);
	struct request request;
	struct error err = {0};
	int result = body_decode(bodies[which].body, bodies[which].operation,
				 (const char *)input.data, input.size, &request, &err);

	check(result == -err.code);
	if (result)
		check_message(err.message);
	else
		check_taken(&request);
	request_finish(&request);
	return 0;
}
