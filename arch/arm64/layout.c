/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm64/layout.h"

#include <errno.h>
#include <string.h>

#include "vmm/arch.h"
#include "vmm/bytes.h"

const struct arch_layout arch_layout = {
	.ram_base = ARM64_RAM,
	.uart = ARM64_UART,
	.control = ARM64_CONTROL,
	.virtio = ARM64_VIRTIO,
	.virtio_stride = ARM64_VIRTIO_STRIDE,
	.uart_irq = ARM64_SPI_UART,
	.control_irq = ARM64_SPI_CONTROL,
	.virtio_irq = ARM64_SPI_VIRTIO,
};

/* Linux Documentation/arm64/booting.rst, section 4: the header of an Image. */
enum {
	IMAGE_TEXT_OFFSET = 8,
	IMAGE_SIZE = 16,
	IMAGE_FLAGS = 24,
	IMAGE_MAGIC = 56,
	IMAGE_HEADER = 64,
};
enum { IMAGE_FLAG_BIG_ENDIAN = 1 };

int arch_image_load(const struct image *image, const struct memory *memory,
		    struct image_place *place, struct error *err)
{
	uint8_t header[IMAGE_HEADER];
	uint64_t start, size;

	if (image->size < IMAGE_HEADER || image_read(image, 0, header, sizeof(header), err) < 0 ||
	    memcmp(header + IMAGE_MAGIC, "ARM\x64", 4))
		return error_set(err, ENOEXEC, "%s: neither an ELF file nor an arm64 Image",
				 image->name);
	if (bytes_load_le(header + IMAGE_FLAGS, 8) & IMAGE_FLAG_BIG_ENDIAN)
		return error_set(err, ENOEXEC, "%s: a big-endian kernel", image->name);
	/* image_size, bss included, is 0 only in kernels older than 3.17. */
	size = bytes_load_le(header + IMAGE_SIZE, 8);
	if (size < image->size)
		size = image->size;
	if (bytes_load_le(header + IMAGE_TEXT_OFFSET, 8) >= memory->size)
		return error_set(err, ENOEXEC, "%s: text_offset lies outside memory", image->name);
	start = memory->base + bytes_load_le(header + IMAGE_TEXT_OFFSET, 8);
	if (!memory_contains(memory, start, size))
		return error_set(err, ENOEXEC, "%s: needs %llu bytes, more than memory has",
				 image->name, (unsigned long long)size);
	*place = (struct image_place){.entry = start, .end = start + size};
	return image_read(image, 0, memory_write_span(memory, start, image->size), image->size,
			  err);
}
