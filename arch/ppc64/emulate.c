/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Power ISA 3.0B, book III, 3.3.1 (rfid, rfscv), 4.4.4 (mfmsr, mtmsr, mtmsrd, mtspr). */
#include "arch/ppc64/emulate.h"

#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"

/* What a guest can write: all that there is, but for HV and ME, and transactions. */
#define WRITABLE (~(PPC64_MSR_HV | PPC64_MSR_ME | PPC64_MSR_TS | PPC64_SRR1_WHY))
#define MOVED (WRITABLE & ~PPC64_MSR_LE) /* by mtmsrd, and of those the lower half by mtmsr */
#define LOW 0xffffffffull
#define FEW (PPC64_MSR_EE | PPC64_MSR_RI) /* with L = 1 */

static unsigned int gpr(uint32_t instruction)
{
	return PPC64_GPR0 + (instruction >> 21 & 31);
}

/* User mode has interrupts and translation on. */
static int set_msr(struct regs *regs, uint64_t value, uint64_t mask, struct error *err)
{
	uint64_t msr;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	msr = (msr & ~mask) | (value & mask);
	if (mask != FEW && msr & PPC64_MSR_PR)
		msr |= PPC64_MSR_EE | PPC64_MSR_IR | PPC64_MSR_DR;
	return result < 0 ? result : reg_set(regs, PPC64_MSR, msr, err);
}

static int go_to(struct regs *regs, unsigned int from, struct error *err)
{
	uint64_t to;
	int result = reg_get(regs, from, &to, err);

	return result < 0 ? result : reg_set(regs, PPC64_PC, to & ~3ull, err);
}

static int next(struct regs *regs, struct error *err)
{
	uint64_t pc;
	int result = reg_get(regs, PPC64_PC, &pc, err);

	return result < 0 ? result : reg_set(regs, PPC64_PC, pc + 4, err);
}

/* From one of these pairs: address, and MSR. */
static int back(struct regs *regs, unsigned int address, unsigned int msr, struct error *err)
{
	uint64_t now, then, mask = WRITABLE;
	int result = reg_get(regs, msr, &then, err);

	if (result == 0)
		result = reg_get(regs, PPC64_MSR, &now, err);
	if (result < 0)
		return result;
	/* Not from suspended to none. */
	if ((now & (PPC64_MSR_TS | PPC64_MSR_TM)) != 1ull << 33 ||
	    then & (PPC64_MSR_TS | PPC64_MSR_TM))
		mask |= PPC64_MSR_TS;
	result = set_msr(regs, then, mask, err);
	return result < 0 ? result : go_to(regs, address, err);
}

static int rfid(struct regs *regs, uint32_t instruction, struct error *err)
{
	(void)instruction;
	return back(regs, PPC64_SRR0, PPC64_SRR1, err);
}

static int rfscv(struct regs *regs, uint32_t instruction, struct error *err)
{
	(void)instruction;
	return back(regs, PPC64_LR, PPC64_CTR, err);
}

static int copy(struct regs *regs, unsigned int to, unsigned int from, struct error *err)
{
	uint64_t value;
	int result = reg_get(regs, from, &value, err);

	if (result == 0)
		result = reg_set(regs, to, value, err);
	return result < 0 ? result : next(regs, err);
}

static int mfmsr(struct regs *regs, uint32_t instruction, struct error *err)
{
	return copy(regs, gpr(instruction), PPC64_MSR, err);
}

static int mtsrr0(struct regs *regs, uint32_t instruction, struct error *err)
{
	return copy(regs, PPC64_SRR0, gpr(instruction), err);
}

static int mtsrr1(struct regs *regs, uint32_t instruction, struct error *err)
{
	return copy(regs, PPC64_SRR1, gpr(instruction), err);
}

static int move_msr(struct regs *regs, uint32_t instruction, uint64_t mask, struct error *err)
{
	uint64_t value;
	int result = reg_get(regs, gpr(instruction), &value, err);

	if (result == 0)
		result = set_msr(regs, value, instruction >> 16 & 1 ? FEW : mask, err);
	return result < 0 ? result : next(regs, err);
}

static int mtmsr(struct regs *regs, uint32_t instruction, struct error *err)
{
	return move_msr(regs, instruction, MOVED & LOW, err);
}

static int mtmsrd(struct regs *regs, uint32_t instruction, struct error *err)
{
	return move_msr(regs, instruction, MOVED, err);
}

static const struct {
	uint32_t mask, bits;
	int (*run)(struct regs *regs, uint32_t instruction, struct error *err);
	bool returns; /* and is never traced */
} instructions[] = {
	{0xfc0007fe, 0x4c000024, rfid, true},    {0xfc0007fe, 0x4c0000a4, rfscv, true},
	{0xfc0007fe, 0x7c0000a6, mfmsr, false},  {0xfc0007fe, 0x7c000124, mtmsr, false},
	{0xfc0007fe, 0x7c000164, mtmsrd, false}, {0xfc1ffffe, 0x7c1a03a6, mtsrr0, false},
	{0xfc1ffffe, 0x7c1b03a6, mtsrr1, false},
};

int emulate(struct regs *regs, uint32_t instruction, struct error *err)
{
	uint64_t msr;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	if (result < 0 || msr & PPC64_MSR_PR)
		return result;
	for (unsigned int i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		if ((instruction & instructions[i].mask) != instructions[i].bits)
			continue;
		result = instructions[i].run(regs, instruction, err);
		/* The guest steps itself. */
		if (result == 0 && msr & PPC64_MSR_SE && !instructions[i].returns)
			result = interrupt_take(regs, PPC64_TRACE, PPC64_TRACE_ALWAYS, err);
		return result < 0 ? result : 1;
	}
	return 0;
}
