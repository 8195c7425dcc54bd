/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls that KVM leaves to us. Source: Linux on Power Architecture Reference (LoPAR), part
 * III, chapter 14. */
#ifndef MOTE_PPC64_HCALL_H
#define MOTE_PPC64_HCALL_H

#include <stdint.h>

#include "vmm/exit.h"

/* The bits of LPCR that are alike in all vCPUs: machine->mode. The guest changes the first two, by
 * H_SET_MODE. */
#define PPC64_LPCR_ILE (1ull << 25) /* interrupts are taken little-endian */
#define PPC64_LPCR_AIL (3ull << 23) /* 3: and with the MMU on, at 0xc000_0000_0000_4000 */
#define PPC64_LPCR_LD (1ull << 17) /* the decrementer has PPC64_DEC_BITS */
#define PPC64_LPCR_MODE (PPC64_LPCR_ILE | PPC64_LPCR_AIL | PPC64_LPCR_LD)
#define PPC64_DEC_BITS 56 /* of POWER9 and POWER10 */

/* The process table that the guest has registered, for all vCPUs: machine->page_tables. As KVM's
 * process_table (struct kvm_ppc_mmuv3_cfg), and one bit that is 0 there. */
#define PPC64_TABLES_RADIX (1ull << 63)
#define PPC64_TABLES_ADDRESS 0x0ffffffffffff000ull
#define PPC64_TABLES_GTSE (1ull << 11) /* the guest may invalidate translations itself */
#define PPC64_TABLES_ORDER 0x1full /* log2 of the size, less 12 */
/* Makes it the VM's. -EFAULT: it is none, or not in RAM; else what KVM answers. */
int hcall_set_tables(const struct machine *machine, uint64_t tables);

/* What a call answers, in r3. */
enum hcall_status {
	H_SUCCESS = 0,
	H_HARDWARE = -1,
	H_FUNCTION = -2, /* there is no such call */
	H_PARAMETER = -4,
	H_P2 = -55, /* the second argument is at fault, and so on */
	H_P3 = -56,
	H_P4 = -57,
	H_UNSUPPORTED_FLAG = -256,
};

/* KVM_EXIT_PAPR_HCALL: the number in run->papr_hcall.nr, r4 to r12 in args, the answer in ret. */
enum exit_action hcall(struct exit *exit, struct error *err);

/* For those that carry one out: the answer, and the guest goes on. */
enum exit_action hcall_answer(struct exit *exit, enum hcall_status status);

#endif
