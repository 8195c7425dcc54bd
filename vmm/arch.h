/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the monitor asks of an architecture. Each folder arch/X implements all of
 * it, in files of the same names; a new port starts as this list. */
#ifndef MOTE_ARCH_H
#define MOTE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/debug_point.h"
#include "vmm/exit.h"
#include "vmm/image.h"
#include "vmm/irq.h"
#include "vmm/kvm.h"
#include "vmm/memory.h"
#include "vmm/regs.h"
#include "vmm/state_file.h"

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

/* clock.c: the counter that the guest tells the time by, in ticks of timebase_hz. It counts on
 * while no vCPU runs. A plan says what it is to show from now on, and is carried out on each
 * vCPU of a VM while none runs. Where the host can't do it exactly it will show more, and a guest
 * that wants to be exact has to add plan.rest. */
struct arch_clock_plan {
	uint64_t value; /* arch/X's own */
	uint64_t rest; /* ticks; 0 or negative: modulo 2^64 */
};
int arch_clock_get(struct regs *regs, uint64_t *ticks, struct error *err);
struct arch_clock_plan arch_clock_plan(uint64_t ticks);
int arch_clock_set(struct regs *regs, const struct arch_clock_plan *plan, struct error *err);

/* irqchip.c: the interrupt controller's section of a snapshot. No vCPU runs; loading comes after
 * REG_RESTORE_REST and before REG_RESTORE_LATE (vmm/reg_image.h). What is as in `fresh`, the
 * section of a new controller, is left alone. Takes all of both readers; what is wrong with
 * their bytes is left to state_close(). */
int arch_irqchip_save(const struct machine *machine, struct state_writer *writer,
		      struct error *err);
int arch_irqchip_load(const struct machine *machine, struct state_reader *reader,
		      struct state_reader *fresh, struct error *err);

/* irqchip.c: the section once more, into a controller whose guest has run. What is the same for any
 * guest is left alone, and so is, unless the guest has `reached` for the controller's registers in
 * memory since it was as the section says, what cannot be changed in another way. Takes all of the
 * reader, as above. */
int arch_irqchip_reset(const struct machine *machine, struct state_reader *reader, bool reached,
		       struct error *err);
/* A vCPU that has run, where KVM would not let the interrupt controller put back what is in
 * progress there: its registers are all to be written then. On its thread. */
int arch_irqchip_release(const struct machine *machine, int vcpu_fd, unsigned int index,
			 struct error *err);

/* machine.c: what guests change of struct machine itself, back. No vCPU runs; memory is back. */
int arch_machine_reset(struct machine *machine, uint64_t mode, uint64_t page_tables,
		       struct error *err);

/* features.c: what a guest of this machine may have found on this host and rely on, by names;
 * static strings, NULL-terminated. */
enum { ARCH_FEATURES_MAX = 80 };
void arch_features(const struct machine *machine, const char *names[ARCH_FEATURES_MAX + 1]);

/* layout.c: a kernel in the architecture's own format (arm64: Image); -ENOEXEC if it is none. */
int arch_image_load(const struct image *image, const struct memory *memory,
		    struct image_place *place, struct error *err);

/* fdt.c: the architecture's nodes: CPUs, firmware, timer, interrupt controller. The cells
 * of an interrupt specifier follow arch_fdt_interrupt(). fdt is libfdt's sequential state;
 * libfdt's own error is returned and the caller gives up on the whole tree. */
enum { ARCH_FDT_INTC_PHANDLE = 1 }; /* of the interrupt controller's node */
int arch_fdt_nodes(void *fdt, const struct machine *machine);
int arch_fdt_interrupt(void *fdt, uint32_t number);

/* debug.c: what a debugger needs of the processor. All of it is for the vCPU's own thread, with the
 * vCPU out of the guest; vmm/debug_cpu.c is the only caller. */
void arch_debug_limits(int vm_fd, struct debug_limits *limits);
/* Whether the hardware can hold it. */
bool arch_debug_fits(const struct debug_point *point);
/* What KVM_SET_GUEST_DEBUG is told; points beyond the limits are left out. */
void arch_debug_control(struct kvm_guest_debug *control, const struct debug_point *points,
			unsigned int count, bool step);
/* The instruction that traps, as KVM gives it to the monitor; its length in bytes. */
unsigned int arch_debug_trap(struct regs *regs, uint8_t *bytes);
/* What a KVM_EXIT_DEBUG was. A trap that has been taken back meanwhile is a step of nobody's. */
int arch_debug_event(const struct kvm_run *run, struct regs *regs, const struct memory *memory,
		     struct debug_event *event, struct error *err);
/* A stop that is nobody's here: the guest takes it as its own debug exception. */
int arch_debug_inject(const struct kvm_run *run, struct regs *regs, struct error *err);
/* One instruction, step->from in mode step->user: how to get over it; then whether an event was the
 * end of it. An unknown one, before the vCPU is entered again: KVM may have carried it out itself.
 */
int arch_step_begin(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    struct error *err);
int arch_step_event(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    const struct debug_event *event, enum debug_progress *progress,
		    struct error *err);
/* Takes back what a step that is given up has left in registers and memory. */
int arch_step_cancel(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     struct error *err);
int arch_user_mode(struct regs *regs, bool *user, struct error *err);
int arch_pc(struct regs *regs, uint64_t *pc, struct error *err);

/* walk.c: a guest virtual address through the guest's page tables, whatever its rights are there:
 * -EFAULT: it is not mapped. And all that user mode has mapped, in order, page by page; visit()
 * returns false to end it. */
int arch_translate(struct regs *regs, const struct memory *memory, uint64_t address,
		   uint64_t *physical, struct error *err);
typedef bool page_visit(void *context, uint64_t address, uint64_t physical, uint64_t size);
int arch_user_pages(struct regs *regs, const struct memory *memory, page_visit *visit,
		    void *context, struct error *err);

/* gdb.c: the registers that gdb knows by name, feature by feature, the general ones first. */
extern const struct gdb_feature arch_gdb_features[];
extern const unsigned int arch_gdb_feature_count;
extern const char arch_gdb_architecture[]; /* gdb's name */
/* Where a register of those tables is now: some are one of several, by the mode. */
int arch_gdb_register(struct regs *regs, unsigned int reg, unsigned int *number, struct error *err);

/* core.c: of an ELF core, the registers of NT_PRSTATUS in the order of the kernel's elf_gregset_t;
 * 0xffff: a word that is zero. Then frames: the innermost one's pc and frame pointer, and from a
 * frame pointer to its caller's; -EFAULT: there is none. */
extern const uint16_t arch_core_registers[];
extern const unsigned int arch_core_register_count;
int arch_frame(struct regs *regs, uint64_t *pc, uint64_t *link, uint64_t *frame, struct error *err);
int arch_frame_caller(struct regs *regs, const struct memory *memory, uint64_t *pc, uint64_t *frame,
		      struct error *err);

/* exit.c: what to do when KVM_RUN returns, by exit reason. */
extern const struct exit_row arch_exits[];
extern const unsigned int arch_exit_count;

#endif
