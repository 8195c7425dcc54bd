/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual timer of this vCPU, and its interrupt. irqchip is that of struct machine. */
#ifndef TEST_GUEST_TIMER_H
#define TEST_GUEST_TIMER_H

#include "arch/arm64/layout.h"
#include "tests/guests/guest.h"

#define TIMER_READ(name)                                                                           \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("isb; mrs %0, " #name : "=r"(value_)::"memory");                  \
		value_;                                                                            \
	})
#define TIMER_WRITE(name, value)                                                                   \
	__asm__ volatile("msr " #name ", %0; isb" ::"r"((uint64_t)(value)) : "memory")

enum { TIMER_INTID = 16 + ARM64_PPI_VTIMER };

/* The vCPU's own number, as timer_init() was told it. */
static inline unsigned int timer_cpu(void)
{
	return TIMER_READ(mpidr_el1) & 0xff;
}

static inline void timer_init_v2(void)
{
	store(ARM64_GICD + 0x100, 4, 1u << TIMER_INTID); /* ISENABLER0 */
	store(ARM64_GICC + 4, 4, 0xff); /* PMR */
	store(ARM64_GICC, 4, 1);
	store(ARM64_GICD, 4, 1);
}

static inline void timer_init_v3(unsigned int cpu)
{
	uint64_t sgi = ARM64_GICR + cpu * ARM64_GICR_STRIDE + 0x10000;

	store(ARM64_GICD, 4, 0x12); /* affinity routing, group 1 */
	store(sgi + 0x80, 4, UINT32_MAX); /* IGROUPR0 */
	store(sgi + 0x100, 4, 1u << TIMER_INTID); /* ISENABLER0 */
	TIMER_WRITE(s3_0_c12_c12_5, 1); /* ICC_SRE_EL1 */
	TIMER_WRITE(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	TIMER_WRITE(s3_0_c12_c12_7, 1); /* ICC_IGRPEN1_EL1 */
}

static inline void timer_init(uint64_t irqchip, unsigned int cpu)
{
	if (irqchip == ARM64_GIC_V3)
		timer_init_v3(cpu);
	else
		timer_init_v2();
}

static inline uint64_t timer_now(void)
{
	return TIMER_READ(cntvct_el0);
}

/* Fires when the counter gets there. */
static inline void timer_set(uint64_t due)
{
	TIMER_WRITE(cntv_cval_el0, due);
	TIMER_WRITE(cntv_ctl_el0, 1);
}

static inline void timer_off(void)
{
	TIMER_WRITE(cntv_ctl_el0, 0);
}

/* Whether it is not as it was set. */
static inline bool timer_moved(uint64_t due)
{
	return TIMER_READ(cntv_cval_el0) != due;
}

static inline void timer_unmask(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void timer_mask(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

/* Acknowledges an interrupt: whether it is the timer's; then it is to be ended. */
static inline bool timer_taken(uint64_t irqchip, uint64_t syndrome)
{
	(void)syndrome;
	if (irqchip == ARM64_GIC_V3)
		return TIMER_READ(s3_0_c12_c12_0) == TIMER_INTID; /* ICC_IAR1_EL1 */
	return load(ARM64_GICC + 0xc, 4) == TIMER_INTID;
}

static inline void timer_end(uint64_t irqchip)
{
	if (irqchip == ARM64_GIC_V3)
		TIMER_WRITE(s3_0_c12_c12_1, TIMER_INTID); /* ICC_EOIR1_EL1 */
	else
		store(ARM64_GICC + 0x10, 4, TIMER_INTID);
}

#endif
