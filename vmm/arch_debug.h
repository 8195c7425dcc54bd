/* SPDX-License-Identifier: Apache-2.0 */
/* What debuggers, crash reports and core files ask of an architecture, beyond vmm/arch.h. */
#ifndef MOTE_ARCH_DEBUG_H
#define MOTE_ARCH_DEBUG_H

#include "vmm/arch.h"
#include "vmm/debug_point.h"

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

#endif
