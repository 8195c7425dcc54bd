/* SPDX-License-Identifier: Apache-2.0 */
/* The guest runtime's ELF, part of the monitor's own read-only data (runtime.S). */
#ifndef MOTE_RUNTIME_H
#define MOTE_RUNTIME_H

#include <stdint.h>

extern const uint8_t runtime_elf[], runtime_elf_end[];

#endif
