/* SPDX-License-Identifier: Apache-2.0 */
/* What a new VM boots: put into its memory. */
#include <errno.h>

#include "vmm/fdt.h"
#include "vmm/kernel.h"
#include "vmm/vm_parts.h"

enum { LOAD_ALIGN = 4096, FDT_ALIGN = 8 };

static int vm_load_initrd(struct vm *vm, uint64_t limit, struct error *err)
{
	uint64_t start = (vm->kernel.end + LOAD_ALIGN - 1) & ~(uint64_t)(LOAD_ALIGN - 1);
	const struct vm_config *config = vm->config;

	if (config->application.path)
		return initrd_load_application(&vm->initrd, &config->application, &vm->memory,
					       start, limit, err);
	if (config->boot.initrd_path)
		return initrd_load_file(&vm->initrd, config->boot.initrd_path, &vm->memory, start,
					limit, err);
	return 0;
}

/* Behind the control page, where it costs no page of its own, or below its area. */
static uint64_t vm_fdt_place(const struct vm *vm, size_t room)
{
	if (room <= CONTROL_AREA - CONTROL_PAGE_SIZE)
		return vm_control_area(vm) + CONTROL_PAGE_SIZE;
	return (vm_control_area(vm) - room) & ~(uint64_t)(FDT_ALIGN - 1);
}

int vm_load(struct vm *vm, struct error *err)
{
	struct fdt_contents contents = {
		.machine = &vm->machine,
		.config = vm->config,
		.initrd = &vm->initrd,
		.memory_size = vm->memory.size - CONTROL_AREA,
		.control_page = vm_control_area(vm),
	};
	int result = kernel_load(vm->config->boot.kernel_image_path, &vm->memory, &vm->kernel, err);
	uint64_t limit;
	size_t room;

	if (result < 0)
		return result;
	/* The program's path is not known yet: it is shorter than what it is made from. */
	room = fdt_size(&contents) + PATH_MAX;
	if (room > contents.memory_size / 2)
		return error_set(err, E2BIG, "arguments and environment of %zu bytes: too large",
				 room);
	vm->fdt = vm_fdt_place(vm, room);
	limit = vm->fdt < vm_control_area(vm) ? vm->fdt : vm_control_area(vm);
	if (vm->kernel.end > limit)
		return error_set(err, ENOSPC, "mem_size_mib: %u is too small for the kernel",
				 vm->config->machine.mem_size_mib);
	result = vm_load_initrd(vm, limit, err);
	if (result < 0)
		return result;
	result = fdt_build(&contents, memory_write_span(&vm->memory, vm->fdt, room), room, err);
	/* Only now: KVM follows every change of a range that it has. */
	return result < 0 ? result : memory_attach(&vm->memory, vm->machine.vm_fd, err);
}
