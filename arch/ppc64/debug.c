/* SPDX-License-Identifier: Apache-2.0 */
/* Not built yet: nothing is asked of KVM, and gdb is told so. */
#include <errno.h>
#include <string.h>

#include "vmm/arch.h"

static int unbuilt(struct error *err)
{
	return error_set(err, ENOSYS, "debugging is not supported yet on ppc64");
}

void arch_debug_limits(int vm_fd, struct debug_limits *limits)
{
	(void)vm_fd;
	*limits = (struct debug_limits){0};
}

bool arch_debug_fits(const struct debug_point *point)
{
	(void)point;
	return false;
}

void arch_debug_control(struct kvm_guest_debug *control, const struct debug_point *points,
			unsigned int count, bool step)
{
	(void)points, (void)count, (void)step;
	memset(control, 0, sizeof(*control));
}

unsigned int arch_debug_trap(const struct regs *regs, uint8_t *bytes)
{
	(void)regs, (void)bytes;
	return 0;
}

int arch_debug_event(const struct kvm_run *run, struct regs *regs, struct debug_event *event,
		     struct error *err)
{
	(void)run, (void)regs, (void)event;
	return unbuilt(err);
}

int arch_debug_inject(const struct kvm_run *run, struct regs *regs, struct error *err)
{
	(void)run, (void)regs;
	return unbuilt(err);
}

int arch_step_begin(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    struct error *err)
{
	(void)step, (void)regs, (void)memory;
	return unbuilt(err);
}

int arch_step_event(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    const struct debug_event *event, enum debug_progress *progress,
		    struct error *err)
{
	(void)step, (void)regs, (void)memory, (void)event, (void)progress;
	return unbuilt(err);
}

int arch_step_cancel(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     struct error *err)
{
	(void)step, (void)regs, (void)memory;
	return unbuilt(err);
}

int arch_user_mode(struct regs *regs, bool *user, struct error *err)
{
	(void)regs, (void)user;
	return unbuilt(err);
}

int arch_pc(struct regs *regs, uint64_t *pc, struct error *err)
{
	(void)regs, (void)pc;
	return unbuilt(err);
}

int arch_translate(struct regs *regs, const struct memory *memory, uint64_t address,
		   uint64_t *physical, struct error *err)
{
	(void)regs, (void)memory, (void)address, (void)physical;
	return unbuilt(err);
}

int arch_user_pages(struct regs *regs, const struct memory *memory, page_visit *visit,
		    void *context, struct error *err)
{
	(void)regs, (void)memory, (void)visit, (void)context;
	return unbuilt(err);
}

const char arch_gdb_architecture[] = "powerpc:common64";
const struct gdb_feature arch_gdb_features[] = {{0}};
const unsigned int arch_gdb_feature_count = 0;

int arch_gdb_register(struct regs *regs, unsigned int reg, unsigned int *number, struct error *err)
{
	(void)regs, (void)reg, (void)number;
	return unbuilt(err);
}

const uint16_t arch_core_registers[] = {0};
const unsigned int arch_core_register_count = 0;

int arch_frame(struct regs *regs, uint64_t *pc, uint64_t *link, uint64_t *frame, struct error *err)
{
	(void)regs, (void)pc, (void)link, (void)frame;
	return unbuilt(err);
}

int arch_frame_caller(struct regs *regs, const struct memory *memory, uint64_t *pc, uint64_t *frame,
		      struct error *err)
{
	(void)regs, (void)memory, (void)pc, (void)frame;
	return unbuilt(err);
}
