/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual timer that fires every period. Each tick is one interrupt and moves the comparator
 * by one period: ticks that come late are caught up one by one, so that their number can be
 * held against the counter. Writes to the control device when it has been told to stop. */
#include "tests/guests/arm64/ticks.h"
#include "arch/arm64/layout.h"
#include "tests/guests/guest.h"

#define READ(name)                                                                                 \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("isb; mrs %0, " #name : "=r"(value_)::"memory");                  \
		value_;                                                                            \
	})
#define WRITE(name, value)                                                                         \
	__asm__ volatile("msr " #name ", %0; isb" ::"r"((uint64_t)(value)) : "memory")

enum { TIMER_INTID = 16 + ARM64_PPI_VTIMER };

static volatile struct ticks_page *const page = (struct ticks_page *)TICKS_PAGE;

static unsigned int cpu_number(void)
{
	return READ(mpidr_el1) & 0xff;
}

static void gic_v2_init(void)
{
	store(ARM64_GICD + 0x100, 4, 1u << TIMER_INTID); /* ISENABLER0 */
	store(ARM64_GICC + 4, 4, 0xff); /* PMR */
	store(ARM64_GICC, 4, 1);
	store(ARM64_GICD, 4, 1);
}

static void gic_v3_init(void)
{
	uint64_t sgi = ARM64_GICR + cpu_number() * ARM64_GICR_STRIDE + 0x10000;

	store(ARM64_GICD, 4, 0x12); /* affinity routing, group 1 */
	store(sgi + 0x80, 4, UINT32_MAX); /* IGROUPR0 */
	store(sgi + 0x100, 4, 1u << TIMER_INTID); /* ISENABLER0 */
	WRITE(s3_0_c12_c12_5, 1); /* ICC_SRE_EL1 */
	WRITE(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	WRITE(s3_0_c12_c12_7, 1); /* ICC_IGRPEN1_EL1 */
}

static uint32_t acknowledge(void)
{
	if (page->gic == ARM64_GIC_V3)
		return (uint32_t)READ(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
	return (uint32_t)load(ARM64_GICC + 0xc, 4);
}

static void end_of_interrupt(uint32_t intid)
{
	if (page->gic == ARM64_GIC_V3)
		WRITE(s3_0_c12_c12_1, intid); /* ICC_EOIR1_EL1 */
	else
		store(ARM64_GICC + 0x10, 4, intid);
}

/* The end is when it is first seen that there is to be one. On a slow host there may be nothing
 * but ticks to be taken, so they look as well. Interrupts masked. */
static void look_for_end(volatile struct ticks_cpu *cpu, uint64_t now)
{
	if (page->stop && !cpu->end)
		cpu->end = now;
}

/* A tick. After the last one that was due by the end the timer is off. */
static void count(volatile struct ticks_cpu *cpu, uint64_t now)
{
	if (now < cpu->due)
		cpu->early++;
	if (READ(cntv_cval_el0) != cpu->due)
		cpu->moved++;
	cpu->ticks++;
	cpu->due += page->period;
	WRITE(cntv_cval_el0, cpu->due);
	if (cpu->end && cpu->due > cpu->end)
		WRITE(cntv_ctl_el0, 0);
}

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	volatile struct ticks_cpu *cpu = &page->cpu[cpu_number()];
	uint32_t intid = acknowledge();
	uint64_t now = READ(cntvct_el0);

	(void)syndrome, (void)address;
	if (intid != TIMER_INTID) {
		cpu->strange++;
		return at;
	}
	if (now < cpu->seen)
		cpu->backwards++;
	look_for_end(cpu, now);
	if (!cpu->end || cpu->due <= cpu->end)
		count(cpu, now);
	end_of_interrupt(intid);
	return at;
}

/* What was due by the end is still taken, tick by tick. */
static void take_last(volatile struct ticks_cpu *cpu)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
	look_for_end(cpu, READ(cntvct_el0));
	if (cpu->due > cpu->end)
		WRITE(cntv_ctl_el0, 0);
	__asm__ volatile("msr daifclr, #2" ::: "memory");
	while (cpu->due <= cpu->end)
		;
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

static void tick(void)
{
	volatile struct ticks_cpu *cpu = &page->cpu[cpu_number()];

	if (page->gic == ARM64_GIC_V3)
		gic_v3_init();
	else
		gic_v2_init();
	cpu->start = cpu->seen = READ(cntvct_el0);
	cpu->due = cpu->start + page->period;
	WRITE(cntv_cval_el0, cpu->due);
	WRITE(cntv_ctl_el0, 1);
	__asm__ volatile("msr daifclr, #2" ::: "memory");
	while (!page->stop) {
		uint64_t now = READ(cntvct_el0);

		if (now < cpu->seen)
			cpu->backwards++;
		cpu->seen = now;
	}
	take_last(cpu);
	cpu->done = 1;
	store(CONTROL, 4, cpu_number());
}

void guest_second(void)
{
	tick();
}

void guest_main(uint64_t tree)
{
	(void)tree;
	if (page->cpus > 1)
		guest_start_second();
	tick();
}
