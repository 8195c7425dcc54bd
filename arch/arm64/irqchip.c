/* SPDX-License-Identifier: Apache-2.0 */
/* The GIC in a snapshot: tables of its registers, in restore order. The distributor is enabled
 * first: what becomes pending in a disabled one, KVM never queues for its vCPU, and its line, high
 * already, can't rise again. What is pending comes after what decides whether it is an edge or a
 * level, and after the levels of the lines. There is no ITS and so no LPI.
 * Sources: Linux Documentation/virt/kvm/devices/arm-vgic.rst and arm-vgic-v3.rst; Arm GIC
 * Architecture Specification (IHI 0069), chapter 12. */
#include <errno.h>
#include <string.h>

#include "arch/arm64/layout.h"
#include "vmm/arch_state.h"

enum gic_flag {
	GIC_CPU = 1 << 0, /* one for each vCPU */
	GIC_ALWAYS = 1 << 1, /* written even where it is as in a new one */
	GIC_READ_ONLY = 1 << 2, /* for whoever compares snapshots */
	GIC_OPTIONAL = 1 << 3, /* not every host has it */
	GIC_WIDE = 1 << 4, /* 64 bits, else 32 */
	GIC_BITS = 1 << 5, /* ones set what those of the register 0x80 further on clear */
	GIC_LIVE = 1 << 6, /* changes without an access to the GIC's registers in memory, too */
};

/* count registers, 4 apart, from `first`: KVM's attribute without its vCPU. */
struct gic_row {
	uint32_t group, first, count, flags;
};

#define DIST KVM_DEV_ARM_VGIC_GRP_DIST_REGS
#define REDIST KVM_DEV_ARM_VGIC_GRP_REDIST_REGS
#define CPU KVM_DEV_ARM_VGIC_GRP_CPU_REGS
#define SYSREG KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS
#define LEVEL KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO
#define GIC_SYSREG (GIC_CPU | GIC_WIDE | GIC_LIVE)
#define SGI 0x10000u /* the redistributor's second frame */
#define LINE(intid) (VGIC_LEVEL_INFO_LINE_LEVEL << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT | (intid))
#define ICC(op1, crn, crm, op2) (3u << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Shared interrupts are those from 32 to 63: one word of bits, eight of priorities. */
_Static_assert(ARM64_INTERRUPTS == 64, "the tables below");

static const struct gic_row v3[] = {
	{DIST, 0x0008, 1, GIC_ALWAYS}, /* IIDR: the behaviour that the guest knows */
	{DIST, 0x0000, 1, 0}, /* CTLR */
	{REDIST, 0x0008, 2, GIC_CPU | GIC_READ_ONLY}, /* TYPER */
	{REDIST, 0x0010, 2, GIC_CPU}, /* STATUSR, WAKER */
	{REDIST, 0x0070, 4, GIC_CPU}, /* PROPBASER, PENDBASER */
	{REDIST, 0x0000, 1, GIC_CPU}, /* CTLR */
	{REDIST, SGI + 0x080, 1, GIC_CPU}, /* IGROUPR0 */
	{REDIST, SGI + 0x100, 1, GIC_CPU | GIC_BITS}, /* ISENABLER0 */
	{REDIST, SGI + 0x400, 8, GIC_CPU}, /* IPRIORITYR */
	{REDIST, SGI + 0xc00, 2, GIC_CPU}, /* ICFGR */
	{LEVEL, LINE(0), 1, GIC_CPU | GIC_LIVE},
	{REDIST, SGI + 0x200, 1, GIC_CPU | GIC_LIVE}, /* ISPENDR0 */
	{REDIST, SGI + 0x300, 1, GIC_CPU | GIC_BITS | GIC_LIVE}, /* ISACTIVER0 */
	{DIST, 0x0010, 1, 0}, /* STATUSR */
	{DIST, 0x0084, 1, 0}, /* IGROUPR */
	{DIST, 0x0104, 1, GIC_BITS}, /* ISENABLER */
	{DIST, 0x0420, 8, 0}, /* IPRIORITYR */
	{DIST, 0x0c08, 2, 0}, /* ICFGR */
	{DIST, 0x6100, 64, 0}, /* IROUTER */
	{LEVEL, LINE(32), 1, GIC_LIVE},
	{DIST, 0x0204, 1, GIC_LIVE}, /* ISPENDR */
	{DIST, 0x0304, 1, GIC_BITS | GIC_LIVE}, /* ISACTIVER */
	{SYSREG, ICC(0, 12, 12, 5), 1, GIC_CPU | GIC_WIDE}, /* ICC_SRE_EL1 */
	{SYSREG, ICC(0, 12, 12, 4), 1, GIC_SYSREG}, /* ICC_CTLR_EL1 */
	{SYSREG, ICC(0, 4, 6, 0), 1, GIC_SYSREG}, /* ICC_PMR_EL1 */
	{SYSREG, ICC(0, 12, 8, 3), 1, GIC_SYSREG}, /* ICC_BPR0_EL1 */
	{SYSREG, ICC(0, 12, 12, 3), 1, GIC_SYSREG}, /* ICC_BPR1_EL1 */
	{SYSREG, ICC(0, 12, 8, 4), 1, GIC_SYSREG | GIC_OPTIONAL}, /* ICC_AP0R0_EL1 */
	{SYSREG, ICC(0, 12, 8, 5), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 8, 6), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 8, 7), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 9, 0), 1, GIC_SYSREG | GIC_OPTIONAL}, /* ICC_AP1R0_EL1 */
	{SYSREG, ICC(0, 12, 9, 1), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 9, 2), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 9, 3), 1, GIC_SYSREG | GIC_OPTIONAL},
	{SYSREG, ICC(0, 12, 12, 6), 1, GIC_SYSREG}, /* ICC_IGRPEN0_EL1 */
	{SYSREG, ICC(0, 12, 12, 7), 1, GIC_SYSREG}, /* ICC_IGRPEN1_EL1 */
};

