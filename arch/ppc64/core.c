/* SPDX-License-Identifier: Apache-2.0 */
/* What a core file and a backtrace need of ppc64. Sources: Linux arch/powerpc struct pt_regs;
 * 64-Bit ELF V2 ABI Specification, 2.2.3 (the stack frame). */
#include <errno.h>

#include "arch/ppc64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

enum { NONE = 0xffff, LINK = 16 }; /* LINK: where a function's caller keeps it, in its frame */

#define GPR(F, n) PPC64_GPR##n,
const uint16_t arch_core_registers[48] = {
	PPC64_EACH_32(GPR, F) PPC64_PC,
	PPC64_MSR,
	NONE, /* r3 of a system call */
	PPC64_CTR,
	PPC64_LR,
	PPC64_XER,
	PPC64_CR,
	NONE,
	NONE,
	PPC64_DAR,
	PPC64_DSISR,
	NONE,
	NONE,
	NONE,
	NONE,
	NONE,
};
const unsigned int arch_core_register_count =
	sizeof(arch_core_registers) / sizeof(arch_core_registers[0]);

int arch_frame(struct regs *regs, uint64_t *pc, uint64_t *link, uint64_t *frame, struct error *err)
{
	int result = arch_pc(regs, pc, err);

	if (result == 0)
		result = reg_get(regs, PPC64_LR, link, err);
	return result < 0 ? result : reg_get(regs, PPC64_GPR1, frame, err);
}

static int load(struct regs *regs, const struct memory *memory, uint64_t address, uint64_t *value,
		struct error *err)
{
	uint8_t bytes[8];
	uint64_t physical;
	int result = address & 7 ? -EFAULT : arch_translate(regs, memory, address, &physical, err);

	if (result == 0)
		result = memory_read(memory, physical, bytes, sizeof(bytes));
	if (result == 0)
		*value = bytes_load_le(bytes, sizeof(bytes));
	return result;
}

/* The first word of a frame is the address of the caller's. */
int arch_frame_caller(struct regs *regs, const struct memory *memory, uint64_t *pc, uint64_t *frame,
		      struct error *err)
{
	int result = *frame ? load(regs, memory, *frame, frame, err) : -EFAULT;

	if (result == 0 && !*frame)
		return -EFAULT;
	if (result == 0)
		result = load(regs, memory, *frame + LINK, pc, err);
	return result < 0 || *pc ? result : -EFAULT;
}
