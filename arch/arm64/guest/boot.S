/* SPDX-License-Identifier: Apache-2.0 */
/* From the monitor's entry (EL1, MMU off, x0 = device tree) to runtime_main with the MMU
 * on. Nothing is written to memory before the caches are on. */
#include "cpu.h"

#define MAIR 0x04ff			/* 0: normal write-back, 1: device nGnRE */
/* 39-bit halves, 4 KiB granule, inner shareable write-back walks, TBI for user pointers */
#define TCR (25 | 0x3500 | 25 << 16 | 0x35 << 24 | 2 << 30 | 1 << 37)
/* M C SA SA0 I DZE UCT WXN UCI and the bits that are RES1 on the first arm64 */
#define SCTLR (1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 19 | \
	       1 << 26 | 1 << 11 | 1 << 20 | 1 << 22 | 1 << 23 | 1 << 28 | 1 << 29)
#define CPACR_FP (3 << 20)
#define CNTKCTL_VIRTUAL (1 << 1)

	.section .text.boot, "ax"
	.globl start
start:
	mov	x19, x0
	adrp	x1, kernel_table
	msr	ttbr0_el1, x1		/* also the identity map of the jump below */
	msr	ttbr1_el1, x1
	mov	x1, #MAIR
	msr	mair_el1, x1
	ldr	x1, =TCR
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #7
	cmp	x2, #5			/* 48 bits: more needs another granule */
	mov	x3, #5
	csel	x2, x2, x3, lo
	orr	x1, x1, x2, lsl #32
	msr	tcr_el1, x1
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	ldr	x1, =SCTLR
	msr	sctlr_el1, x1
	isb
	ldr	x1, =1f
	br	x1
1:
	ldr	x1, =stack_top - REGS_SIZE	/* the user registers stand above */
	mov	sp, x1
	ldr	x1, =vectors
	msr	vbar_el1, x1
	mov	x1, #CPACR_FP
	msr	cpacr_el1, x1
	mov	x1, #CNTKCTL_VIRTUAL
	msr	cntkctl_el1, x1
	isb
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	b	runtime_main

/* Another vCPU starts and stays here, MMU off. */
	.globl secondary_park
secondary_park:
	wfi
	b	secondary_park
	.ltorg
