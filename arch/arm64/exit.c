/* SPDX-License-Identifier: Apache-2.0 */
/* What each KVM exit of an arm64 vCPU means. */
#include <errno.h>

#include "vmm/arch.h"

static enum exit_action exit_system_event(struct exit *exit, struct error *err)
{
	uint32_t type = exit->run->system_event.type;

	switch (type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		error_set(err, ECANCELED, "guest powered off");
		return EXIT_SHUTDOWN;
	case KVM_SYSTEM_EVENT_RESET:
		error_set(err, ECANCELED, "guest asked for a reset");
		return EXIT_SHUTDOWN;
	default:
		error_set(err, EIO, "guest crashed: PSCI system event %u", type);
		return EXIT_FAIL;
	}
}

/* A load or store that KVM could not decode (a pair, a write-back, a vector …) outside RAM. */
static enum exit_action exit_arm_nisv(struct exit *exit, struct error *err)
{
	error_set(err, EIO, "guest access to 0x%llx that can't be emulated (ESR 0x%llx)",
		  (unsigned long long)exit->run->arm_nisv.fault_ipa,
		  (unsigned long long)exit->run->arm_nisv.esr_iss);
	return EXIT_FAIL;
}

const struct exit_row arch_exits[] = {
	[KVM_EXIT_DEBUG] = {"debug", false, NULL},
	[KVM_EXIT_MMIO] = {"mmio", true, exit_mmio},
	[KVM_EXIT_INTR] = {"intr", false, exit_intr},
	[KVM_EXIT_SYSTEM_EVENT] = {"system_event", false, exit_system_event},
	[KVM_EXIT_ARM_NISV] = {"arm_nisv", false, exit_arm_nisv},
	[KVM_EXIT_FAIL_ENTRY] = {"fail_entry", false, exit_fail_entry},
	[KVM_EXIT_INTERNAL_ERROR] = {"internal_error", false, exit_internal_error},
};

const unsigned int arch_exit_count = sizeof(arch_exits) / sizeof(arch_exits[0]);
