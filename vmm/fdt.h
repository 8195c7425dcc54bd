/* SPDX-License-Identifier: Apache-2.0 */
/* The device tree that tells the guest everything. Contract: docs/guest-contract.md. */
#ifndef MOTE_FDT_H
#define MOTE_FDT_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/arch.h"
#include "vmm/config.h"
#include "vmm/error.h"
#include "vmm/initrd.h"

struct fdt_contents {
	const struct machine *machine;
	const struct vm_config *config; /* boot arguments, program arguments, environment */
	const struct initrd *initrd;
	uint64_t memory_size; /* bytes of RAM that are the guest's, from the start of RAM */
	uint64_t control_page; /* guest-physical */
};

/* Bytes that are enough for the tree. */
size_t fdt_size(const struct fdt_contents *contents);

/* Writes it to buffer, which has the size that fdt_size() gave. */
int fdt_build(const struct fdt_contents *contents, void *buffer, size_t size, struct error *err);

#endif
