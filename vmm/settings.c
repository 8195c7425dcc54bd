/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/settings.h"

#include <errno.h>

#include "vmm/initrd.h"
#include "vmm/log.h"

static int put_machine_config(struct vm_config *config, struct request *request, struct error *err)
{
	int result = machine_config_check(&request->machine, err);

	if (result == 0) {
		config->machine = request->machine;
		config->configured = true;
	}
	return result;
}

/* What the request leaves out is zero, which no field may be set to. */
static int patch_machine_config(struct vm_config *config, struct request *request,
				struct error *err)
{
	struct machine_config *machine = &request->machine;

	if (!machine->vcpu_count)
		machine->vcpu_count = config->machine.vcpu_count;
	if (!machine->mem_size_mib)
		machine->mem_size_mib = config->machine.mem_size_mib;
	return put_machine_config(config, request, err);
}

static int put_boot_source(struct vm_config *config, struct request *request, struct error *err)
{
	if (config->application.path)
		return error_set(err, EINVAL, "boot-source: an application is set already");
	if (config->watchdog.timeout_ms)
		return error_set(err, EINVAL,
				 "boot-source: a watchdog is set, which only an application "
				 "answers");
	boot_source_move(&config->boot, &request->boot);
	config->configured = true;
	return 0;
}

static int put_application(struct vm_config *config, struct request *request, struct error *err)
{
	int result;

	if (config->boot.kernel_image_path)
		return error_set(err, EINVAL, "application: a boot source is set already");
	result = initrd_check_application(&request->application, err);
	if (result == 0) {
		application_move(&config->application, &request->application);
		config->configured = true;
	}
	return result;
}

static int put_logger(struct vm_config *config, struct request *request, struct error *err)
{
	struct logger_config *logger = &request->logger;
	int result = log_open(logger->path, logger->level, err);

	if (result < 0)
		return result;
	log_show_level(logger->show_level);
	if (logger->path)
		string_move(&config->logger.path, &logger->path);
	if (logger->level >= 0 || !config->logger_set)
		config->logger.level = logger->level;
	config->logger.show_level = logger->show_level;
	config->logger_set = true;
	return 0;
}

static int put_serial(struct vm_config *config, struct request *request, struct error *err)
{
	(void)err;
	string_move(&config->serial_path, &request->path);
	return 0;
}

static int put_watchdog(struct vm_config *config, struct request *request, struct error *err)
{
	if (config->boot.kernel_image_path)
		return error_set(err, EINVAL,
				 "watchdog: a boot source is set; only an application answers it");
	config->watchdog = request->watchdog;
	config->configured = true;
	return 0;
}

static int put_vsock(struct vm_config *config, struct request *request, struct error *err)
{
	(void)err;
	vsock_config_move(&config->vsock, &request->vsock);
	config->configured = true;
	return 0;
}

static int (*const setters[OP_COUNT])(struct vm_config *, struct request *, struct error *) = {
	[OP_PUT_MACHINE_CONFIG] = put_machine_config,
	[OP_PATCH_MACHINE_CONFIG] = patch_machine_config,
	[OP_PUT_BOOT_SOURCE] = put_boot_source,
	[OP_PUT_APPLICATION] = put_application,
	[OP_PUT_LOGGER] = put_logger,
	[OP_PUT_SERIAL] = put_serial,
	[OP_PUT_WATCHDOG] = put_watchdog,
	[OP_PUT_VSOCK] = put_vsock,
};

int settings_apply(struct vm_config *config, struct request *request, struct error *err)
{
	return setters[request->operation] ? setters[request->operation](config, request, err)
					   : -ENOSYS;
}
