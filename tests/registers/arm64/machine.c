/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/registers/arm64/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PMU_INTID = 23 };

bool test_vm_has(const struct test_vm *vm, unsigned int feature)
{
	return vm->machine.vcpu_features >> feature & 1;
}

void test_vm_init(struct test_vm *vm, unsigned int vcpus, bool pmu)
{
	struct error err;

	tap_must(kvm_init(&vm->kvm, &err), &err);
	tap_must(memory_init(&vm->memory, arch_layout.ram_base, TEST_RAM_SIZE, &err), &err);
	vm->machine = (struct machine){
		.kvm = &vm->kvm,
		.vm_fd = kvm_create_vm(&vm->kvm, arch_vm_type(&vm->kvm), &err),
		.irqchip_fd = -1,
		.vcpu_count = vcpus,
		.memory = &vm->memory,
	};
	tap_must(vm->machine.vm_fd, &err);
	tap_must(memory_attach(&vm->memory, vm->machine.vm_fd, &err), &err);
	tap_must(arch_machine_init(&vm->machine, &err), &err);
	if (pmu)
		vm->machine.vcpu_features |= 1u << KVM_ARM_VCPU_PMU_V3;
}

void test_vm_finish(struct test_vm *vm)
{
	close(vm->machine.irqchip_fd);
	close(vm->machine.vm_fd);
	memory_finish(&vm->memory);
	kvm_finish(&vm->kvm);
}

void test_cpu_init(struct test_cpu *cpu, bool pmu)
{
	struct error err;
	int fd;

	test_vm_init(&cpu->vm, 1, pmu);
	fd = kvm_create_vcpu(cpu->vm.machine.vm_fd, 0, &err);
	tap_must(fd, &err);
	cpu->run = kvm_map_run(&cpu->vm.kvm, fd, &err);
	tap_must(cpu->run ? 0 : -1, &err);
	tap_must(regs_init(&cpu->regs, &arch_regs, fd, cpu->run, &err), &err);
	tap_must(arch_vcpu_init(&cpu->vm.machine, fd, 0, &err), &err);
}

void test_cpu_finalize(struct test_cpu *cpu)
{
	struct error err;
	uint32_t intid = PMU_INTID;
	int fd = cpu->regs.vcpu_fd, result = 0;

	tap_must(arch_vcpu_finalize(&cpu->vm.machine, &cpu->regs, &err), &err);
	tap_must(arch_machine_finish(&cpu->vm.machine, &err), &err);
	if (test_vm_has(&cpu->vm, KVM_ARM_VCPU_PMU_V3)) {
		result = kvm_device_set(fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ,
					&intid);
		if (result == 0)
			result = kvm_device_set(fd, KVM_ARM_VCPU_PMU_V3_CTRL,
						KVM_ARM_VCPU_PMU_V3_INIT, NULL);
	}
	if (result < 0)
		error_set(&err, -result, "PMU: %s", strerror(-result));
	tap_must(result, &err);
}

void test_cpu_finish(struct test_cpu *cpu)
{
	kvm_unmap_run(&cpu->vm.kvm, cpu->run);
	close(cpu->regs.vcpu_fd);
	regs_finish(&cpu->regs);
	test_vm_finish(&cpu->vm);
}

void test_cpu_copy(const struct test_cpu *cpu, struct regs *copy)
{
	struct error err;

	tap_must(regs_init(copy, &arch_regs, cpu->regs.vcpu_fd, NULL, &err), &err);
	copy->finalized = cpu->regs.finalized;
}

const struct reg_table *test_bold_table(void)
{
	static struct reg_row rows[REG_ROWS_MAX];
	static struct reg_table table;

	memcpy(rows, arch_regs.rows, arch_regs.row_count * sizeof(rows[0]));
	for (unsigned int i = 0; i < arch_regs.row_count; i++)
		rows[i].flags &= ~(uint32_t)REG_READ_ONLY;
	table = arch_regs;
	table.rows = rows;
	return &table;
}

uint64_t test_count(const struct regs *regs, enum reg_op op)
{
	uint64_t count = 0;

	for (unsigned int class = 0; class < REG_CLASSES; class ++)
		count += metrics_load(&regs->ioctls[class][op]);
	return count;
}

const char *test_ioctls(const struct regs *regs)
{
	static char text[256];
	int length = 0;

	text[0] = 0;
	for (unsigned int class = 0; class < REG_CLASSES; class ++) {
		const uint64_t *ops = regs->ioctls[class];

		if (ops[REG_GET] + ops[REG_SET] + ops[REG_REFUSED])
			length += snprintf(text + length, sizeof(text) - (size_t)length,
					   "%s%s %u %u %u", length ? ", " : "",
					   reg_class_names[class], (unsigned int)ops[REG_GET],
					   (unsigned int)ops[REG_SET],
					   (unsigned int)ops[REG_REFUSED]);
	}
	return text;
}
