/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/regs.h"

#include <stddef.h>

#include "vmm/arch.h"

/* A whole copy. */
#define R(name, id, class, flags) uint8_t name[REG_ID_SIZE(id)];
#define B(name, n, type, class, flags) uint8_t name[sizeof(type)];
struct ppc64_copy {
	PPC64_ROWS(R, B)
};
#undef R
#undef B

#define R(name, id, class, flags)                                                                  \
	{#name, id, class, flags, offsetof(struct ppc64_copy, name), REG_ID_SIZE(id), 0, 0},
#define B(name, n, type, class, flags)                                                             \
	{#name,                                                                                    \
	 REG_BLOCK_ID(n),                                                                          \
	 class,                                                                                    \
	 (flags) | REG_BLOCK,                                                                      \
	 offsetof(struct ppc64_copy, name),                                                        \
	 sizeof(type),                                                                             \
	 KVM_GET_##name,                                                                           \
	 KVM_SET_##name},
static const struct reg_row rows[] = {PPC64_ROWS(R, B)};
#undef R
#undef B

#define F(name, row, place) {#name, PPC64_##row, place},
static const struct reg_field fields[] = {PPC64_FIELDS(F)};
#undef F

const struct reg_table arch_regs = {
	.rows = rows,
	.fields = fields,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.field_count = sizeof(fields) / sizeof(fields[0]),
	.bytes = sizeof(struct ppc64_copy),
};
