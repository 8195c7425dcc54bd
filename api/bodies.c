/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of request bodies. Names, requirements and null rules of Firecracker's
 * bodies are Firecracker's; values are judged behind control_request(). */
#include "api/bodies.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/document.h"
#include "vmm/log.h"

#define AT(member) .offset = offsetof(struct request, member)

static const char *const cpu_templates[] = {
	"None", "C3", "T2", "T2S", "T2CL", "T2A", "V1N1", NULL,
};
static const char *const huge_pages[] = {"None", "Transparent", "2M", NULL};
static const char *const actions[] = {"InstanceStart", "FlushMetrics", "SendCtrlAltDel", NULL};
static const int action_operations[] = {OP_INSTANCE_START, OP_FLUSH_METRICS, OP_SEND_CTRL_ALT_DEL};
static const char *const vm_states[] = {"Paused", "Resumed", NULL};
static const int vm_operations[] = {OP_PAUSE, OP_RESUME};
static const char *const clocks[] = {"wall", "guest", NULL};
static const int clock_values[] = {CLOCK_WALL, CLOCK_GUEST};
/* Firecracker's, of which Trace has nothing more to say than Debug, and Off for its False. */
static const char *const levels[] = {"Error", "Warning", "Info", "Debug",
				     "Trace", "False",   "Off",  NULL};
static const int level_values[] = {LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG,
				   LOG_DEBUG, LOG_OFF,     LOG_OFF};
static const char *const watchdog_actions[] = {"report", "stop", NULL};
static const int watchdog_values[] = {WATCHDOG_REPORT, WATCHDOG_STOP};

/* A PUT needs both numbers; a PATCH may leave out any field and takes 0 for left out, so that
 * a 0 in its body is refused here. */
#define MACHINE_NUMBER(member, is_put)                                                             \
	{                                                                                          \
		.name = #member, .kind = FIELD_UINT32, .required = (is_put), AT(machine.member),   \
		.minimum = !(is_put), .maximum = UINT32_MAX                                        \
	}
#define MACHINE_FIELDS(is_put)                                                                     \
	MACHINE_NUMBER(vcpu_count, is_put), MACHINE_NUMBER(mem_size_mib, is_put),                  \
		{.name = "smt", .kind = FIELD_BOOL, AT(machine.smt)},                              \
		{.name = "track_dirty_pages", .kind = FIELD_BOOL, AT(machine.track_dirty_pages)},  \
		{.name = "cpu_template",                                                           \
		 .kind = FIELD_ONLY_FIRST,                                                         \
		 .nullable = true,                                                                 \
		 .names = cpu_templates},                                                          \
	{                                                                                          \
		.name = "huge_pages", .kind = FIELD_ONLY_FIRST, .names = huge_pages                \
	}

const struct field machine_config_body[] = {MACHINE_FIELDS(true), {.name = NULL}};
const struct field machine_config_patch_body[] = {MACHINE_FIELDS(false), {.name = NULL}};

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
	{.name = "action_type",
	 .kind = FIELD_CHOICE,
	 .required = true,
	 AT(operation),
	 .names = actions,
	 .values = action_operations},
	{.name = NULL},
};

const struct field vm_body[] = {
	{.name = "state",
	 .kind = FIELD_CHOICE,
	 .required = true,
	 AT(operation),
	 .names = vm_states,
	 .values = vm_operations},
	{.name = "clock", .kind = FIELD_CHOICE, AT(clock), .names = clocks, .values = clock_values},
	{.name = NULL},
};

const struct field logger_body[] = {
	{.name = "log_path", .kind = FIELD_STRING, .nullable = true, AT(logger.path)},
	{.name = "level",
	 .kind = FIELD_CHOICE,
	 .nullable = true,
	 AT(logger.level),
	 .names = levels,
	 .values = level_values},
	{.name = "show_level", .kind = FIELD_BOOL, .nullable = true, AT(logger.show_level)},
	{.name = "show_log_origin", .kind = FIELD_ONLY_FALSE, .nullable = true},
	{.name = "module", .kind = FIELD_UNBUILT, .nullable = true},
	{.name = NULL},
};

const struct field metrics_body[] = {
	{.name = "metrics_path", .kind = FIELD_STRING, .required = true, AT(path)},
	{.name = "emit_id", .kind = FIELD_ONLY_FALSE},
	{.name = "properties", .kind = FIELD_UNBUILT},
	{.name = NULL},
};

const struct field serial_body[] = {
	{.name = "serial_out_path", .kind = FIELD_STRING, .nullable = true, AT(path)},
	{.name = "rate_limiter", .kind = FIELD_UNBUILT, .nullable = true},
	{.name = NULL},
};

const struct field debug_body[] = {
	{.name = "socket", .kind = FIELD_STRING, .required = true, AT(path)},
	{.name = NULL},
};

const struct field core_body[] = {
	{.name = "path", .kind = FIELD_STRING, .required = true, AT(path)},
	{.name = NULL},
};

