/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders of replies. Keys and their order are Firecracker's where it has the thing. */
#include "api/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/bytes.h"
#include "vmm/log.h"

enum { REG_VIEW_MAX = 256 }; /* bytes of the largest register: a vector of 2048 bits */

/* Text from the command line or the guest need not be UTF-8, which JSON demands. */
static json_t *text(const char *from)
{
	json_t *value = json_string(from);
	char *copy;

	if (value)
		return value;
	copy = strdup(from);
	if (!copy)
		return NULL;
	for (char *at = copy; *at; at++) {
		if ((signed char)*at < 0)
			*at = '?';
	}
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *encode_instance(const struct control *control, const struct reply *reply)
{
	return json_pack("{s:o, s:s, s:s, s:s}", "id", text(control_id(control)), "state",
			 vm_state_name(reply->instance), "vmm_version", MOTE_VERSION, "app_name",
			 "mote");
}

json_t *encode_version(const struct control *control, const struct reply *reply)
{
	(void)control;
	(void)reply;
	return json_pack("{s:s}", "firecracker_version", MOTE_VERSION);
}

static json_t *machine(const struct machine_config *config)
{
	return json_pack("{s:I, s:I, s:b, s:s, s:b, s:s}", "vcpu_count",
			 (json_int_t)config->vcpu_count, "mem_size_mib",
			 (json_int_t)config->mem_size_mib, "smt", config->smt, "cpu_template",
			 "None", "track_dirty_pages", config->track_dirty_pages, "huge_pages",
			 "None");
}

json_t *encode_machine_config(const struct control *control, const struct reply *reply)
{
	(void)control;
	return machine(&reply->config->machine);
}

static json_t *boot(const struct boot_source *boot)
{
	return json_pack("{s:s, s:s?, s:s?}", "kernel_image_path", boot->kernel_image_path,
			 "initrd_path", boot->initrd_path, "boot_args", boot->boot_args);
}

static json_t *strings(char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++) {
		if (json_array_append_new(array, json_string(*list))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* "K=V" strings, whose K has no '=', as an object. */
static json_t *pairs(char *const *list)
{
	json_t *object = json_object();

	for (; list && *list; list++) {
		const char *value = strchr(*list, '=');

		if (!value || json_object_setn_new(object, *list, (size_t)(value - *list),
						   json_string(value + 1))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *application(const struct application *application)
{
	return json_pack("{s:s, s:o, s:o, s:s?}", "path", application->path, "args",
			 strings(application->args), "env", pairs(application->env), "root",
			 application->root);
}

static json_t *logger(const struct logger_config *config)
{
	return json_pack("{s:s?, s:s?, s:b, s:b}", "log_path", config->path, "level",
			 config->level < 0 ? NULL : log_level_name(config->level), "show_level",
			 config->show_level, "show_log_origin", false);
}

static json_t *path(const char *key, const char *value)
{
	return json_pack("{s:s}", key, value);
}

static json_t *watchdog(const struct watchdog_config *config)
{
	return json_pack("{s:I, s:s}", "timeout_ms", (json_int_t)config->timeout_ms, "action",
			 config->action == WATCHDOG_STOP ? "stop" : "report");
}

static json_t *vsock(const struct vsock_config *config)
{
	json_t *object = json_pack("{s:I, s:s}", "guest_cid", (json_int_t)config->guest_cid,
				   "uds_path", config->uds_path);

	if (config->id)
		json_object_set_new(object, "vsock_id", json_string(config->id));
	return object;
}

static json_t *sections(const struct vm_config *config)
{
	json_t *object = json_object();
	int failed = json_object_set_new(object, "machine-config", machine(&config->machine));

	if (config->boot.kernel_image_path)
		failed |= json_object_set_new(object, "boot-source", boot(&config->boot));
	if (config->application.path)
		failed |= json_object_set_new(object, "application",
					      application(&config->application));
	if (config->logger_set)
		failed |= json_object_set_new(object, "logger", logger(&config->logger));
	if (config->metrics_path)
		failed |= json_object_set_new(object, "metrics",
					      path("metrics_path", config->metrics_path));
	if (config->serial_path)
		failed |= json_object_set_new(object, "serial",
					      path("serial_out_path", config->serial_path));
	if (config->debug_socket)
		failed |=
			json_object_set_new(object, "debug", path("socket", config->debug_socket));
	if (config->core_path)
		failed |= json_object_set_new(object, "core", path("path", config->core_path));
	if (config->watchdog.timeout_ms)
		failed |= json_object_set_new(object, "watchdog", watchdog(&config->watchdog));
	if (config->vsock.uds_path)
		failed |= json_object_set_new(object, "vsock", vsock(&config->vsock));
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

json_t *encode_vm_config(const struct control *control, const struct reply *reply)
{
	(void)control;
	return sections(reply->config);
}

static json_t *number(int value)
{
	return value < 0 ? json_null() : json_integer(value);
}

json_t *encode_application(const struct control *control, const struct reply *reply)
{
	const struct application_status *status = &reply->application;

	(void)control;
	return json_pack("{s:s, s:o, s:o, s:o}", "state", application_state_name(status->state),
			 "exit_code", number(status->exit_code), "signal", number(status->signal),
			 "reason", text(status->reason));
}

json_t *encode_reset(const struct control *control, const struct reply *reply)
{
	const struct memory_reverted *what = &reply->reverted;

	(void)control;
	if (!what->tracked)
		return json_pack("{s:n, s:s, s:s}", "dirty_pages", "memory", "dropped", "reason",
				 "dirty pages are not tracked: all of memory is loaded anew");
	return json_pack("{s:I, s:s, s:s}", "dirty_pages", (json_int_t)what->pages, "memory",
			 "dropped", "reason",
			 "so many dirty pages cost more than a new microVM: all of memory is "
			 "loaded anew");
}

/* The value as the manuals write it, most significant digit first. */
static json_t *hexadecimal(const uint8_t *bytes, unsigned int size)
{
	char digits[2 + 2 * REG_VIEW_MAX + 1] = "0x";

	for (unsigned int i = 0; i < size && i < REG_VIEW_MAX; i++)
		snprintf(digits + 2 + 2 * i, 3, "%02x", bytes[size - 1 - i]);
	return json_string(digits);
}

static void add_register(void *context, const struct reg_view *view)
{
	const char *class = reg_class_names[__builtin_ctz(view->class)];
	json_t *classes = context, *list = json_object_get(classes, class);
	json_t *reg = json_pack("{s:s, s:o, s:b, s:b}", "name", view->name, "value",
				hexadecimal(view->value, view->size), "valid", view->valid, "dirty",
				view->changed);
	uint8_t refused[8];

	bytes_store_le(refused, sizeof(refused), view->refused_value);
	if (view->refused)
		json_object_set_new(reg, "refused", hexadecimal(refused, sizeof(refused)));
	json_array_append_new(list, reg);
}

static json_t *vcpu_registers(const struct control *control, unsigned int index)
{
	json_t *classes = json_object();

	for (unsigned int i = 0; i < REG_CLASSES; i++)
		json_object_set_new(classes, reg_class_names[i], json_array());
	control_registers(control, index, add_register, classes);
	return json_pack("{s:i, s:o}", "vcpu", (int)index, "classes", classes);
}

json_t *encode_registers(const struct control *control, const struct reply *reply)
{
	json_t *vcpus = json_array();

	(void)reply;
	for (unsigned int i = 0; i < control_vcpu_count(control); i++)
		json_array_append_new(vcpus, vcpu_registers(control, i));
	return json_pack("{s:o}", "vcpus", vcpus);
}
