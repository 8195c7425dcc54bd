/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/fdt.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "vmm/dev/control_abi.h"
#include "vmm/dev/uart16550.h"
#include "vmm/dev/virtio_mmio.h"

/* Nodes of fixed size, and what each vCPU adds. */
enum { FDT_BASE_SIZE = 4096, FDT_VCPU_SIZE = 320 };

/* Around the caller's arguments: the later of two wins, and who asks for a console wants to
 * see the time before it as well (on the UART of stdout-path). */
static const char default_args[] = "panic=1", earlycon_args[] = " earlycon";

/* Adds up libfdt's answers: the first error stays. */
#define TRY(call) (result = result ? result : (call))

static size_t strings_size(char *const *strings)
{
	size_t size = 0;

	for (; strings && *strings; strings++)
		size += strlen(*strings) + 1;
	return size;
}

size_t fdt_size(const struct fdt_contents *contents)
{
	const struct application *application = &contents->config->application;
	const char *boot_args = contents->config->boot.boot_args;

	return FDT_BASE_SIZE + FDT_VCPU_SIZE * (size_t)contents->machine->vcpu_count +
	       strings_size(application->args) + strings_size(application->env) +
	       (application->path ? strlen(application->path) : 0) +
	       strlen(contents->initrd->program) + sizeof(default_args) + sizeof(earlycon_args) +
	       (boot_args ? strlen(boot_args) : 0);
}

/* A string list: first (if any) and strings; no property when there is nothing to list. */
static int property_strings(void *fdt, const char *name, const char *first, char *const *strings)
{
	size_t head = first ? strlen(first) + 1 : 0, size = head + strings_size(strings);
	void *to;
	char *next;
	int result;

	if (!size)
		return 0;
	result = fdt_property_placeholder(fdt, name, (int)size, &to);
	if (result)
		return result;
	next = mempcpy(to, first ? first : "", head);
	for (; strings && *strings; strings++)
		next = stpcpy(next, *strings) + 1;
	return 0;
}

static int property_range(void *fdt, const char *name, uint64_t start, uint64_t size)
{
	const fdt64_t cells[] = {cpu_to_fdt64(start), cpu_to_fdt64(size)};

	return fdt_property(fdt, name, cells, sizeof(cells));
}

static int begin_unit(void *fdt, const char *name, uint64_t address)
{
	char unit[48];

	snprintf(unit, sizeof(unit), "%s@%llx", name, (unsigned long long)address);
	return fdt_begin_node(fdt, unit);
}

static int chosen_application(void *fdt, const struct fdt_contents *contents)
{
	const struct application *application = &contents->config->application;
	int result = 0;

	if (!application->path)
		return 0;
	TRY(fdt_property_string(fdt, "mote,program", contents->initrd->program));
	TRY(property_strings(fdt, "mote,argv", application->path, application->args));
	TRY(property_strings(fdt, "mote,envp", NULL, application->env));
	return result;
}

static int chosen_bootargs(void *fdt, const struct boot_source *boot)
{
	const char *args = boot->boot_args ? boot->boot_args : "";
	const char *gap = *args ? " " : "";
	const char *early = strstr(args, "console=") ? earlycon_args : "";
	size_t size = sizeof(default_args) + strlen(gap) + strlen(args) + strlen(early);
	void *to;
	int result;

	if (!boot->kernel_image_path)
		return 0;
	result = fdt_property_placeholder(fdt, "bootargs", (int)size, &to);
	if (result == 0)
		snprintf(to, size, "%s%s%s%s", default_args, gap, args, early);
	return result;
}