const struct field watchdog_body[] = {
	{.name = "timeout_ms",
	 .kind = FIELD_UINT32,
	 .required = true,
	 AT(watchdog.timeout_ms),
	 .minimum = CONFIG_WATCHDOG_MIN_MS,
	 .maximum = CONFIG_WATCHDOG_MAX_MS},
	{.name = "action",
	 .kind = FIELD_CHOICE,
	 AT(watchdog.action),
	 .names = watchdog_actions,
	 .values = watchdog_values},
	{.name = NULL},
};

const struct field vsock_body[] = {
	{.name = "guest_cid",
	 .kind = FIELD_UINT32,
	 .required = true,
	 AT(vsock.guest_cid),
	 .minimum = CONFIG_CID_MIN,
	 .maximum = CONFIG_CID_MAX},
	{.name = "uds_path", .kind = FIELD_STRING, .required = true, AT(vsock.uds_path)},
	{.name = "vsock_id", .kind = FIELD_STRING, .nullable = true, AT(vsock.id)},
	{.name = NULL},
};

static const char *const snapshot_types[] = {"Full", "Diff", NULL};
static const int snapshot_kinds[] = {STATE_FULL, STATE_DIFF};
static const char *const backends[] = {"File", "Uffd", NULL};
static const int backend_values[] = {BACKEND_FILE, BACKEND_UFFD};
static const char *const load_huge_pages[] = {"Snapshot", "None", "Transparent", "2M", NULL};

const struct field snapshot_create_body[] = {
	{.name = "snapshot_type",
	 .kind = FIELD_CHOICE,
	 AT(create.kind),
	 .names = snapshot_types,
	 .values = snapshot_kinds},
	{.name = "snapshot_path", .kind = FIELD_STRING, .required = true, AT(create.state_path)},
	{.name = "mem_file_path", .kind = FIELD_STRING, .required = true, AT(create.memory_path)},
	{.name = NULL},
};

static const struct field backend_members[] = {
	{.name = "backend_type",
	 .kind = FIELD_CHOICE,
	 .required = true,
	 AT(load.backend),
	 .names = backends,
	 .values = backend_values},
	{.name = "backend_path", .kind = FIELD_STRING, .required = true, AT(load.backend_path)},
	{.name = NULL},
};

static const struct field vsock_members[] = {
	{.name = "uds_path", .kind = FIELD_STRING, .required = true, AT(load.vsock_path)},
	{.name = NULL},
};

const struct field snapshot_load_body[] = {
	{.name = "snapshot_path", .kind = FIELD_STRING, .required = true, AT(load.state_path)},
	{.name = "mem_file_path", .kind = FIELD_STRING, .nullable = true, AT(load.memory_path)},
	{.name = "mem_backend", .kind = FIELD_OBJECT, .nullable = true, .members = backend_members},
	{.name = "resume_vm", .kind = FIELD_BOOL, AT(load.resume)},
	{.name = "track_dirty_pages", .kind = FIELD_BOOL, AT(load.track_dirty_pages)},
	{.name = "enable_diff_snapshots", .kind = FIELD_BOOL, AT(load.diff_snapshots)},
	{.name = "clock",
	 .kind = FIELD_CHOICE,
	 AT(load.clock),
	 .names = clocks,
	 .values = clock_values},
	{.name = "clock_realtime", .kind = FIELD_BOOL, AT(load.realtime)},
	{.name = "prefetch", .kind = FIELD_BOOL, AT(load.prefetch)},
	{.name = "huge_pages", .kind = FIELD_ONLY_FIRST, .names = load_huge_pages},
	{.name = "network_overrides", .kind = FIELD_UNBUILT},
	{.name = "vsock_override",
	 .kind = FIELD_OBJECT,
	 .nullable = true,
	 .members = vsock_members},
	{.name = NULL},
};

const struct field snapshot_reset_body[] = {{.name = NULL}};

_Static_assert(sizeof(enum operation) == sizeof(int), "a choice is stored as an int");

struct request request_empty(enum operation operation)
{
	struct request request;

	memset(&request, 0, sizeof(request));
	request.operation = operation;
	if (operation == OP_PUT_LOGGER)
		request.logger.level = -1;
	return request;
}

int body_decode(const struct field *body, enum operation operation, const char *data, size_t length,
		struct request *request, struct error *err)
{
	struct document document;
	const char *culprit;
	int result = document_parse(&document, data, length, err);

	*request = request_empty(operation);
	if (!result)
		result = fields_read(body, document.root, request, &culprit, err);
	document_free(&document);
	return result;
}

void request_finish(struct request *request)
{
	if (request->operation == OP_PUT_BOOT_SOURCE)
		boot_source_finish(&request->boot);
	if (request->operation == OP_PUT_APPLICATION)
		application_finish(&request->application);
	if (request->operation == OP_PUT_VSOCK)
		vsock_config_finish(&request->vsock);
	if (request->operation == OP_PUT_LOGGER)
		free(request->logger.path);
	if (request->operation == OP_PUT_METRICS || request->operation == OP_PUT_SERIAL ||
	    request->operation == OP_PUT_DEBUG || request->operation == OP_PUT_CORE)
		free(request->path);
	if (request->operation == OP_SNAPSHOT_CREATE)
		snapshot_create_finish(&request->create);
	if (request->operation == OP_SNAPSHOT_LOAD)
		snapshot_load_finish(&request->load);
}
