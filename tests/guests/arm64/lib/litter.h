/* SPDX-License-Identifier: Apache-2.0 */
/* Other values into everything of an arm64 vCPU and its GIC that a guest at EL1 can change and
 * live. */
#ifndef TEST_GUEST_LITTER_H
#define TEST_GUEST_LITTER_H

#include "timer.h"

#define LITTER(name) IRQ_WRITE(name, random_next())
#define LITTER_4(M, a, b, c, d) M(a) M(b) M(c) M(d)
#define LITTER_V(n) __asm__ volatile("dup v" #n ".2d, %0" ::"r"(random_next()));
#define LITTER_BREAK(n)                                                                            \
	LITTER(dbgbvr##n##_el1);                                                                   \
	IRQ_WRITE(dbgbcr##n##_el1, random_next() & 0x1e0);

static inline void litter_vectors(void)
{
	IRQ_WRITE(cpacr_el1, 3 << 20);
	LITTER_4(LITTER_V, 0, 1, 2, 3)
	LITTER_4(LITTER_V, 4, 5, 6, 7)
	LITTER_4(LITTER_V, 8, 9, 10, 11)
	LITTER_4(LITTER_V, 12, 13, 14, 15)
	LITTER_4(LITTER_V, 16, 17, 18, 19)
	LITTER_4(LITTER_V, 20, 21, 22, 23)
	LITTER_4(LITTER_V, 24, 25, 26, 27)
	LITTER_4(LITTER_V, 28, 29, 30, 31)
	IRQ_WRITE(fpcr, 3 << 22);
	IRQ_WRITE(fpsr, 0x1f);
}

/* Breakpoints that the processor does not have, KVM keeps all the same. */
static inline void litter_system(void)
{
	LITTER(tpidr_el0);
	LITTER(tpidrro_el0);
	LITTER(tpidr_el1);
	IRQ_WRITE(contextidr_el1, (uint32_t)random_next());
	IRQ_WRITE(far_el1, random_next());
	IRQ_WRITE(esr_el1, (uint32_t)random_next());
	IRQ_WRITE(afsr0_el1, 0);
	IRQ_WRITE(elr_el1, random_next());
	IRQ_WRITE(spsr_el1, random_next() & 0xf0000000);
	LITTER(sp_el0);
	IRQ_WRITE(ttbr1_el1, random_next() & 0xffff000);
	IRQ_WRITE(mair_el1, (random_next() & 0x4444444444440000) | 0xff00);
	IRQ_WRITE(csselr_el1, 1);
	IRQ_WRITE(cntkctl_el1, 3);
	__asm__ volatile("at s1e1r, %0" ::"r"(RAM + 4096)); /* PAR_EL1 */
	LITTER_BREAK(0)
	LITTER_BREAK(3)
	LITTER_BREAK(15)
	IRQ_WRITE(dbgwvr1_el1, random_next() & 0xfffffffc);
	IRQ_WRITE(mdscr_el1, 1 << 12);
	IRQ_WRITE(oslar_el1, 1);
}

static inline void litter_gic(void)
{
	uint64_t sgi = ARM64_GICR + 0x10000;
	bool v3 = irq_chip() == ARM64_GIC_V3;

	store(ARM64_GICD + 0x104, 4, (uint32_t)random_next()); /* ISENABLER */
	store(ARM64_GICD + 0x184, 4, 1u << IRQ_UART % 32); /* ICENABLER */
	for (unsigned int i = 0; i < 32; i += 4)
		store(ARM64_GICD + 0x420 + i, 4, random_next() & 0xf0f0f0f0); /* IPRIORITYR */
	store(ARM64_GICD + 0xc08, 4, random_next() & 0xaaaaaaaa); /* ICFGR */
	store(ARM64_GICD + 0x204, 4, 1u << 9); /* ISPENDR */
	store(ARM64_GICD + 0x304, 4, 1u << 11); /* ISACTIVER */
	if (!v3) {
		store(ARM64_GICC + 4, 4, 0x80);
		return;
	}
	store(ARM64_GICD + 0x6000 + 8 * 40, 8, 0); /* IROUTER */
	store(sgi + 0x100, 4, 0xff); /* ISENABLER0 */
	store(sgi + 0x400, 4, 0x50505050);
	store(sgi + 0x200, 4, 2); /* ISPENDR0 */
	IRQ_WRITE(s3_0_c4_c6_0, 0x80); /* ICC_PMR_EL1 */
	IRQ_WRITE(s3_0_c12_c12_3, 4); /* ICC_BPR1_EL1 */
	IRQ_WRITE(s3_0_c12_c11_5, 3 << 24 | 1); /* ICC_SGI1R_EL1: to itself, pending */
}

static inline void litter_cpu(void)
{
	litter_vectors();
	litter_system();
	litter_gic();
	timer_set(timer_now() + (random_next() & 0xffff));
}

#endif
