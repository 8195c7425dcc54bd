/* SPDX-License-Identifier: Apache-2.0 */
/* Two POWER vCPUs on the scripted KVM that execute what is in the guest's memory, as far as a test
 * of stepping needs it: a few instructions, interrupts by LPCR[AIL] and MSR, the trace interrupt,
 * radix translation that maps everything onto itself. KVM-HV's part: it stops at its instruction
 * that traps, and at nothing else. Source: Power ISA 3.0B. */
#ifndef MOTE_TEST_PPC64_CPU_H
#define MOTE_TEST_PPC64_CPU_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/bytes.h"

enum { FD = 7, CPUS = 2, SIZE = 0x100000, TABLES = 0x80000 };
#define TRAP_WORD 0x00dddd00u
#define HIGH 0xc000000000000000ull
#define MSR_BASE (PPC64_MSR_SF | PPC64_MSR_ME | PPC64_MSR_LE | PPC64_MSR_RI)
#define MSR_MMU (PPC64_MSR_IR | PPC64_MSR_DR)
#define MSR_USER (MSR_BASE | MSR_MMU | PPC64_MSR_EE | PPC64_MSR_PR)

struct cpu {
	struct kvm_regs regs;
	uint64_t reserved; /* address of a reservation + 1, 0: none */
	uint64_t faults_at; /* the next load there faults, once; 0: none */
	bool external; /* an interrupt waits */
	struct kvm_guest_debug told; /* by the last KVM_SET_GUEST_DEBUG */
};
static struct cpu cpus[CPUS];
static struct memory memory;
static uint64_t page_tables;

static int cpu_ioctl(int fd, unsigned long request, void *argument)
{
	struct cpu *cpu = &cpus[fd - FD];

	switch (request) {
	case KVM_GET_REGS:
		memcpy(argument, &cpu->regs, sizeof(cpu->regs));
		return 0;
	case KVM_SET_REGS:
		memcpy(&cpu->regs, argument, sizeof(cpu->regs));
		return 0;
	default:
		break;
	}
	/* Its number holds the size of what another architecture's half was compiled with. */
	if (_IOC_NR(request) != _IOC_NR(KVM_SET_GUEST_DEBUG))
		return -ENOTTY;
	memcpy(&cpu->told, argument, sizeof(cpu->told));
	return 0;
}

static UNUSED void put(uint64_t address, uint32_t instruction)
{
	uint8_t bytes[4];

	bytes_store_le(bytes, 4, instruction);
	assert_int_equal(memory_write(&memory, address, bytes, 4), 0);
}

static UNUSED uint32_t at(uint64_t address)
{
	uint8_t bytes[4];

	assert_int_equal(memory_read(&memory, address, bytes, 4), 0);
	return (uint32_t)bytes_load_le(bytes, 4);
}

static void put_big(uint64_t address, uint64_t value)
{
	uint8_t bytes[8];

	bytes_store_le(bytes, 8, __builtin_bswap64(value));
	assert_int_equal(memory_write(&memory, address, bytes, 8), 0);
}

/* 52 bits: 13, 9, and a leaf of 1 GiB; for processes 0 and 1. */
static UNUSED void map_everything(void)
{
	for (unsigned int process = 0; process < 2; process++)
		put_big(TABLES + 16 * process, 0x40000000000000a0 | (TABLES + 0x10000) | 13);
	put_big(TABLES + 0x10000, 1ull << 63 | (TABLES + 0x20000) | 9);
	put_big(TABLES + 0x20000, 3ull << 62 | 0x187);
	page_tables = PPC64_TABLES_RADIX | TABLES;
}

static void cpu_init(void)
{
	fake_kvm_reset();
	memset(cpus, 0, sizeof(cpus));
	fake_kvm.other = cpu_ioctl;
	fake_kvm_refuse(KVM_GET_REG_LIST, FAKE_ANY, EINVAL);
	page_tables = 0;
	for (int i = 0; i < CPUS; i++) {
		fake_kvm_set(FD + i, KVM_REG_PPC_DEBUG_INST, TRAP_WORD);
		fake_kvm_set(FD + i, KVM_REG_PPC_LPCR_64, PPC64_LPCR_ILE);
		fake_kvm_set(FD + i, KVM_REG_PPC_PID, 1);
		cpus[i].regs.msr = MSR_BASE;
	}
}

