/* SPDX-License-Identifier: Apache-2.0 */
/* What a VM's first vCPU begins with: a kernel from a file, or the guest runtime. */
#ifndef MOTE_KERNEL_H
#define MOTE_KERNEL_H

#include "vmm/image.h"

/* path NULL: the runtime. */
int kernel_load(const char *path, const struct memory *memory, struct image_place *place,
		struct error *err);

#endif
