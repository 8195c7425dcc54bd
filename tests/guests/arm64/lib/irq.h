/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, as far as guests take interrupts: those of this vCPU's virtual timer,
 * and the UART's on vCPU 0. chip is that of struct machine. */
#ifndef TEST_GUEST_IRQ_H
#define TEST_GUEST_IRQ_H

#include "arch/arm64/layout.h"
#include "tests/guests/guest.h"

#define IRQ_READ(name)                                                                             \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("isb; mrs %0, " #name : "=r"(value_)::"memory");                  \
		value_;                                                                            \
	})
#define IRQ_WRITE(name, value)                                                                     \
	__asm__ volatile("msr " #name ", %0; isb" ::"r"((uint64_t)(value)) : "memory")

enum { IRQ_TIMER = 16 + ARM64_PPI_VTIMER, IRQ_UART = 32 + ARM64_SPI_UART };

/* The vCPU's own number. */
static inline unsigned int irq_cpu(void)
{
	return IRQ_READ(mpidr_el1) & 0xff;
}

/* Which one there is: the processor has system registers for v3, if it is that. */
static inline uint64_t irq_chip(void)
{
	return IRQ_READ(id_aa64pfr0_el1) >> 24 & 15 ? ARM64_GIC_V3 : ARM64_GIC_V2;
}

/* The UART's line, of those that are all vCPUs': an edge. */
static inline void irq_init_uart(void)
{
	store(ARM64_GICD + 0xc00 + 4 * (IRQ_UART / 16), 4, 2u << 2 * (IRQ_UART % 16)); /* ICFGR */
	store(ARM64_GICD + 0x100 + 4 * (IRQ_UART / 32), 4, 1u << IRQ_UART % 32); /* ISENABLER */
}

static inline void irq_init_v2(void)
{
	store(ARM64_GICD + 0x100, 4, 1u << IRQ_TIMER); /* ISENABLER0 */
	store(ARM64_GICD + 0x800 + IRQ_UART, 1, 1); /* ITARGETSR: to vCPU 0 */
	store(ARM64_GICC + 4, 4, 0xff); /* PMR */
	store(ARM64_GICC, 4, 1);
	store(ARM64_GICD, 4, 1);
}

static inline void irq_init_v3(unsigned int cpu)
{
	uint64_t sgi = ARM64_GICR + cpu * ARM64_GICR_STRIDE + 0x10000;

	store(ARM64_GICD, 4, 0x12); /* affinity routing, group 1 */
	store(ARM64_GICD + 0x80 + 4 * (IRQ_UART / 32), 4, UINT32_MAX); /* IGROUPR */
	store(sgi + 0x80, 4, UINT32_MAX); /* IGROUPR0 */
	store(sgi + 0x100, 4, 1u << IRQ_TIMER); /* ISENABLER0 */
	IRQ_WRITE(s3_0_c12_c12_5, 1); /* ICC_SRE_EL1 */
	IRQ_WRITE(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	IRQ_WRITE(s3_0_c12_c12_7, 1); /* ICC_IGRPEN1_EL1 */
}

/* Both are let through, for a vCPU of that number. */
static inline void irq_init(uint64_t chip, unsigned int cpu)
{
	if (chip == ARM64_GIC_V3)
		irq_init_v3(cpu);
	else
		irq_init_v2();
	if (cpu == 0)
		irq_init_uart();
}

static inline void irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void irq_mask(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

/* Acknowledges the interrupt that an exception is: its number. */
static inline uint64_t irq_taken(uint64_t chip, uint64_t syndrome)
{
	(void)syndrome;
	return chip == ARM64_GIC_V3 ? IRQ_READ(s3_0_c12_c12_0)
				    : load(ARM64_GICC + 0xc, 4); /* IAR */
}

/* It may come again. */
static inline void irq_end(uint64_t chip, uint64_t number)
{
	if (chip == ARM64_GIC_V3)
		IRQ_WRITE(s3_0_c12_c12_1, number); /* ICC_EOIR1_EL1 */
	else
		store(ARM64_GICC + 0x10, 4, number);
}

#endif
