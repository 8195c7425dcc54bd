/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot_config.h"

#include <errno.h>

void snapshot_config_save(const struct vm_config *config, struct state_writer *writer)
{
	state_begin(writer, STATE_CONFIG);
	state_put(writer, config->machine.vcpu_count, 4);
	state_put(writer, config->machine.mem_size_mib, 4);
	state_put(writer, config->watchdog.timeout_ms, 4);
	state_put(writer, (uint64_t)config->watchdog.action, 4);
	state_put_string(writer, config->boot.kernel_image_path);
	state_put_string(writer, config->boot.initrd_path);
	state_put_string(writer, config->boot.boot_args);
	state_put_string(writer, config->application.path);
	state_put_strings(writer, config->application.args);
	state_put_strings(writer, config->application.env);
	state_put_string(writer, config->application.root);
	if (config->vsock.uds_path) {
		state_put(writer, config->vsock.guest_cid, 4);
		state_put_string(writer, config->vsock.uds_path);
		state_put_string(writer, config->vsock.id);
	}
	state_end(writer);
}

static int judge(const struct vm_config *config, const struct state_file *state, struct error *err)
{
	const struct watchdog_config *watchdog = &config->watchdog;

	if (machine_config_check(&config->machine, err) < 0)
		return -err->code;
	if (state->header.memory_size != (uint64_t)config->machine.mem_size_mib << 20)
		return error_set(err, EINVAL, "memory of %llu bytes, %u MiB configured",
				 (unsigned long long)state->header.memory_size,
				 config->machine.mem_size_mib);
	if (watchdog->timeout_ms &&
	    (watchdog->timeout_ms < CONFIG_WATCHDOG_MIN_MS ||
	     watchdog->timeout_ms > CONFIG_WATCHDOG_MAX_MS || watchdog->action < WATCHDOG_REPORT ||
	     watchdog->action > WATCHDOG_STOP))
		return error_set(err, EINVAL, "watchdog: timeout_ms %u, action %d",
				 watchdog->timeout_ms, watchdog->action);
	if (!config->application.path == !config->boot.kernel_image_path)
		return error_set(err, EINVAL, "neither an application nor a boot source, or both");
	if (config->vsock.uds_path &&
	    (config->vsock.guest_cid < CONFIG_CID_MIN || config->vsock.guest_cid > CONFIG_CID_MAX))
		return error_set(err, EINVAL, "vsock: guest_cid %u", config->vsock.guest_cid);
	if (state_count(state, STATE_VSOCK) != (config->vsock.uds_path != NULL))
		return error_set(err, EINVAL, "vsock: configuration and device don't match");
	return 0;
}

int snapshot_config_load(struct vm_config *config, const struct state_file *state,
			 struct error *err)
{
	struct state_reader reader;
	int result = state_section(state, STATE_CONFIG, 0, &reader, err);

	if (result < 0)
		return result;
	config->machine.vcpu_count = (uint32_t)state_take(&reader, 4);
	config->machine.mem_size_mib = (uint32_t)state_take(&reader, 4);
	config->watchdog.timeout_ms = (uint32_t)state_take(&reader, 4);
	config->watchdog.action = (int)state_take(&reader, 4);
	config->boot.kernel_image_path = state_take_string(&reader);
	config->boot.initrd_path = state_take_string(&reader);
	config->boot.boot_args = state_take_string(&reader);
	config->application.path = state_take_string(&reader);
	config->application.args = state_take_strings(&reader);
	config->application.env = state_take_strings(&reader);
	config->application.root = state_take_string(&reader);
	if (state_more(&reader)) {
		config->vsock.guest_cid = (uint32_t)state_take(&reader, 4);
		config->vsock.uds_path = state_take_string(&reader);
		config->vsock.id = state_take_string(&reader);
	}
	result = state_close(&reader, err);
	return result < 0 ? result : judge(config, state, err);
}
