/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of request bodies. Names, requirements and null rules of Firecracker's
 * bodies are Firecracker's; values are judged behind control_request(). */
#include "api/bodies.h"

#include <stdint.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct request, member)

static const char *const cpu_templates[] = {
	"None", "C3", "T2", "T2S", "T2CL", "T2A", "V1N1", NULL,
};
static const char *const huge_pages[] = {"None", "Transparent", "2M", NULL};
static const char *const actions[] = {"InstanceStart", "FlushMetrics", "SendCtrlAltDel", NULL};

const struct field machine_config_body[] = {
	{.name = "vcpu_count",
	 .kind = FIELD_UINT32,
	 .required = true,
	 AT(machine.vcpu_count),
	 .maximum = UINT32_MAX},
	{.name = "mem_size_mib",
	 .kind = FIELD_UINT32,
	 .required = true,
	 AT(machine.mem_size_mib),
	 .maximum = UINT32_MAX},
	{.name = "smt", .kind = FIELD_BOOL, AT(machine.smt)},
	{.name = "track_dirty_pages", .kind = FIELD_ONLY_FALSE},
	{.name = "cpu_template",
	 .kind = FIELD_ONLY_FIRST,
	 .nullable = true,
	 .names = cpu_templates},
	{.name = "huge_pages", .kind = FIELD_ONLY_FIRST, .names = huge_pages},
	{.name = NULL},
};

const struct field boot_source_body[] = {
	{.name = "kernel_image_path",
	 .kind = FIELD_STRING,
	 .required = true,
	 AT(boot.kernel_image_path)},
	{.name = "initrd_path", .kind = FIELD_STRING, .nullable = true, AT(boot.initrd_path)},
	{.name = "boot_args", .kind = FIELD_STRING, .nullable = true, AT(boot.boot_args)},
	{.name = NULL},
};

const struct field application_body[] = {
	{.name = "path", .kind = FIELD_STRING, .required = true, AT(application.path)},
	{.name = "args", .kind = FIELD_STRINGS, .nullable = true, AT(application.args)},
	{.name = "env", .kind = FIELD_PAIRS, .nullable = true, AT(application.env)},
	{.name = "root", .kind = FIELD_STRING, .nullable = true, AT(application.root)},
	{.name = NULL},
};

const struct field signal_body[] = {
	{.name = "signal",
	 .kind = FIELD_INT,
	 .required = true,
	 AT(signal),
	 .minimum = 1,
	 .maximum = 64},
	{.name = NULL},
};

const struct field action_body[] = {
	{.name = "action_type", .kind = FIELD_ONLY_FIRST, .required = true, .names = actions},
	{.name = NULL},
};

int body_decode(const struct field *body, enum operation operation, const char *data, size_t length,
		struct request *request, struct error *err)
{
	const char *culprit;
	json_t *object;
	int result;

	memset(request, 0, sizeof(*request));
	request->operation = operation;
	object = fields_parse(data, length, err);
	if (!object)
		return -err->code;
	result = fields_read(body, object, request, &culprit, err);
	json_decref(object);
	return result;
}

void request_finish(struct request *request)
{
	if (request->operation == OP_PUT_BOOT_SOURCE)
		boot_source_finish(&request->boot);
	if (request->operation == OP_PUT_APPLICATION)
		application_finish(&request->application);
}