static int chosen_node(void *fdt, const struct fdt_contents *contents)
{
	uint8_t seed[32];
	char uart[32];
	int result = fdt_begin_node(fdt, "chosen");

	TRY(chosen_bootargs(fdt, &contents->config->boot));
	snprintf(uart, sizeof(uart), "/uart@%llx", (unsigned long long)arch_layout.uart);
	TRY(fdt_property_string(fdt, "stdout-path", uart));
	if (contents->initrd->end > contents->initrd->start) {
		TRY(fdt_property_u64(fdt, "linux,initrd-start", contents->initrd->start));
		TRY(fdt_property_u64(fdt, "linux,initrd-end", contents->initrd->end));
	}
	if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		TRY(fdt_property(fdt, "rng-seed", seed, sizeof(seed)));
	explicit_bzero(seed, sizeof(seed));
	TRY(chosen_application(fdt, contents));
	TRY(fdt_end_node(fdt));
	return result;
}

static int memory_node(void *fdt, const struct fdt_contents *contents)
{
	int result = begin_unit(fdt, "memory", arch_layout.ram_base);

	TRY(fdt_property_string(fdt, "device_type", "memory"));
	TRY(property_range(fdt, "reg", arch_layout.ram_base, contents->memory_size));
	TRY(fdt_end_node(fdt));
	return result;
}

static int uart_node(void *fdt)
{
	int result = begin_unit(fdt, "uart", arch_layout.uart);

	TRY(fdt_property_string(fdt, "compatible", "ns16550a"));
	TRY(property_range(fdt, "reg", arch_layout.uart, UART_SIZE));
	TRY(fdt_property_u32(fdt, "clock-frequency", UART_CLOCK_HZ));
	TRY(arch_fdt_interrupt(fdt, arch_layout.uart_irq));
	TRY(fdt_end_node(fdt));
	return result;
}

static int control_node(void *fdt, uint64_t page)
{
	const fdt64_t reg[] = {
		cpu_to_fdt64(arch_layout.control),
		cpu_to_fdt64(CONTROL_REGISTERS_SIZE),
		cpu_to_fdt64(page),
		cpu_to_fdt64(CONTROL_PAGE_SIZE),
	};
	int result = begin_unit(fdt, "control", arch_layout.control);

	TRY(fdt_property_string(fdt, "compatible", CONTROL_COMPATIBLE));
	TRY(fdt_property(fdt, "reg", reg, sizeof(reg)));
	TRY(arch_fdt_interrupt(fdt, arch_layout.control_irq));
	TRY(fdt_end_node(fdt));
	return result;
}

static int virtio_nodes(void *fdt, uint32_t count)
{
	int result = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = arch_layout.virtio + i * arch_layout.virtio_stride;

		TRY(begin_unit(fdt, "virtio_mmio", address));
		TRY(fdt_property_string(fdt, "compatible", "virtio,mmio"));
		TRY(property_range(fdt, "reg", address, VIRTIO_MMIO_SIZE));
		TRY(arch_fdt_interrupt(fdt, arch_layout.virtio_irq + i));
		TRY(fdt_end_node(fdt));
	}
	return result;
}

int fdt_build(const struct fdt_contents *contents, void *buffer, size_t size, struct error *err)
{
	/* Looking for equal names costs more than their bytes do. */
	int result = fdt_create_with_flags(buffer, (int)size, FDT_CREATE_FLAG_NO_NAME_DEDUP);

	TRY(fdt_finish_reservemap(buffer));
	TRY(fdt_begin_node(buffer, ""));
	TRY(fdt_property_u32(buffer, "#address-cells", 2));
	TRY(fdt_property_u32(buffer, "#size-cells", 2));
	TRY(fdt_property_u32(buffer, "interrupt-parent", ARCH_FDT_INTC_PHANDLE));
	TRY(fdt_property_string(buffer, "compatible", "mote,microvm"));
	TRY(chosen_node(buffer, contents));
	TRY(memory_node(buffer, contents));
	TRY(arch_fdt_nodes(buffer, contents->machine));
	TRY(control_node(buffer, contents->control_page));
	TRY(uart_node(buffer));
	TRY(virtio_nodes(buffer, contents->machine->virtio_count));
	TRY(fdt_end_node(buffer));
	TRY(fdt_finish(buffer));
	if (result)
		return error_set(err, EINVAL, "device tree: %s", fdt_strerror(result));
	return 0;
}