/* KVM tells no line levels of a GICv2: those of our devices are pulses, and the timers' it works
 * out anew. */
static const struct gic_row v2[] = {
	{DIST, 0x008, 1, GIC_ALWAYS}, /* IIDR: groups can be written after it */
	{DIST, 0x000, 1, 0}, /* CTLR */
	{DIST, 0x080, 1, GIC_CPU}, /* IGROUPR0 */
	{DIST, 0x100, 1, GIC_CPU | GIC_BITS}, /* ISENABLER0 */
	{DIST, 0x400, 8, GIC_CPU}, /* IPRIORITYR */
	{DIST, 0xc00, 2, GIC_CPU}, /* ICFGR */
	{DIST, 0x200, 1, GIC_CPU | GIC_BITS | GIC_LIVE}, /* ISPENDR0 */
	{DIST, 0xf20, 4, GIC_CPU | GIC_LIVE}, /* SPENDSGIR */
	{DIST, 0x300, 1, GIC_CPU | GIC_BITS | GIC_LIVE}, /* ISACTIVER0 */
	{DIST, 0x084, 1, 0}, /* IGROUPR */
	{DIST, 0x104, 1, GIC_BITS}, /* ISENABLER */
	{DIST, 0x420, 8, 0}, /* IPRIORITYR */
	{DIST, 0x820, 8, 0}, /* ITARGETSR */
	{DIST, 0xc08, 2, 0}, /* ICFGR */
	{DIST, 0x204, 1, GIC_BITS | GIC_LIVE}, /* ISPENDR */
	{DIST, 0x304, 1, GIC_BITS | GIC_LIVE}, /* ISACTIVER */
	{CPU, 0x00, 3, GIC_CPU | GIC_LIVE}, /* CTLR, PMR, BPR */
	{CPU, 0x1c, 1, GIC_CPU | GIC_LIVE}, /* ABPR */
	{CPU, 0xd0, 4, GIC_CPU | GIC_OPTIONAL | GIC_LIVE}, /* APR */
};

static const struct {
	const struct gic_row *rows;
	unsigned int count;
} tables[] = {
	[ARM64_GIC_V2] = {v2, sizeof(v2) / sizeof(v2[0])},
	[ARM64_GIC_V3] = {v3, sizeof(v3) / sizeof(v3[0])},
};

/* The vCPU's part of an attribute: GICv3 has its affinity there, as in MPIDR_EL1. */
static uint64_t of_vcpu(const struct machine *machine, uint32_t vcpu)
{
	uint64_t affinity = machine->irqchip == ARM64_GIC_V3 ? (vcpu & 15) | vcpu >> 4 << 8 : vcpu;

	return affinity << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;
}

typedef int gic_visit(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
		      void *context, struct error *err);

static int visit_row(const struct machine *machine, const struct gic_row *row, gic_visit *visit,
		     void *context, struct error *err)
{
	uint32_t vcpus = row->flags & GIC_CPU ? machine->vcpu_count : 1;
	int result = 0;

	for (uint32_t vcpu = 0; result == 0 && vcpu < vcpus; vcpu++)
		for (uint32_t i = 0; result == 0 && i < row->count; i++)
			result = visit(machine, row, of_vcpu(machine, vcpu) | (row->first + 4 * i),
				       context, err);
	return result;
}

static int visit_all(const struct machine *machine, gic_visit *visit, void *context,
		     struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < tables[machine->irqchip].count; i++)
		result = visit_row(machine, &tables[machine->irqchip].rows[i], visit, context, err);
	return result;
}

