/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 500 GiB: with what lies below it, less than the 39 bits that the guest runtime maps. */
enum { MEM_MAX_MIB = 500 << 10 };

void vm_config_init(struct vm_config *config)
{
	memset(config, 0, sizeof(*config));
	config->machine.vcpu_count = 1;
	config->machine.mem_size_mib = CONFIG_MEM_DEFAULT_MIB;
}

void vm_config_finish(struct vm_config *config)
{
	boot_source_finish(&config->boot);
	application_finish(&config->application);
	vsock_config_finish(&config->vsock);
	free(config->logger.path);
	free(config->metrics_path);
	free(config->debug_socket);
	free(config->core_path);
	free(config->serial_path);
}

int machine_config_check(const struct machine_config *machine, struct error *err)
{
	if (machine->vcpu_count < 1 || machine->vcpu_count > CONFIG_VCPUS_MAX)
		return error_set(err, EINVAL, "vcpu_count: %u is not in 1 … %d",
				 machine->vcpu_count, CONFIG_VCPUS_MAX);
	if (machine->mem_size_mib < 1 || machine->mem_size_mib > MEM_MAX_MIB)
		return error_set(err, EINVAL, "mem_size_mib: %u is not in 1 … %d",
				 machine->mem_size_mib, MEM_MAX_MIB);
	if (machine->smt)
		return error_set(err, EINVAL, "smt: not supported on this architecture");
	return 0;
}

static void strings_free(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

void boot_source_finish(struct boot_source *boot)
{
	free(boot->kernel_image_path);
	free(boot->initrd_path);
	free(boot->boot_args);
	*boot = (struct boot_source){0};
}

void application_finish(struct application *application)
{
	free(application->path);
	strings_free(application->args);
	strings_free(application->env);
	free(application->root);
	*application = (struct application){0};
}

void vsock_config_finish(struct vsock_config *vsock)
{
	free(vsock->id);
	free(vsock->uds_path);
	*vsock = (struct vsock_config){0};
}

void boot_source_move(struct boot_source *dst, struct boot_source *src)
{
	boot_source_finish(dst);
	*dst = *src;
	*src = (struct boot_source){0};
}

void application_move(struct application *dst, struct application *src)
{
	application_finish(dst);
	*dst = *src;
	*src = (struct application){0};
}

void vsock_config_move(struct vsock_config *dst, struct vsock_config *src)
{
	vsock_config_finish(dst);
	*dst = *src;
	*src = (struct vsock_config){0};
}

void string_move(char **dst, char **src)
{
	free(*dst);
	*dst = *src;
	*src = NULL;
}
