/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/interrupt.h"

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/regs.h"

/* LPCR[AIL] holds where translation is on, for data and for instructions. */
static const uint64_t offsets[] = {0, 0, 0x18000, 0xc000000000004000};

int interrupt_now(struct regs *regs, struct interrupt *interrupt, struct error *err)
{
	const uint64_t translation = PPC64_MSR_IR | PPC64_MSR_DR;
	uint64_t lpcr, msr;
	int result = reg_get(regs, PPC64_LPCR, &lpcr, err);

	if (result == 0)
		result = reg_get(regs, PPC64_MSR, &msr, err);
	if (result < 0)
		return result;
	interrupt->offset = 0;
	if ((msr & translation) == translation)
		interrupt->offset = offsets[(lpcr & PPC64_LPCR_AIL) / (PPC64_LPCR_AIL / 3)];
	interrupt->msr = PPC64_MSR_SF | (msr & (PPC64_MSR_ME | PPC64_MSR_TM));
	if (msr & PPC64_MSR_TS) /* it suspends a transaction */
		interrupt->msr |= PPC64_MSR_TS / 3;
	if (interrupt->offset)
		interrupt->msr |= translation;
	if (lpcr & PPC64_LPCR_ILE)
		interrupt->msr |= PPC64_MSR_LE;
	return 0;
}

int interrupt_take(struct regs *regs, unsigned int number, uint64_t why, struct error *err)
{
	struct interrupt interrupt;
	uint64_t pc, msr;
	int result = interrupt_now(regs, &interrupt, err);

	if (result == 0)
		result = reg_get(regs, PPC64_PC, &pc, err);
	if (result == 0)
		result = reg_get(regs, PPC64_MSR, &msr, err);
	if (result == 0)
		result = reg_set(regs, PPC64_SRR0, pc, err);
	if (result == 0)
		result = reg_set(regs, PPC64_SRR1, (msr & ~PPC64_SRR1_WHY) | why, err);
	if (result == 0)
		result = reg_set(regs, PPC64_PC, interrupt.offset + number, err);
	return result < 0 ? result : reg_set(regs, PPC64_MSR, interrupt.msr, err);
}
