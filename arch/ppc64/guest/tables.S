/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's page tables as constants, but for the roots: no moment exists at which the
 * image is mapped otherwise. They reach past the end of RAM, wherever that is: nothing is
 * there to touch. The order is that of cpu.h. */
#include "cpu.h"

#define LEAF (PTE_VALID | PTE_LEAF | PTE_REFERENCED | PTE_CHANGED | PTE_PRIVILEGED | PTE_READ)
#define PAGE_TEXT (LEAF | PTE_EXEC)
#define PAGE_RODATA LEAF
#define PAGE_DATA (LEAF | PTE_WRITE)
#define BLOCK_DEVICE (LEAF | PTE_WRITE | PTE_DEVICE)
#define TABLE (PTE_VALID | TABLE_BITS)
#define ROOT (ROOT_RANGE | ROOT_BITS)

	.macro entry value		/* big-endian */
	.byte	(\value) >> 56 & 255, (\value) >> 48 & 255
	.byte	(\value) >> 40 & 255, (\value) >> 32 & 255
	.byte	(\value) >> 24 & 255, (\value) >> 16 & 255
	.byte	(\value) >> 8 & 255, (\value) & 255
	.endm

	.macro leaves first, count, step, attributes
	.set	address, \first
	.rept	\count
	entry	address + \attributes
	.set	address, address + \step
	.endr
	.endm

	.section .tables, "aw"
	.balign PAGE_SIZE
process_table:				/* root and nothing, by PID */
	entry	IMAGE_ROOTS + ROOT
	.quad	0
	entry	IMAGE_ROOTS + ROOT_SIZE + ROOT
	.quad	0
	.org	process_table + PAGE_SIZE

kernel_ram:				/* one entry a GiB */
	entry	KERNEL_LOW + TABLE
	leaves	0x40000000, 511, 0x40000000, PAGE_DATA

kernel_devices:
	entry	DEVICES + BLOCK_DEVICE
	.org	kernel_devices + PAGE_SIZE

kernel_low:				/* 2 MiB an entry */
	entry	KERNEL_IMAGE + TABLE
	leaves	0x200000, 511, 0x200000, PAGE_DATA

kernel_image:				/* pages */
	leaves	0, IMAGE_RODATA / PAGE_SIZE, PAGE_SIZE, PAGE_TEXT
	leaves	IMAGE_RODATA, (IMAGE_DATA - IMAGE_RODATA) / PAGE_SIZE, PAGE_SIZE, PAGE_RODATA
	leaves	IMAGE_DATA, (IMAGE_GUARD - IMAGE_DATA) / PAGE_SIZE, PAGE_SIZE, PAGE_DATA
	.quad	0			/* guard page under the stack */
	leaves	IMAGE_GUARD + PAGE_SIZE, 512 - IMAGE_GUARD / PAGE_SIZE - 1, PAGE_SIZE, PAGE_DATA
