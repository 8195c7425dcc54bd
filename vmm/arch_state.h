/* SPDX-License-Identifier: Apache-2.0 */
/* What snapshots and resets ask of an architecture, beyond vmm/arch.h: time, interrupt controller,
 * features. */
#ifndef MOTE_ARCH_STATE_H
#define MOTE_ARCH_STATE_H

#include "vmm/arch.h"
#include "vmm/state_file.h"

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

/* machine.c: whether a page that KVM's dirty log has told needs a new translation, since a
 * processor that has read it first may write it untold (vmm/memory.h). */
extern const bool arch_log_remap;

/* machine.c: what guests change of struct machine itself, back. No vCPU runs; memory is back. */
int arch_machine_reset(struct machine *machine, uint64_t mode, uint64_t page_tables,
		       struct error *err);

/* features.c: what a guest of this machine may have found on this host and rely on, by names;
 * static strings, NULL-terminated. */
enum { ARCH_FEATURES_MAX = 80 };
void arch_features(const struct machine *machine, const char *names[ARCH_FEATURES_MAX + 1]);

#endif
