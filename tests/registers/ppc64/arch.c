/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests want to know of ppc64: see machine.h. */
#include <string.h>

#include "arch/ppc64/counter.h"
#include "arch/ppc64/regs.h"
#include "tests/registers/machine.h"

#define SLB_VALID 0x08000000ull /* in SLBE */

const unsigned int test_arch_some[] = {PPC64_PC,    PPC64_GPR3, PPC64_MSR,        PPC64_SRR0,
				       PPC64_LPCR,  PPC64_DAR,  PPC64_DEC_EXPIRY, PPC64_TB_OFFSET,
				       PPC64_DPDES, PPC64_FPR0, PPC64_ICP_STATE,  0};

bool test_arch_has_more(const struct test_vm *vm)
{
	(void)vm;
	return false;
}

void test_arch_ask_for_more(struct test_vm *vm)
{
	(void)vm;
}

int test_arch_add_more(struct test_cpu *cpu)
{
	(void)cpu;
	return 0;
}

void test_arch_change_early(struct test_cpu *cpu)
{
	(void)cpu;
}

/* Everything that KVM_SET_REGS takes, and one translation of KVM_SET_SREGS. */
void test_arch_change_blocks(struct test_cpu *cpu)
{
	struct kvm_regs block;
	struct error err;

	tap_must(reg_read(&cpu->regs, PPC64_REGS, &block, &err), &err);
	block.pc = 0x1234560;
	block.msr ^= 0x8000; /* EE */
	block.cr = 0x12345678;
	block.ctr = 0x1111;
	block.lr = 0x2222;
	block.xer = 0x20000000;
	block.srr0 = 0x3330;
	block.srr1 = 0x4444;
	block.sprg0 = 0x5550;
	block.sprg1 = 0x5551;
	block.sprg2 = 0x5552;
	block.sprg3 = 0x5553;
	for (uint64_t i = 0; i < 32; i++)
		block.gpr[i] = ~i;
	tap_must(reg_write(&cpu->regs, PPC64_REGS, &block, &err), &err);
	test_set(&cpu->regs, PPC64_SLBE0, 0xc000000000000000 | SLB_VALID);
	test_set(&cpu->regs, PPC64_SLBV0, 0x400);
	test_flush(&cpu->regs);
}

bool test_arch_blocks_changed(struct regs *regs)
{
	return test_get(regs, PPC64_PC) == 0x1234560 && test_get(regs, PPC64_GPR31) == ~31ull &&
	       test_get(regs, PPC64_SPRG3) == 0x5553 &&
	       test_get(regs, PPC64_SLBE0) == (0xc000000000000000 | SLB_VALID) &&
	       test_get(regs, PPC64_SLBV0) == 0x400;
}

uint64_t test_arch_now(void)
{
	return ppc64_timebase();
}

uint64_t test_arch_hz(void)
{
	return ppc64_timebase_hz();
}

/* The guest's counter is the host's with an offset, a register of the vCPU's. */
uint64_t test_arch_seen(const struct regs *regs)
{
	uint64_t offset;

	memcpy(&offset, regs_value(regs, PPC64_TB_OFFSET), sizeof(offset));
	return test_arch_now() + offset;
}

uint64_t test_arch_counter(struct regs *regs)
{
	uint64_t offset = test_get(regs, PPC64_TB_OFFSET);

	return test_arch_now() + offset;
}

/* LPCR and REGS. */
unsigned int test_arch_boot_sets(unsigned int index)
{
	(void)index;
	return 2;
}
