/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kernel.h"

#include "vmm/arch.h"
#include "vmm/runtime.h"

static int load_file(const char *path, const struct memory *memory, struct image_place *place,
		     struct error *err)
{
	struct image image;
	int result = image_open(&image, path, err);

	if (result < 0)
		return result;
	if (image_is_elf(&image))
		result = image_load_elf(&image, memory, place, err);
	else
		result = arch_image_load(&image, memory, place, err);
	image_close(&image);
	return result;
}

int kernel_load(const char *path, const struct memory *memory, struct image_place *place,
		struct error *err)
{
	struct image runtime;
	int result;

	if (path)
		return load_file(path, memory, place, err);
	runtime_open(&runtime);
	result = image_load_elf(&runtime, memory, place, err);
	image_close(&runtime);
	return result;
}
