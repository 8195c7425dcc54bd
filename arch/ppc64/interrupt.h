/* SPDX-License-Identifier: Apache-2.0 */
/* How a vCPU takes an interrupt: where its vector is, and with which MSR it runs there; and the
 * bits of MSR that the debugger speaks of. Source: Power ISA 3.0B, book III, 4.2.1 (MSR), 6.4
 * (interrupt processing), 6.5 (definitions). */
#ifndef MOTE_PPC64_INTERRUPT_H
#define MOTE_PPC64_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/regs.h"

#define PPC64_MSR_SF (1ull << 63) /* 64 bits */
#define PPC64_MSR_HV (1ull << 60)
#define PPC64_MSR_TS (3ull << 33) /* transactions: 1 suspended, 2 in one */
#define PPC64_MSR_TM (1ull << 32)
#define PPC64_MSR_EE (1ull << 15)
#define PPC64_MSR_PR (1ull << 14) /* user mode */
#define PPC64_MSR_ME (1ull << 12)
#define PPC64_MSR_SE (1ull << 10) /* a trace interrupt after each instruction */
#define PPC64_MSR_IR (1ull << 5)
#define PPC64_MSR_DR (1ull << 4)
#define PPC64_MSR_RI (1ull << 1)
#define PPC64_MSR_LE (1ull << 0)

/* Bits 33 to 36 and 42 to 47 of SRR1: why there was an interrupt. The others are MSR's. */
#define PPC64_SRR1_WHY 0x783f0000ull

enum { PPC64_PROGRAM = 0x700, PPC64_TRACE = 0xd00 };
#define PPC64_PROGRAM_ILLEGAL (1ull << 19) /* in SRR1 */
#define PPC64_TRACE_ALWAYS (1ull << 30) /* in SRR1 of every trace interrupt */

/* Of an interrupt that comes now: what its vector's address is made of, and the MSR there. By
 * what LPCR[AIL] and MSR are at this moment: the guest changes them. */
struct interrupt {
	uint64_t offset; /* added to the number */
	uint64_t msr;
};
int interrupt_now(struct regs *regs, struct interrupt *interrupt, struct error *err);

/* The vCPU takes it, SRR1 saying why. */
int interrupt_take(struct regs *regs, unsigned int number, uint64_t why, struct error *err);

#endif