static uint64_t lpcr_of(int i)
{
	return fake_kvm_get(FD + i, KVM_REG_PPC_LPCR_64);
}

static void cpu_interrupt(int i, unsigned int number, uint64_t from, uint64_t why)
{
	static const uint64_t offsets[] = {0, 0, 0x18000, 0xc000000000004000};
	struct kvm_regs *regs = &cpus[i].regs;
	bool translated = (regs->msr & MSR_MMU) == MSR_MMU;
	uint64_t offset = translated ? offsets[lpcr_of(i) >> 23 & 3] : 0;

	regs->srr0 = from;
	regs->srr1 = (regs->msr & ~PPC64_SRR1_WHY) | why;
	regs->pc = offset + number;
	regs->msr = PPC64_MSR_SF | PPC64_MSR_ME | (lpcr_of(i) & PPC64_LPCR_ILE ? PPC64_MSR_LE : 0) |
		    (offset ? MSR_MMU : 0);
}

/* What the tests' programs are made of. */
#define ADDI(d, value) (0x38000000u | (d) << 21 | (d) << 16 | ((value)&0xffff)) /* d += value */
#define LOAD(d, a) (0xe8000000u | (d) << 21 | (a) << 16)
#define BRANCH(distance) (0x48000000u | ((distance)&0x3fffffc))
#define BNE(distance) (0x40820000u | ((distance)&0xfffc))
#define BLR 0x4e800020u
#define NOP 0x60000000u
#define TW 0x7fe00008u
#define SC 0x44000002u
#define SC1 0x44000022u
#define SCV 0x44000001u
#define RFID 0x4c000024u
#define RFSCV 0x4c0000a4u
#define MFMSR(d) (0x7c0000a6u | (d) << 21)
#define MTMSRD(s) (0x7c000164u | (s) << 21)
#define MTMSRD_EE(s) (0x7c010164u | (s) << 21)
#define MTSRR0(s) (0x7c1a03a6u | (s) << 21)
#define MTSRR1(s) (0x7c1b03a6u | (s) << 21)
#define MFSRR1(d) (0x7c1b02a6u | (d) << 21)
#define LDARX(d, a) (0x7c0000a8u | (d) << 21 | (a) << 11)
#define STDCX(s, a) (0x7c0001adu | (s) << 21 | (a) << 11)
#define TBEGIN 0x7c00051du

static void cpu_conditional(struct cpu *cpu, uint64_t address, uint64_t value)
{
	uint8_t bytes[8];
	bool good = cpu->reserved == address + 1;

	bytes_store_le(bytes, 8, value);
	if (good)
		assert_int_equal(memory_write(&memory, address, bytes, 8), 0);
	cpu->regs.cr = good ? 0x20000000 : 0;
	cpu->reserved = 0;
}

static uint64_t cpu_load(uint64_t address)
{
	uint8_t bytes[8];

	assert_int_equal(memory_read(&memory, address & 0xfffff, bytes, 8), 0);
	return bytes_load_le(bytes, 8);
}

