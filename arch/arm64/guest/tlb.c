/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPU remembers of the page tables of user mode. The kernel's own tables are constants in
 * tables.S. */
#include "entry.h"

void tlb_start(const uint64_t *root)
{
	entry_publish();
	cpu_write(ttbr0_el1, physical(root));
	cpu_isb();
	__asm__ volatile("tlbi vmalle1; dsb nsh; isb" ::: "memory");
}

void tlb_forget(const uint64_t *addresses, unsigned count)
{
	__asm__ volatile("dsb ishst" ::: "memory");
	for (unsigned i = 0; i < count; i++)
		__asm__ volatile("tlbi vaae1is, %0" ::"r"(addresses[i] >> PAGE_SHIFT) : "memory");
	__asm__ volatile("dsb ish; isb" ::: "memory");
}

void tlb_forget_all(void)
{
	__asm__ volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb" ::: "memory");
}

void tlb_forget_table(uint64_t address)
{
	tlb_forget(&address, 1);
}
