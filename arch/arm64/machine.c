/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM/arm64 wants to be told before the first instruction: interrupt controller, vCPU
 * features, boot registers. Sources: Linux Documentation/virt/kvm/devices/arm-vgic*.rst,
 * Documentation/arm64/booting.rst. */
#include <asm/hwcap.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arch/arm64/counter.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/regs.h"
#include "vmm/arch_state.h"

unsigned long arch_vm_type(const struct kvm *kvm)
{
	(void)kvm;
	return 0; /* 40 bits of guest-physical addresses */
}

struct gic_address {
	uint64_t attribute, value;
};

static int gic_place(struct machine *machine, const struct gic_address *places, int count,
		     struct error *err)
{
	for (int i = 0; i < count; i++) {
		uint64_t value = places[i].value;
		int result = kvm_device_set(machine->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_ADDR,
					    places[i].attribute, &value);

		if (result < 0)
			return error_set(err, -result, "GICv%u at 0x%llx: KVM_SET_DEVICE_ATTR: %s",
					 machine->irqchip, (unsigned long long)value,
					 strerror(-result));
	}
	return 0;
}

static int gic_create(struct machine *machine, uint32_t type)
{
	struct kvm_create_device device = {.type = type};
	int result = kvm_ioctl(machine->vm_fd, KVM_CREATE_DEVICE, &device);

	machine->irqchip_fd = result < 0 ? -1 : (int)device.fd;
	return result;
}

/* So that an access which KVM can't decode ends the guest with its address, not KVM_RUN with
 * ENOSYS. Linux 5.5 and later have it. */
static void report_undecodable(const struct machine *machine)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};

	kvm_ioctl(machine->vm_fd, KVM_ENABLE_CAP, &cap);
}

/* What guests get where the host has it. The processor is looked at first: where it says no,
 * KVM is not asked. */
static uint32_t vcpu_features(int vm_fd)
{
	static const unsigned long pauth = HWCAP_PACA | HWCAP_PACG;
	unsigned long hwcap = kvm_hwcap();
	uint32_t features = 1u << KVM_ARM_VCPU_PSCI_0_2;

	if (hwcap & HWCAP_SVE && kvm_capability(vm_fd, KVM_CAP_ARM_SVE) > 0)
		features |= 1u << KVM_ARM_VCPU_SVE;
	if ((hwcap & pauth) == pauth && kvm_capability(vm_fd, KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0 &&
	    kvm_capability(vm_fd, KVM_CAP_ARM_PTRAUTH_GENERIC) > 0) /* both or none */
		features |= 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC;
	return features;
}

int arch_machine_init(struct machine *machine, struct error *err)
{
	/* The redistributors of all vCPUs as one region: count in bits 52–63. */
	const struct gic_address v3[] = {
		{KVM_VGIC_V3_ADDR_TYPE_DIST, ARM64_GICD},
		{KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION,
		 ARM64_GICR | (uint64_t)machine->vcpu_count << 52},
	};
	const struct gic_address v2[] = {
		{KVM_VGIC_V2_ADDR_TYPE_DIST, ARM64_GICD},
		{KVM_VGIC_V2_ADDR_TYPE_CPU, ARM64_GICC},
	};
	int result;

	machine->vcpu_features = vcpu_features(machine->vm_fd);
	machine->timebase_hz = arm64_counter_hz();
	report_undecodable(machine);
	result = gic_create(machine, KVM_DEV_TYPE_ARM_VGIC_V3);
	if (result == 0) {
		machine->irqchip = ARM64_GIC_V3;
		return gic_place(machine, v3, 2, err);
	}
	result = gic_create(machine, KVM_DEV_TYPE_ARM_VGIC_V2);
	if (result < 0)
		return error_set(err, -result, "KVM_CREATE_DEVICE: neither GICv3 nor GICv2: %s",
				 strerror(-result));
	machine->irqchip = ARM64_GIC_V2;
	if (machine->vcpu_count > 8)
		return error_set(err, EINVAL, "vcpu_count: %u, a GICv2 host allows 8",
				 machine->vcpu_count);
	return gic_place(machine, v2, 2, err);
}

int arch_machine_finish(struct machine *machine, struct error *err)
{
	uint32_t interrupts = ARM64_INTERRUPTS;
	int result =
		kvm_device_set(machine->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &interrupts);

	if (result == 0)
		result = kvm_device_set(machine->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_CTRL,
					KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	if (result < 0)
		return error_set(err, -result, "GICv%u: KVM_SET_DEVICE_ATTR: %s", machine->irqchip,
				 strerror(-result));
	return 0;
}

struct irq_line arch_irq_line(const struct machine *machine, uint32_t number)
{
	return (struct irq_line){
		.vm_fd = machine->vm_fd,
		.line = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (number + 32),
	};
}

int arch_vcpu_init(const struct machine *machine, int vcpu_fd, unsigned int index,
		   struct error *err)
{
	struct kvm_vcpu_init init = {0};
	int result = kvm_ioctl(machine->vm_fd, KVM_ARM_PREFERRED_TARGET, &init);

	if (result == 0) {
		init.features[0] = machine->vcpu_features;
		if (index > 0)
			init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
		result = kvm_ioctl(vcpu_fd, KVM_ARM_VCPU_INIT, &init);
	}
	if (result < 0)
		return error_set(err, -result, "vCPU %u: KVM_ARM_VCPU_INIT: %s", index,
				 strerror(-result));
	return 0;
}

int arch_vcpu_finalize(const struct machine *machine, struct regs *regs, struct error *err)
{
	int feature = KVM_ARM_VCPU_SVE;
	int result = 0;

	if (machine->vcpu_features >> KVM_ARM_VCPU_SVE & 1)
		result = kvm_ioctl(regs->vcpu_fd, KVM_ARM_VCPU_FINALIZE, &feature);
	if (result < 0)
		return error_set(err, -result, "KVM_ARM_VCPU_FINALIZE: %s", strerror(-result));
	regs_finalized(regs);
	return 0;
}

/* KVM_ARM_VCPU_INIT left EL1h with interrupts masked, MMU and caches off, all else zero. */
int arch_vcpu_boot(struct regs *regs, uint64_t entry, uint64_t argument, struct error *err)
{
	int result = reg_set(regs, ARM64_PC, entry, err);

	return result < 0 ? result : reg_set(regs, ARM64_X0, argument, err);
}

/* Pages that are told are protected: the next write faults. */
const bool arch_log_remap = false;

int arch_machine_reset(struct machine *machine, uint64_t mode, uint64_t page_tables,
		       struct error *err)
{
	(void)machine, (void)mode, (void)page_tables, (void)err;
	return 0;
}

/* No register is the VM's. */
int arch_vcpu_update(const struct machine *machine, struct regs *regs, struct error *err)
{
	(void)machine, (void)regs, (void)err;
	return 0;
}
