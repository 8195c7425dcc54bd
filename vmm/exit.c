/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/exit.h"

#include <errno.h>

enum exit_action exit_mmio(struct exit *exit, struct error *err)
{
	struct kvm_run *run = exit->run;

	(void)err;
	if (!run->mmio.is_write) {
		bus_read(exit->bus, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
		return EXIT_ENTER;
	}
	switch (bus_write(exit->bus, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
			  &exit->progress)) {
	case -EINTR:
		return EXIT_AGAIN;
	case -ECANCELED:
		return EXIT_LEAVE;
	default:
		return EXIT_ENTER;
	}
}

enum exit_action exit_intr(struct exit *exit, struct error *err)
{
	(void)exit, (void)err;
	return EXIT_ENTER;
}

enum exit_action exit_fail_entry(struct exit *exit, struct error *err)
{
	error_set(err, EIO, "hardware refused to enter the guest: 0x%llx",
		  (unsigned long long)exit->run->fail_entry.hardware_entry_failure_reason);
	return EXIT_FAIL;
}

enum exit_action exit_internal_error(struct exit *exit, struct error *err)
{
	error_set(err, EIO, "KVM internal error %u", exit->run->internal.suberror);
	return EXIT_FAIL;
}
