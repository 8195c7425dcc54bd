/* SPDX-License-Identifier: Apache-2.0 */
/* What each KVM exit of a ppc64 vCPU means. An access outside RAM that KVM can't decode is a
 * storage interrupt in the guest, no exit. */
#include <errno.h>

#include "arch/ppc64/hcall.h"
#include "vmm/arch.h"

/* An interrupt that KVM-HV has no idea of. */
static enum exit_action exit_unknown(struct exit *exit, struct error *err)
{
	error_set(err, EIO, "KVM does not know the trap 0x%llx",
		  (unsigned long long)exit->run->hw.hardware_exit_reason);
	return EXIT_FAIL;
}

const struct exit_row arch_exits[] = {
	[KVM_EXIT_UNKNOWN] = {"unknown", false, exit_unknown},
	[KVM_EXIT_DEBUG] = {"debug", false, NULL},
	[KVM_EXIT_MMIO] = {"mmio", true, exit_mmio},
	[KVM_EXIT_INTR] = {"intr", false, exit_intr},
	[KVM_EXIT_PAPR_HCALL] = {"papr_hcall", true, hcall},
	[KVM_EXIT_FAIL_ENTRY] = {"fail_entry", false, exit_fail_entry},
	[KVM_EXIT_INTERNAL_ERROR] = {"internal_error", false, exit_internal_error},
};

const unsigned int arch_exit_count = sizeof(arch_exits) / sizeof(arch_exits[0]);
