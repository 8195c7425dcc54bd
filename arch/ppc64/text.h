/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions in the guest's memory. */
#ifndef MOTE_PPC64_TEXT_H
#define MOTE_PPC64_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory.h"
#include "vmm/regs.h"

/* As the vCPU would fetch it now, in its byte order. False: there is nothing. */
bool text_read(struct regs *regs, const struct memory *memory, uint64_t address,
	       uint32_t *instruction);

/* The instruction at which KVM stops: the same in either byte order. */
int text_trap(struct regs *regs, uint32_t *instruction, struct error *err);

#endif
