/* SPDX-License-Identifier: Apache-2.0 */
/* What the monitor asks of an architecture to run a guest. Each folder arch/X implements all of it,
 * in files of the same names; a new port starts as this list. Snapshots ask for vmm/arch_state.h
 * besides, debuggers for vmm/arch_debug.h. */
#ifndef MOTE_ARCH_H
#define MOTE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/exit.h"
#include "vmm/image.h"
#include "vmm/irq.h"
#include "vmm/kvm.h"
#include "vmm/memory.h"
#include "vmm/regs.h"

/* regs.c: the register table, in restore order. Row numbers are in arch/X/regs.h. */
extern const struct reg_table arch_regs;

/* layout.c: where things are in the guest-physical space. */
struct arch_layout {
	uint64_t ram_base;
	uint64_t uart;
	uint64_t control;
	uint64_t virtio; /* first virtio-mmio transport */
	uint64_t virtio_stride;
	uint32_t uart_irq, control_irq, virtio_irq; /* numbers of shared interrupts */
};
extern const struct arch_layout arch_layout;

/* What an exit of one vCPU wants of the others. Any vCPU's thread; neither call waits. */
struct machine_vcpus {
	/* Lets a vCPU that is off begin at entry, as by arch_vcpu_boot(). -ENOENT: there is none
	 * of that number, -EBUSY: it is on. */
	int (*start)(void *context, unsigned int index, uint64_t entry, uint64_t argument);
	/* Has each vCPU call arch_vcpu_update() before it enters the guest again. */
	void (*update)(void *context);
	void *context;
};

/* What the machine is made of. Set before the first instruction, but for what is atomic. */
struct machine {
	const struct kvm *kvm;
	int vm_fd;
	int irqchip_fd; /* the interrupt controller as a KVM device, -1: none */
	uint32_t irqchip; /* its kind, arch/X's own numbering */
	uint32_t vcpu_features; /* of every vCPU, arch/X's own numbering */
	uint32_t vcpu_count;
	bool vcpus_off; /* all but the first are off until an exit of another one starts them;
			   false: KVM starts them */
	struct machine_vcpus vcpus;
	uint64_t mode; /* what the guest sets for all vCPUs at once, arch/X's own; atomic */
	uint64_t page_tables; /* where it has told the monitor that they are, arch/X's own; 0: it
				 has not; atomic */
	uint64_t timebase_hz; /* of the guest's clock */
	uint32_t virtio_count;
	const struct memory *memory;
};

/* machine.c: the KVM type for KVM_CREATE_VM; what must exist before vCPUs; after them, with the
 * mode and page_tables of a snapshot. */
unsigned long arch_vm_type(const struct kvm *kvm);
int arch_machine_init(struct machine *machine, struct error *err);
int arch_machine_finish(struct machine *machine, struct error *err);
struct irq_line arch_irq_line(const struct machine *machine, uint32_t number);

/* machine.c: a vCPU fresh from KVM_CREATE_VCPU; then, with its REG_EARLY registers set, what
 * makes it final; then its first instruction, the device tree's address being vCPU 0's argument;
 * and whenever machine->mode has changed. */
int arch_vcpu_init(const struct machine *machine, int vcpu_fd, unsigned int index,
		   struct error *err);
int arch_vcpu_finalize(const struct machine *machine, struct regs *regs, struct error *err);
int arch_vcpu_boot(struct regs *regs, uint64_t entry, uint64_t argument, struct error *err);
int arch_vcpu_update(const struct machine *machine, struct regs *regs, struct error *err);

/* layout.c: a kernel in the architecture's own format (arm64: Image); -ENOEXEC if it is none. */
int arch_image_load(const struct image *image, const struct memory *memory,
		    struct image_place *place, struct error *err);

/* fdt.c: the architecture's nodes: CPUs, firmware, timer, interrupt controller. The cells
 * of an interrupt specifier follow arch_fdt_interrupt(). fdt is libfdt's sequential state;
 * libfdt's own error is returned and the caller gives up on the whole tree. */
enum { ARCH_FDT_INTC_PHANDLE = 1 }; /* of the interrupt controller's node */
int arch_fdt_nodes(void *fdt, const struct machine *machine);
int arch_fdt_interrupt(void *fdt, uint32_t number);

/* exit.c: what to do when KVM_RUN returns, by exit reason. */
extern const struct exit_row arch_exits[];
extern const unsigned int arch_exit_count;

#endif