static int refused(const struct machine *machine, const char *verb, const struct gic_row *row,
		   uint64_t attribute, int code, struct error *err)
{
	return error_set(err, -code, "GICv%u register, group %u, 0x%llx: KVM_%s_DEVICE_ATTR: %s",
			 machine->irqchip, row->group, (unsigned long long)attribute, verb,
			 strerror(-code));
}

/* A GICv3 that does not have a register says ENXIO or EINVAL. */
static int save_one(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
		    void *context, struct error *err)
{
	uint64_t value = 0;
	int result = kvm_device_get(machine->irqchip_fd, row->group, attribute, &value);
	bool absent = (result == -ENXIO || result == -EINVAL) && row->flags & GIC_OPTIONAL;

	if (result < 0 && !absent)
		return refused(machine, "GET", row, attribute, result, err);
	state_put(context, !absent, 1);
	state_put(context, absent ? 0 : value, 8);
	return 0;
}

int arch_irqchip_save(const struct machine *machine, struct state_writer *writer, struct error *err)
{
	int result;

	state_begin(writer, STATE_IRQCHIP);
	result = visit_all(machine, save_one, writer, err);
	state_end(writer);
	return result;
}

struct loading {
	struct state_reader *reader, *fresh;
};

static int load_one(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
		    void *context, struct error *err)
{
	struct loading *loading = context;
	bool there = state_take_bool(loading->reader), was = state_take_bool(loading->fresh);
	uint64_t value = state_take(loading->reader, 8), fresh = state_take(loading->fresh, 8);
	int result;

	if (loading->reader->failed || loading->fresh->failed || !there ||
	    row->flags & GIC_READ_ONLY || (was && value == fresh && !(row->flags & GIC_ALWAYS)))
		return 0;
	result = kvm_device_set(machine->irqchip_fd, row->group, attribute, &value);
	return result < 0 ? refused(machine, "SET", row, attribute, result, err) : 0;
}

int arch_irqchip_load(const struct machine *machine, struct state_reader *reader,
		      struct state_reader *fresh, struct error *err)
{
	struct loading loading = {reader, fresh};

	return visit_all(machine, load_one, &loading, err);
}

/* ---- back in place ---- */

enum { CLEARS = 0x80 };
#define PRIVATE 0xffff0000u /* interrupts of one vCPU, but those that software sends */

struct resetting {
	struct state_reader *reader;
	bool reached;
};

static int put(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
	       uint64_t value, struct error *err)
{
	int result = kvm_device_set(machine->irqchip_fd, row->group, attribute, &value);

	return result < 0 ? refused(machine, "SET", row, attribute, result, err) : 0;
}

/* What is mostly as it was is asked for first. A write may also have an effect of its own: KVM
 * makes something else of a table's address that is zero. */
static int put_changed(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
		       uint64_t value, struct error *err)
{
	uint64_t now = 0;
	int result = kvm_device_get(machine->irqchip_fd, row->group, attribute, &now);

	if (result < 0)
		return refused(machine, "GET", row, attribute, result, err);
	if (now == value)
		return 0;
	if (row->flags & GIC_BITS && now & ~value)
		result = put(machine, row, attribute + CLEARS, now & ~value, err);
	return result < 0 ? result : put(machine, row, attribute, value, err);
}

static int reset_one(const struct machine *machine, const struct gic_row *row, uint64_t attribute,
		     void *context, struct error *err)
{
	const struct resetting *resetting = context;
	bool there = state_take_bool(resetting->reader);
	uint64_t value = state_take(resetting->reader, 8);

	if (!there || row->flags & (GIC_READ_ONLY | GIC_ALWAYS) ||
	    !(row->flags & GIC_LIVE || resetting->reached))
		return 0;
	return ((row->flags & (GIC_BITS | GIC_LIVE)) == GIC_LIVE ? put : put_changed)(
		machine, row, attribute, value, err);
}

int arch_irqchip_reset(const struct machine *machine, struct state_reader *reader, bool reached,
		       struct error *err)
{
	struct resetting resetting = {reader, reached};

	return visit_all(machine, reset_one, &resetting, err);
}

/* An interrupt that stands for one of the host's, as timers' do, KVM lets go of only with the whole
 * vCPU. */
int arch_irqchip_release(const struct machine *machine, int vcpu_fd, unsigned int index,
			 struct error *err)
{
	static const struct gic_row active[] = {
		[ARM64_GIC_V2] = {DIST, 0x300, 1, GIC_CPU},
		[ARM64_GIC_V3] = {REDIST, SGI + 0x300, 1, GIC_CPU},
	};
	const struct gic_row *row = &active[machine->irqchip];
	uint64_t attribute = of_vcpu(machine, index) | row->first, now = 0;
	int result = kvm_device_get(machine->irqchip_fd, row->group, attribute, &now);

	if (result < 0)
		return refused(machine, "GET", row, attribute, result, err);
	return now & PRIVATE ? arch_vcpu_init(machine, vcpu_fd, index, err) : 0;
}
