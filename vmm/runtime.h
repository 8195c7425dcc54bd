/* SPDX-License-Identifier: Apache-2.0 */
/* The guest runtime's ELF, part of the monitor's own read-only data (runtime_elf.S). */
#ifndef MOTE_RUNTIME_H
#define MOTE_RUNTIME_H

#include <stdint.h>

#include "vmm/image.h"

extern const uint8_t runtime_elf[], runtime_elf_end[];

/* The runtime as an image. Its file is this process's executable, which cannot change while
 * it runs; without access to that (no /proc) the image is data alone. image_close() it. */
void runtime_open(struct image *image);

#endif