/* Executes it. The interrupt that it takes instead, or 0. *traced: it is of those that can be. */
static unsigned int cpu_execute(struct cpu *cpu, uint32_t word, uint64_t *next, bool *traced)
{
	struct kvm_regs *regs = &cpu->regs;
	unsigned int d = word >> 21 & 31, a = word >> 16 & 31, b = word >> 11 & 31;

	*traced = true;
	*next = regs->pc + 4;
	switch (word >> 26) {
	case 14:
		regs->gpr[d] = regs->gpr[a] + (uint64_t)(int64_t)(int16_t)word;
		return 0;
	case 58:
		if (cpu->faults_at && cpu->faults_at == regs->gpr[a]) {
			cpu->faults_at = 0;
			return 0x300;
		}
		regs->gpr[d] = cpu_load(regs->gpr[a]);
		return 0;
	case 16:
		if (!(regs->cr & 0x20000000))
			*next = regs->pc + (uint64_t)(int64_t)(int16_t)(word & 0xfffc);
		return 0;
	case 18:
		*next = regs->pc + (uint64_t)((int64_t)((uint64_t)word << 38) >> 38 & ~3);
		return 0;
	case 24:
		return 0;
	default:
		break;
	}
	if (word == BLR) {
		*next = regs->lr;
		return 0;
	}
	if (word == SC)
		return 0xc00;
	if (word == TW)
		return 0x700;
	if (word == RFID) {
		*traced = false;
		*next = regs->srr0;
		regs->msr = regs->srr1 & ~PPC64_SRR1_WHY;
	} else if (word == SCV) {
		*traced = false;
		regs->lr = *next;
		regs->ctr = regs->msr;
		*next = 0xc000000000003000;
		regs->msr = MSR_BASE | MSR_MMU;
	} else if (word == RFSCV) {
		*traced = false;
		*next = regs->lr;
		regs->msr = regs->ctr;
	} else if (word == SC1) {
		*traced = false; /* KVM answers */
	} else if (word == TBEGIN) {
		regs->msr |= 2ull << 33;
	} else if (word == MFMSR(d)) {
		regs->gpr[d] = regs->msr;
	} else if (word == MTMSRD(d)) {
		regs->msr = regs->gpr[d];
	} else if (word == MTSRR0(d)) {
		regs->srr0 = regs->gpr[d];
	} else if (word == MTSRR1(d)) {
		regs->srr1 = regs->gpr[d];
	} else if (word == MFSRR1(d)) {
		regs->gpr[d] = regs->srr1;
	} else if (word == LDARX(d, b)) {
		regs->gpr[d] = cpu_load(regs->gpr[b]);
		cpu->reserved = regs->gpr[b] + 1;
	} else if (word == STDCX(d, b)) {
		cpu_conditional(cpu, regs->gpr[b], regs->gpr[d]);
	} else {
		return 0x700;
	}
	return 0;
}

/* One instruction, or an interrupt in its place. True: KVM stops there. */
static bool cpu_cycle(int i)
{
	struct cpu *cpu = &cpus[i];
	struct kvm_regs *regs = &cpu->regs;
	bool steps = regs->msr & PPC64_MSR_SE, traced;
	unsigned int number;
	uint32_t word;
	uint64_t next;

	if (cpu->external && regs->msr & PPC64_MSR_EE) {
		cpu->external = false;
		cpu->reserved = 0;
		cpu_interrupt(i, 0x500, regs->pc, 0);
		return false;
	}
	word = at(regs->pc & 0xfffff);
	if (!(regs->msr & PPC64_MSR_LE))
		word = __builtin_bswap32(word);
	if (word == TRAP_WORD && cpu->told.control & KVM_GUESTDBG_USE_SW_BP)
		return true;
	number = cpu_execute(cpu, word, &next, &traced);
	if (number) {
		cpu->reserved = 0;
		cpu_interrupt(i, number, number == 0xc00 ? next : regs->pc,
			      number == 0x700 ? 1 << 17 : 0);
		return false;
	}
	regs->pc = next;
	if (steps && traced) {
		cpu->reserved = 0;
		cpu_interrupt(i, 0xd00, next, 0x40000000);
	}
	return false;
}

/* Runs until KVM stops, or it comes to `until`. */
static UNUSED bool cpu_run(int i, uint64_t until)
{
	for (unsigned int n = 0; n < 1000; n++) {
		if (cpus[i].regs.pc == until)
			return false;
		if (cpu_cycle(i))
			return true;
	}
	fail_msg("vCPU %d runs away, pc 0x%llx", i, (unsigned long long)cpus[i].regs.pc);
	return false;
}

#endif
