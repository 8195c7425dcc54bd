/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests want to know of arm64: see machine.h. More than mote gives is the PMU. */
#include "arch/arm64/layout.h"
#include "arch/arm64/regs.h"
#include "tests/registers/machine.h"

#include <string.h>

enum { PMU_INTID = 23 };

const unsigned int test_arch_some[] = {ARM64_PC,
				       ARM64_X0,
				       ARM64_SP_EL1,
				       ARM64_ELR_EL1,
				       ARM64_CNTV_CTL_EL0,
				       ARM64_CNTV_CVAL_EL0,
				       ARM64_CNTVCT_EL0,
				       ARM64_VBAR_EL1,
				       ARM64_SERROR_PENDING,
				       0};

bool test_arch_has_more(const struct test_vm *vm)
{
	return kvm_capability(vm->machine.vm_fd, KVM_CAP_ARM_PMU_V3) > 0;
}

void test_arch_ask_for_more(struct test_vm *vm)
{
	vm->machine.vcpu_features |= 1u << KVM_ARM_VCPU_PMU_V3;
}

int test_arch_add_more(struct test_cpu *cpu)
{
	uint32_t intid = PMU_INTID;
	int fd = cpu->regs.vcpu_fd;
	int result = kvm_device_set(fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &intid);

	return result < 0 ? result
			  : kvm_device_set(fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT,
					   NULL);
}

/* Not the longest vector any more. */
void test_arch_change_early(struct test_cpu *cpu)
{
	uint64_t lengths[8];
	struct error err;

	if (!(cpu->vm.machine.vcpu_features >> KVM_ARM_VCPU_SVE & 1))
		return;
	tap_must(reg_read(&cpu->regs, ARM64_SVE_VLS, lengths, &err), &err);
	for (unsigned int i = 8; i-- > 0;)
		if (lengths[i]) {
			lengths[i] &= ~(1ull << (63 - __builtin_clzll(lengths[i])));
			break;
		}
	tap_must(reg_write(&cpu->regs, ARM64_SVE_VLS, lengths, &err), &err);
	test_flush(&cpu->regs);
}

void test_arch_change_blocks(struct test_cpu *cpu)
{
	test_set(&cpu->regs, ARM64_SERROR_PENDING, 1);
	test_set(&cpu->regs, ARM64_MP_STATE_VALUE, KVM_MP_STATE_STOPPED);
	test_flush(&cpu->regs);
}

bool test_arch_blocks_changed(struct regs *regs)
{
	return test_get(regs, ARM64_SERROR_PENDING) == 1 &&
	       test_get(regs, ARM64_MP_STATE_VALUE) == KVM_MP_STATE_STOPPED;
}

uint64_t test_arch_now(void)
{
	uint64_t value;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value)::"memory");
	return value;
}

uint64_t test_arch_hz(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

uint64_t test_arch_seen(const struct regs *regs)
{
	uint64_t value;

	memcpy(&value, regs_value(regs, ARM64_CNTVCT_EL0), sizeof(value));
	return value;
}

uint64_t test_arch_counter(struct regs *regs)
{
	return test_get(regs, ARM64_CNTVCT_EL0);
}

/* PC and X0; of the others KVM takes care. */
unsigned int test_arch_boot_sets(unsigned int index)
{
	return index == 0 ? 2 : 0;
}
