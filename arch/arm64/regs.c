/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm64/regs.h"

#include <stddef.h>

#include "vmm/arch.h"

/* A whole copy. */
#define R(name, id, class, flags) uint8_t name[REG_ID_SIZE(id)];
#define B(name, n, type, class, flags) uint8_t name[sizeof(type)];
struct arm64_copy {
	ARM64_ROWS(R, B)
};
#undef R
#undef B

/* The type of each block, by its name. */
#define R(name, id, class, flags)
#define B(name, n, type, class, flags) typedef type block_##name;
ARM64_ROWS(R, B)
#undef R
#undef B

#define R(name, id, class, flags)                                                                  \
	{#name, id, class, flags, offsetof(struct arm64_copy, name), REG_ID_SIZE(id), 0, 0},
#define B(name, n, type, class, flags)                                                             \
	{#name,                                                                                    \
	 REG_BLOCK_ID(n),                                                                          \
	 class,                                                                                    \
	 (flags) | REG_BLOCK,                                                                      \
	 offsetof(struct arm64_copy, name),                                                        \
	 sizeof(type),                                                                             \
	 KVM_GET_##name,                                                                           \
	 KVM_SET_##name},
static const struct reg_row rows[] = {ARM64_ROWS(R, B)};
#undef R
#undef B

#define F(name, block, member)                                                                     \
	{#name, ARM64_##block, offsetof(block_##block, member),                                    \
	 sizeof(((block_##block *)0)->member)},
static const struct reg_field fields[] = {ARM64_FIELDS(F)};
#undef F

const struct reg_table arch_regs = {
	.rows = rows,
	.fields = fields,
	.row_count = sizeof(rows) / sizeof(rows[0]),
	.field_count = sizeof(fields) / sizeof(fields[0]),
	.bytes = sizeof(struct arm64_copy),
};
