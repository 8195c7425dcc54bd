/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/text.h"

#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"
#include "arch/ppc64/walk.h"
#include "vmm/bytes.h"

bool text_read(struct regs *regs, const struct memory *memory, uint64_t address,
	       uint32_t *instruction)
{
	uint8_t bytes[4];
	uint64_t physical, msr;
	struct error err;

	if (reg_get(regs, PPC64_MSR, &msr, &err) < 0 ||
	    walk(regs, memory, msr & PPC64_MSR_IR, address, &physical, &err) < 0 ||
	    memory_read(memory, physical, bytes, sizeof(bytes)) < 0)
		return false;
	*instruction = (uint32_t)bytes_load_le(bytes, sizeof(bytes));
	if (!(msr & PPC64_MSR_LE))
		*instruction = __builtin_bswap32(*instruction);
	return true;
}

int text_trap(struct regs *regs, uint32_t *instruction, struct error *err)
{
	uint64_t value = 0;
	int result = reg_get(regs, PPC64_DEBUG_INST, &value, err);

	*instruction = (uint32_t)value;
	return result;
}
