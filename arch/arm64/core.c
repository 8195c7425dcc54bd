/* SPDX-License-Identifier: Apache-2.0 */
/* What a core file and a backtrace need of arm64. Sources: Linux arch/arm64 user_pt_regs; Procedure
 * Call Standard for the Arm 64-bit Architecture, 6.4.6 (the frame pointer). */
#include <errno.h>

#include "arch/arm64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

const uint16_t arch_core_registers[] = {
	ARM64_X0,  ARM64_X1,  ARM64_X2,  ARM64_X3,     ARM64_X4,  ARM64_X5,     ARM64_X6,
	ARM64_X7,  ARM64_X8,  ARM64_X9,  ARM64_X10,    ARM64_X11, ARM64_X12,    ARM64_X13,
	ARM64_X14, ARM64_X15, ARM64_X16, ARM64_X17,    ARM64_X18, ARM64_X19,    ARM64_X20,
	ARM64_X21, ARM64_X22, ARM64_X23, ARM64_X24,    ARM64_X25, ARM64_X26,    ARM64_X27,
	ARM64_X28, ARM64_X29, ARM64_X30, ARM64_SP_EL0, ARM64_PC,  ARM64_PSTATE,
};
const unsigned int arch_core_register_count =
	sizeof(arch_core_registers) / sizeof(arch_core_registers[0]);

int arch_frame(struct regs *regs, uint64_t *pc, uint64_t *link, uint64_t *frame, struct error *err)
{
	int result = arch_pc(regs, pc, err);

	if (result == 0)
		result = reg_get(regs, ARM64_X30, link, err);
	return result < 0 ? result : reg_get(regs, ARM64_X29, frame, err);
}

/* A frame record: the caller's frame pointer, then the address to return to. */
int arch_frame_caller(struct regs *regs, const struct memory *memory, uint64_t *pc, uint64_t *frame,
		      struct error *err)
{
	uint8_t record[16];
	uint64_t physical;
	int result = !*frame || *frame & 7 ? -EFAULT
					   : arch_translate(regs, memory, *frame, &physical, err);

	if (result == 0)
		result = memory_read(memory, physical, record, sizeof(record));
	if (result < 0)
		return result;
	*frame = bytes_load_le(record, 8);
	*pc = bytes_load_le(record + 8, 8);
	return *pc ? 0 : -EFAULT;
}
