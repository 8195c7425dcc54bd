/* SPDX-License-Identifier: Apache-2.0 */
/* What the device tree says about the machine and the application, in one struct; fdt.c
 * fills it in one walk. Addresses are physical, strings point into the device tree. */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define MACHINE_CPUS_MAX 64

/* Strings one after the other, each with its NUL; `size` counts them all. */
struct string_list {
	const char *strings;
	size_t size;
};

struct machine {
	uint64_t ram_start, ram_end; /* without the control page's 64 KiB */
	uint64_t initrd_start, initrd_end;
	uint64_t control_registers, control_page;
	uint32_t control_interrupt; /* as the interrupt controller numbers it */
	struct machine_arch arch;
	const char *program;
	struct string_list arguments, environment;
	uint64_t tree, tree_end;
	unsigned cpu_count;
	uint64_t cpus[MACHINE_CPUS_MAX]; /* hardware ids */
};

/* Reads the tree at `tree` (physical). Its contents are the monitor's and are trusted;
 * -EINVAL if it isn't a device tree at all. */
int fdt_read(uint64_t tree, struct machine *machine);
#endif
