/* SPDX-License-Identifier: Apache-2.0 */
/* VMs and vCPUs on the real KVM for tests: made by the monitor's own code, step by step. What
 * fails here ends the program. */
#ifndef TEST_REGISTERS_MACHINE_H
#define TEST_REGISTERS_MACHINE_H

#include "arch/arm64/layout.h"
#include "arch/arm64/regs.h"
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
	struct kvm_run *run;
	struct regs regs;
};

/* With an interrupt controller; vCPUs have what mote gives them, and the PMU where asked for. */
void test_vm_init(struct test_vm *vm, unsigned int vcpus, bool pmu);
void test_vm_finish(struct test_vm *vm);
bool test_vm_has(const struct test_vm *vm, unsigned int feature); /* KVM_ARM_VCPU_… */

/* A VM with one vCPU; its REG_EARLY registers can be set, then it is made final. */
void test_cpu_init(struct test_cpu *cpu, bool pmu);
void test_cpu_finalize(struct test_cpu *cpu);
void test_cpu_finish(struct test_cpu *cpu);

/* Another copy of the same vCPU's registers, which knows nothing yet. */
void test_cpu_copy(const struct test_cpu *cpu, struct regs *copy);

/* The same table, but that nothing in it is read-only. */
const struct reg_table *test_bold_table(void);

/* "runtime 3 2 0, …": gets, sets, refused of the classes that had any. Static. */
const char *test_ioctls(const struct regs *regs);
uint64_t test_count(const struct regs *regs, enum reg_op op);

/* The tests, by file. */
void test_state(void);
void test_kernel(void);
void test_ticks(const char *guests, unsigned int looks);

#endif
