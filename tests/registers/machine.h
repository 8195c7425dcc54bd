/* SPDX-License-Identifier: Apache-2.0 */
/* VMs and vCPUs on the real KVM for tests: made by the monitor's own code, step by step. What
 * fails here ends the program. */
#ifndef TEST_REGISTERS_MACHINE_H
#define TEST_REGISTERS_MACHINE_H

#include "tests/registers/tap.h"
#include "vmm/arch.h"
#include "vmm/reg_image.h"

enum { TEST_RAM_SIZE = 2 << 20 };

struct test_vm {
	struct kvm kvm;
	struct memory memory;
	struct machine machine;
};

/* A vCPU without a thread of its own. */
struct test_cpu {
	struct test_vm vm;
	bool more;
	struct kvm_run *run;
	struct regs regs;
};

/* With an interrupt controller; vCPUs have what mote gives them, and where asked for what more
 * the table has rows for. */
void test_vm_init(struct test_vm *vm, unsigned int vcpus, bool more);
void test_vm_finish(struct test_vm *vm);

/* Loads a bare-metal guest of the folder: its first instruction. */
uint64_t test_load_guest(struct test_vm *vm, const char *guests, const char *name);

/* A VM with one vCPU; its REG_EARLY registers can be set, then it is made final. */
void test_cpu_init(struct test_cpu *cpu, bool more);
void test_cpu_finalize(struct test_cpu *cpu);
void test_cpu_finish(struct test_cpu *cpu);

/* Another copy of the same vCPU's registers, which knows nothing yet. */
void test_cpu_copy(const struct test_cpu *cpu, struct regs *copy);

/* The same table, but that nothing in it is read-only. */
const struct reg_table *test_bold_table(void);

/* "runtime 3 2 0, …": gets, sets, refused of the classes that had any. Static. */
const char *test_ioctls(const struct regs *regs);
uint64_t test_count(const struct regs *regs, enum reg_op op);

/* One register, past all errors. */
uint64_t test_get(struct regs *regs, unsigned int number);
void test_set(struct regs *regs, unsigned int number, uint64_t value);
void test_flush(struct regs *regs);
uint64_t test_kernels(const struct test_cpu *cpu, unsigned int number); /* past the copy */

/* ---- the architecture's: ARCH/arch.c ---- */

/* Whether this host has more, of a VM without vCPUs; asks for it; sees to it, of a vCPU that is
 * final but for it. */
bool test_arch_has_more(const struct test_vm *vm);
void test_arch_ask_for_more(struct test_vm *vm);
int test_arch_add_more(struct test_cpu *cpu);

/* Makes early registers, and blocks, unlike those of a new vCPU; whether blocks are as changed. */
void test_arch_change_early(struct test_cpu *cpu);
void test_arch_change_blocks(struct test_cpu *cpu);
bool test_arch_blocks_changed(struct regs *regs);

/* The host's counter, its counts a second; what it makes of the registers of a vCPU where the
 * guest's counter stands, those fetched last or now. */
uint64_t test_arch_now(void);
uint64_t test_arch_hz(void);
uint64_t test_arch_seen(const struct regs *regs);
uint64_t test_arch_counter(struct regs *regs);

/* Registers that a vCPU's start writes. */
unsigned int test_arch_boot_sets(unsigned int index);

/* Registers worth a look, as many as are not 0. */
extern const unsigned int test_arch_some[];

/* ---- the tests, by file ---- */

void test_state(void);
void test_kernel(void); /* ARCH/kernel.c */
void test_order(const char *guests);
void test_ticks(const char *guests, unsigned int looks);

#endif
