/* SPDX-License-Identifier: Apache-2.0 */
/* Other values into everything of a POWER vCPU that a guest can change and live. */
#ifndef TEST_GUEST_LITTER_H
#define TEST_GUEST_LITTER_H

#include "timer.h"

#define LITTER(number) __asm__ volatile("mtspr " #number ", %0" ::"r"(random_next()))
#define LITTER_8(M, a, b, c, d, e, f, g, h) M(a) M(b) M(c) M(d) M(e) M(f) M(g) M(h)
#define LITTER_VSR(n)                                                                              \
	__asm__ volatile(".machine push; .machine power9; mtvsrdd " #n                             \
			 ", %0, %0; .machine pop" ::"r"(random_next()));

/* Floating point, vectors and VSX on. */
static inline void litter_vectors(void)
{
	uint64_t msr;

	__asm__ volatile("mfmsr %0" : "=r"(msr));
	__asm__ volatile("mtmsrd %0; isync" ::"r"(msr | 1 << 13 | 1 << 25 | 1 << 23));
	LITTER_8(LITTER_VSR, 0, 1, 2, 3, 4, 5, 6, 7)
	LITTER_8(LITTER_VSR, 8, 9, 10, 11, 12, 13, 14, 15)
	LITTER_8(LITTER_VSR, 16, 17, 18, 19, 20, 21, 22, 23)
	LITTER_8(LITTER_VSR, 24, 25, 26, 27, 28, 29, 30, 31)
	LITTER_8(LITTER_VSR, 32, 33, 34, 35, 36, 37, 38, 39)
	LITTER_8(LITTER_VSR, 40, 41, 42, 43, 44, 45, 46, 47)
	LITTER_8(LITTER_VSR, 48, 49, 50, 51, 52, 53, 54, 55)
	LITTER_8(LITTER_VSR, 56, 57, 58, 59, 60, 61, 62, 63)
	__asm__ volatile("mtfsf 255, 0");
}

static inline void litter_cpu(void)
{
	litter_vectors();
	LITTER(256); /* VRSAVE */
	LITTER(272); /* SPRG0, SPRG1, SPRG3 */
	LITTER(273);
	LITTER(275);
	LITTER(19); /* DAR */
	LITTER(3); /* DSCR */
	LITTER(29); /* AMR */
	LITTER(815); /* TAR */
	LITTER(26); /* SRR0 */
	__asm__ volatile("mtspr 18, %0" ::"r"(random_next() & 0x7fffffff)); /* DSISR */
	__asm__ volatile("mtspr 48, %0" ::"r"(random_next() & 0xfff)); /* PIDR */
	guest_call(IRQ_H_CPPR, 3, 0, 0);
	timer_set(timer_now() + (random_next() & 0xffff));
}

#endif
