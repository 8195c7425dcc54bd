/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, GICv3 or v2: the control device, the virtual
 * timer and what is added later. Set up at the start with few accesses, so that a signal from
 * outside reaches a program that makes no system call. No priorities, no nesting. */
#include "guest-runtime/arch.h"
#include "guest-runtime/machine.h"

#define SPI_BASE 32
#define TIMER_INTID 27
#define SPURIOUS 1020 /* and above */

/* Distributor; in GICv3 the redistributor's second frame has the same for 0 … 31 */
#define GICD_CTLR 0x000
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_CTLR_ENABLE_GROUP1 2
#define GICD_CTLR_ARE 0x10
#define GICR_SGI_FRAME 0x10000
#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10

static struct {
	unsigned version;
	uint32_t control; /* INTID */
	volatile char *distributor, *cpu; /* cpu: v3 redistributor, v2 CPU interface */
} gic;

static void set32(volatile char *base, unsigned offset, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(base + offset) : "memory");
}

static uint32_t get32(volatile char *base, unsigned offset)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(base + offset) : "memory");
	return value;
}

static void enable(volatile char *frame, uint32_t intid)
{
	set32(frame, GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

/* A pulse is all that comes: with the reset value (level) it would be lost. */
static void make_edge(uint32_t intid)
{
	set32(gic.distributor, GICD_ICFGR + intid / 16 * 4, 2u << intid % 16 * 2);
}

static void init_v3(void)
{
	cpu_write(s3_0_c12_c12_5, cpu_read(s3_0_c12_c12_5) | 1); /* ICC_SRE_EL1 */
	cpu_isb();
	cpu_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	cpu_write(s3_0_c12_c12_7, 1); /* ICC_IGRPEN1_EL1 */
	set32(gic.distributor, GICD_CTLR, GICD_CTLR_ENABLE_GROUP1 | GICD_CTLR_ARE);
	set32(gic.distributor, GICD_IGROUPR + gic.control / 32 * 4, ~0u);
}

static void init_v2(void)
{
	set32(gic.distributor, GICD_CTLR, 1);
	set32(gic.distributor, GICD_ITARGETSR + (gic.control & ~3u), 0x01010101);
	set32(gic.cpu, GICC_PMR, 0xff);
	set32(gic.cpu, GICC_CTLR, 1);
}

void interrupts_init(const struct machine *machine)
{
	gic.version = machine->arch.gic_version;
	gic.control = machine->control_interrupt;
	gic.distributor = linear(machine->arch.gic_distributor);
	gic.cpu = linear(machine->arch.gic_cpu);
	if (gic.version == 3)
		init_v3();
	else
		init_v2();
	make_edge(gic.control);
	enable(gic.distributor, gic.control);
}

void interrupts_add(uint32_t number)
{
	uint32_t intid = SPI_BASE + number;

	if (gic.version == 3)
		set32(gic.distributor, GICD_IGROUPR + intid / 32 * 4, ~0u);
	else
		set32(gic.distributor, GICD_ITARGETSR + (intid & ~3u), 0x01010101);
	make_edge(intid);
	enable(gic.distributor, intid);
}

/* Left until the first timer: many programs end before. */
void interrupts_enable_timer(void)
{
	volatile char *frame = gic.distributor;

	if (gic.version == 3) {
		frame = gic.cpu + GICR_SGI_FRAME;
		set32(frame, GICD_IGROUPR, ~0u);
	}
	enable(frame, TIMER_INTID);
}

static uint32_t acknowledge(void)
{
	if (gic.version == 3)
		return (uint32_t)cpu_read(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
	return get32(gic.cpu, GICC_IAR);
}

static void finish(uint32_t value)
{
	if (gic.version == 3)
		cpu_write(s3_0_c12_c12_1, value); /* ICC_EOIR1_EL1 */
	else
		set32(gic.cpu, GICC_EOIR, value);
}

bool interrupts_take(void)
{
	bool control = false;
	uint32_t value;

	/* The timer's line is a level: quiet it first, or it comes again and again. */
	timer_arm(UINT64_MAX);
	cpu_isb();
	while (value = acknowledge(), (value & 0x3ff) < SPURIOUS) {
		control |= (value & 0x3ff) == gic.control;
		finish(value);
	}
	__asm__ volatile("dsb sy" ::: "memory");
	return control;
}
