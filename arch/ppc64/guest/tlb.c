/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPU remembers of the page tables of user mode. The kernel's own tables are constants in
 * tables.S. Source: Power ISA 3.0B, Book III, 5.9.3.3. */
#include "entry.h"
#include "guest-runtime/panic.h"

/* What is invalidated: translations, the walk's cache of tables, or both; by page, or all
 * of a process in one set of the TLB. */
enum { INVALIDATE_TLB = 0, INVALIDATE_WALK = 1, INVALIDATE_ALL = 2 };
#define BY_PROCESS (1ull << 10)
#define SET_SHIFT 12
#define SETS_POWER9 128
#define POWER10 0x80 /* PVR: one set stands for all */

#define tlbiel(what, operand)                                                                      \
	__asm__ volatile(                                                                          \
		".machine push; .machine power9; tlbiel %0, %1, %2, 1, 1; .machine pop" ::"r"(     \
			operand),                                                                  \
		"r"((uint64_t)USER_PID << 32), "i"(what)                                           \
		: "memory")

/* boot.S has put the root there; nothing has used it. */
void tlb_start(const uint64_t *root)
{
	uint64_t msr;

	(void)root;
	__asm__ volatile("mfmsr %0" : "=r"(msr));
	if (!(msr & MSR_DR))
		panic("the monitor refuses the page tables");
}

void tlb_forget(const uint64_t *addresses, unsigned count)
{
	__asm__ volatile("ptesync" ::: "memory");
	for (unsigned i = 0; i < count; i++)
		tlbiel(INVALIDATE_TLB, page_down(addresses[i]));
	__asm__ volatile("ptesync" ::: "memory");
}

void tlb_forget_all(void)
{
	unsigned sets = cpu_read(SPR_PVR) >> 16 >= POWER10 ? 1 : SETS_POWER9;

	__asm__ volatile("ptesync" ::: "memory");
	tlbiel(INVALIDATE_ALL, BY_PROCESS);
	for (uint64_t set = 1; set < sets; set++)
		tlbiel(INVALIDATE_TLB, BY_PROCESS | set << SET_SHIFT);
	/* The copies of the TLB in the core are not looked through for a process. */
	__asm__ volatile("ptesync; slbia 3; isync; ptesync" ::: "memory");
}

void tlb_forget_table(uint64_t address)
{
	(void)address;
	__asm__ volatile("ptesync" ::: "memory");
	tlbiel(INVALIDATE_WALK, BY_PROCESS);
	__asm__ volatile("ptesync" ::: "memory");
}
