/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/layout.h"

#include <errno.h>

#include "vmm/arch.h"

const struct arch_layout arch_layout = {
	.ram_base = PPC64_RAM,
	.uart = PPC64_UART,
	.control = PPC64_CONTROL,
	.virtio = PPC64_VIRTIO,
	.virtio_stride = PPC64_VIRTIO_STRIDE,
	.uart_irq = PPC64_IRQ_UART,
	.control_irq = PPC64_IRQ_CONTROL,
	.virtio_irq = PPC64_IRQ_VIRTIO,
};

/* Kernels are ELF files here. */
int arch_image_load(const struct image *image, const struct memory *memory,
		    struct image_place *place, struct error *err)
{
	(void)memory, (void)place;
	return error_set(err, ENOEXEC, "%s: not an ELF file", image->name);
}
