/* SPDX-License-Identifier: Apache-2.0 */
/* Privileged instructions that read or write what a step uses itself: MSR, SRR0 and SRR1. A step
 * carries them out in the registers, so that the guest never sees what the step has put there, and
 * none of it is lost. */
#ifndef MOTE_PPC64_EMULATE_H
#define MOTE_PPC64_EMULATE_H

#include <stdint.h>

#include "vmm/regs.h"

/* The vCPU is at it, its registers being the guest's. 1: done; 0: it is none of them; or -errno. */
int emulate(struct regs *regs, uint32_t instruction, struct error *err);

#endif
