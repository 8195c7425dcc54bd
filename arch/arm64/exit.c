/* SPDX-License-Identifier: Apache-2.0 */
/* What each KVM exit of an arm64 vCPU means. */
#include <errno.h>
#include <string.h>

#include "vmm/arch.h"

static enum exit_action exit_mmio(struct kvm_run *run, const struct bus *bus, uint64_t *progress,
				  struct error *err)
{
	(void)err;
	if (!run->mmio.is_write) {
		bus_read(bus, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
		return EXIT_ENTER;
	}
	switch (bus_write(bus, run->mmio.phys_addr, run->mmio.data, run->mmio.len, progress)) {
	case -EINTR:
		return EXIT_AGAIN;
	case -ECANCELED:
		return EXIT_LEAVE;
	default:
		return EXIT_ENTER;
	}
}

static enum exit_action exit_intr(struct kvm_run *run, const struct bus *bus, uint64_t *progress,
				  struct error *err)
{
	(void)run, (void)bus, (void)progress, (void)err;
	return EXIT_ENTER;
}

static enum exit_action exit_system_event(struct kvm_run *run, const struct bus *bus,
					  uint64_t *progress, struct error *err)
{
	(void)bus, (void)progress;
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		error_set(err, ECANCELED, "guest powered off");
		return EXIT_SHUTDOWN;
	case KVM_SYSTEM_EVENT_RESET:
		error_set(err, ECANCELED, "guest asked for a reset");
		return EXIT_SHUTDOWN;
	default:
		error_set(err, EIO, "guest crashed: PSCI system event %u", run->system_event.type);
		return EXIT_FAIL;
	}
}

/* A load or store that KVM could not decode (a pair, a write-back, a vector …) outside RAM. */
static enum exit_action exit_arm_nisv(struct kvm_run *run, const struct bus *bus,
				      uint64_t *progress, struct error *err)
{
	(void)bus, (void)progress;
	error_set(err, EIO, "guest access to 0x%llx that can't be emulated (ESR 0x%llx)",
		  (unsigned long long)run->arm_nisv.fault_ipa,
		  (unsigned long long)run->arm_nisv.esr_iss);
	return EXIT_FAIL;
}

static enum exit_action exit_fail_entry(struct kvm_run *run, const struct bus *bus,
					uint64_t *progress, struct error *err)
{
	(void)bus, (void)progress;
	error_set(err, EIO, "hardware refused to enter the guest: 0x%llx",
		  (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	return EXIT_FAIL;
}

static enum exit_action exit_internal_error(struct kvm_run *run, const struct bus *bus,
					    uint64_t *progress, struct error *err)
{
	(void)bus, (void)progress;
	error_set(err, EIO, "KVM internal error %u", run->internal.suberror);
	return EXIT_FAIL;
}

const struct exit_row arch_exits[] = {
	[KVM_EXIT_MMIO] = {"mmio", true, exit_mmio},
	[KVM_EXIT_INTR] = {"intr", false, exit_intr},
	[KVM_EXIT_SYSTEM_EVENT] = {"system_event", false, exit_system_event},
	[KVM_EXIT_ARM_NISV] = {"arm_nisv", false, exit_arm_nisv},
	[KVM_EXIT_FAIL_ENTRY] = {"fail_entry", false, exit_fail_entry},
	[KVM_EXIT_INTERNAL_ERROR] = {"internal_error", false, exit_internal_error},
};

const unsigned int arch_exit_count = sizeof(arch_exits) / sizeof(arch_exits[0]);
