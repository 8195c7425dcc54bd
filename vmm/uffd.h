/* SPDX-License-Identifier: Apache-2.0 */
/* Guest memory whose pages another process brings when they are touched, by Firecracker's protocol:
 * we connect to its Unix socket and send one message, a JSON array of our mappings, with a
 * userfaultfd beside it (SCM_RIGHTS). What it does then is between it and the kernel.
 * Sources: Firecracker docs/snapshotting/handling-page-faults-on-snapshot-resume.md;
 * Linux Documentation/admin-guide/mm/userfaultfd.rst. */
#ifndef MOTE_UFFD_H
#define MOTE_UFFD_H

#include <stdint.h>

#include "vmm/error.h"
#include "vmm/memory.h"

/* In the place of memory_init(). KVM takes faults in the kernel: where the host does not let this
 * process have those handled, it says so. */
int uffd_map(struct memory *memory, uint64_t base, uint64_t size, const char *socket_path,
	     struct error *err);

#endif
