/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM-HV wants to be told before the first instruction: interrupt controller, PAPR vCPUs,
 * boot registers. Sources: Linux Documentation/virt/kvm/api.rst and devices/xics.rst,
 * Documentation/powerpc/booting.rst; Power ISA 3.0B, book III, 2.2 (LPCR), 4.2.1 (MSR). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arch/ppc64/counter.h"
#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "arch/ppc64/regs.h"
#include "vmm/arch_state.h"

#define MSR_SF (1ull << 63) /* 64 bits */
#define MSR_ME (1ull << 12) /* machine checks are taken */
#define MSR_LE (1ull << 0)

/* machine->mode. In 32 bits, a moment that passed while the vCPU stood still would be one to come
 * after four seconds. */
#define MODE_NEW (PPC64_LPCR_ILE | PPC64_LPCR_LD)

unsigned long arch_vm_type(const struct kvm *kvm)
{
	/* KVM-PR has hashed page tables alone; arch_machine_init() refuses such a VM by name. */
	return kvm_capability(kvm->fd, KVM_CAP_PPC_MMU_RADIX) > 0 ? KVM_VM_PPC_HV : 0;
}

int arch_machine_init(struct machine *machine, struct error *err)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};
	uint32_t servers = machine->vcpu_count;
	int result;

	if (kvm_capability(machine->vm_fd, KVM_CAP_PPC_MMU_RADIX) <= 0)
		return error_set(err, ENODEV,
				 "/dev/kvm: no radix MMU: KVM-HV on POWER9 or later is needed");
	result = kvm_ioctl(machine->vm_fd, KVM_CREATE_DEVICE, &device);
	if (result < 0)
		return error_set(err, -result, "KVM_CREATE_DEVICE: XICS: %s", strerror(-result));
	machine->irqchip = PPC64_XICS;
	machine->irqchip_fd = (int)device.fd;
	/* Saves what KVM would set aside for more; Linux 5.5 and later know it. */
	kvm_device_set(machine->irqchip_fd, KVM_DEV_XICS_GRP_CTRL, KVM_DEV_XICS_NR_SERVERS,
		       &servers);
	machine->vcpus_off = true;
	machine->mode = MODE_NEW;
	machine->timebase_hz = ppc64_timebase_hz();
	return 0;
}

/* Who gets it and with which priority, since our guests have no call that sets it. */
static int source_init(const struct machine *machine, uint32_t number, struct error *err)
{
	uint64_t state = (uint64_t)PPC64_IRQ_PRIORITY << KVM_XICS_PRIORITY_SHIFT;
	int result = kvm_device_set(machine->irqchip_fd, KVM_DEV_XICS_GRP_SOURCES, number, &state);

	if (result < 0)
		return error_set(err, -result, "XICS source 0x%x: KVM_SET_DEVICE_ATTR: %s", number,
				 strerror(-result));
	return 0;
}

int arch_machine_finish(struct machine *machine, struct error *err)
{
	int result = source_init(machine, PPC64_IRQ_UART, err);

	if (result == 0)
		result = source_init(machine, PPC64_IRQ_CONTROL, err);
	for (uint32_t i = 0; result == 0 && i < machine->virtio_count; i++)
		result = source_init(machine, PPC64_IRQ_VIRTIO + i, err);
	if (result < 0 || !machine->page_tables)
		return result;
	result = hcall_set_tables(machine, machine->page_tables);
	if (result < 0)
		error_set(err, -result, "process table 0x%llx: KVM_PPC_CONFIGURE_V3_MMU: %s",
			  (unsigned long long)machine->page_tables, strerror(-result));
	return result;
}

/* KVM-HV clears the changed bit and leaves it to the processor to set it at the next store.
 * Emulated ones don't when they have read the page first (QEMU 10.0). */
const bool arch_log_remap = true;

/* With the tables KVM forgets all translations of the guest's, which may be of memory as it was. */
int arch_machine_reset(struct machine *machine, uint64_t mode, uint64_t page_tables,
		       struct error *err)
{
	int result = 0;

	if (page_tables)
		result = hcall_set_tables(machine, page_tables);
	machine->mode = mode;
	machine->page_tables = page_tables;
	if (result < 0)
		return error_set(err, -result, "process table 0x%llx: KVM_PPC_CONFIGURE_V3_MMU: %s",
				 (unsigned long long)page_tables, strerror(-result));
	return 0;
}

struct irq_line arch_irq_line(const struct machine *machine, uint32_t number)
{
	return (struct irq_line){.vm_fd = machine->vm_fd, .line = number};
}

int arch_vcpu_init(const struct machine *machine, int vcpu_fd, unsigned int index,
		   struct error *err)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_enable_cap xics = {
		.cap = KVM_CAP_IRQ_XICS,
		.args = {(uint64_t)machine->irqchip_fd, index},
	};
	int result = kvm_ioctl(vcpu_fd, KVM_ENABLE_CAP, &papr);

	if (result < 0)
		return error_set(err, -result, "vCPU %u: KVM_CAP_PPC_PAPR: %s", index,
				 strerror(-result));
	result = kvm_ioctl(vcpu_fd, KVM_ENABLE_CAP, &xics);
	if (result < 0)
		return error_set(err, -result, "vCPU %u: KVM_CAP_IRQ_XICS: %s", index,
				 strerror(-result));
	return 0;
}

/* The rest of an LPCR is KVM's. */
static int mode_set(struct regs *regs, uint64_t mode, struct error *err)
{
	uint64_t lpcr;
	int result = reg_get(regs, PPC64_LPCR, &lpcr, err);

	if (result < 0 || (lpcr & PPC64_LPCR_MODE) == mode)
		return result;
	return reg_set(regs, PPC64_LPCR, (lpcr & ~PPC64_LPCR_MODE) | mode, err);
}

/* The mode that a guest may have set since is not yet this vCPU's: each takes it in its time. */
int arch_vcpu_finalize(const struct machine *machine, struct regs *regs, struct error *err)
{
	(void)machine;
	regs_finalized(regs);
	return mode_set(regs, MODE_NEW, err);
}

/* Real mode, interrupts masked, all else zero. */
int arch_vcpu_boot(struct regs *regs, uint64_t entry, uint64_t argument, struct error *err)
{
	const struct kvm_regs boot = {
		.pc = entry,
		.msr = MSR_SF | MSR_ME | MSR_LE,
		.gpr[3] = argument,
	};

	return reg_write(regs, PPC64_REGS, &boot, err);
}

int arch_vcpu_update(const struct machine *machine, struct regs *regs, struct error *err)
{
	return mode_set(regs, __atomic_load_n(&machine->mode, __ATOMIC_ACQUIRE), err);
}
