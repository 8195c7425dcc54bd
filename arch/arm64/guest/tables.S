/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's page tables as constants: no instruction is spent on building them, and no
 * moment exists at which the image is mapped otherwise. They reach past the end of RAM,
 * wherever that is: nothing is there to touch. */
#include "cpu.h"

#define ATTRIBUTES (PTE_VALID | PTE_SHARED | PTE_ACCESSED | PTE_UXN)
#define PAGE_TEXT (ATTRIBUTES | PTE_PAGE | PTE_READ_ONLY)
#define PAGE_RODATA (ATTRIBUTES | PTE_PAGE | PTE_READ_ONLY | PTE_PXN)
#define PAGE_DATA (ATTRIBUTES | PTE_PAGE | PTE_PXN)
#define BLOCK_DATA (ATTRIBUTES | PTE_PXN)
#define BLOCK_DEVICE (PTE_VALID | PTE_ACCESSED | PTE_UXN | PTE_PXN | PTE_DEVICE)
#define TABLE (PTE_VALID | PTE_PAGE)

	.section .tables, "aw"
	.balign PAGE_SIZE
	.globl kernel_table
kernel_table:				/* level 1: one entry a GiB */
	.quad BLOCK_DEVICE
	.quad kernel_table_ram - LINEAR_BASE + TABLE
	.set address, 0x80000000
	.rept 510
	.quad address + BLOCK_DATA
	.set address, address + 0x40000000
	.endr

kernel_table_ram:			/* level 2: 2 MiB */
	.quad kernel_table_image - LINEAR_BASE + TABLE
	.set address, IMAGE_BASE + 0x200000
	.rept 511
	.quad address + BLOCK_DATA
	.set address, address + 0x200000
	.endr

kernel_table_image:			/* level 3: the first 2 MiB */
	.set address, IMAGE_BASE
	.rept IMAGE_RODATA / PAGE_SIZE
	.quad address + PAGE_TEXT
	.set address, address + PAGE_SIZE
	.endr
	.rept (IMAGE_DATA - IMAGE_RODATA) / PAGE_SIZE
	.quad address + PAGE_RODATA
	.set address, address + PAGE_SIZE
	.endr
	.rept (IMAGE_GUARD - IMAGE_DATA) / PAGE_SIZE
	.quad address + PAGE_DATA
	.set address, address + PAGE_SIZE
	.endr
	.quad 0				/* guard page under the stack */
	.set address, address + PAGE_SIZE
	.rept 512 - IMAGE_GUARD / PAGE_SIZE - 1
	.quad address + PAGE_DATA
	.set address, address + PAGE_SIZE
	.endr
