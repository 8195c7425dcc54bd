/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm64/regs.h"

#include <stddef.h>

#include "vmm/arch.h"

const struct reg_row arch_reg_rows[] = {
#define X(name, id, class, flags) {#name, id, class, flags},
	ARM64_REGS(X)
#undef X
};

const unsigned int arch_reg_count = sizeof(arch_reg_rows) / sizeof(arch_reg_rows[0]);
_Static_assert(sizeof(arch_reg_rows) / sizeof(arch_reg_rows[0]) <= REG_ROWS_MAX, "rows");
