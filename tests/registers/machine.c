/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/registers/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void test_vm_init(struct test_vm *vm, unsigned int vcpus, bool more)
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
	if (more)
		test_arch_ask_for_more(vm);
}

void test_vm_finish(struct test_vm *vm)
{
	close(vm->machine.irqchip_fd);
	close(vm->machine.vm_fd);
	memory_finish(&vm->memory);
	kvm_finish(&vm->kvm);
}

uint64_t test_load_guest(struct test_vm *vm, const char *guests, const char *name)
{
	struct image_place place;
	struct image image;
	char path[512];
	struct error err;

	snprintf(path, sizeof(path), "%s/%s", guests, name);
	tap_must(image_open(&image, path, &err), &err);
	tap_must(image_load_elf(&image, &vm->memory, &place, &err), &err);
	image_close(&image);
	return place.entry;
}

void test_cpu_init(struct test_cpu *cpu, bool more)
{
	struct error err;
	int fd;

	cpu->more = more;
	test_vm_init(&cpu->vm, 1, more);
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
	int result;

	tap_must(arch_vcpu_finalize(&cpu->vm.machine, &cpu->regs, &err), &err);
	tap_must(arch_machine_finish(&cpu->vm.machine, &err), &err);
	result = cpu->more ? test_arch_add_more(cpu) : 0;
	if (result < 0)
		error_set(&err, -result, "more than mote gives a vCPU: %s", strerror(-result));
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

uint64_t test_get(struct regs *regs, unsigned int number)
{
	uint64_t value;
	struct error err;

	tap_must(reg_get(regs, number, &value, &err), &err);
	return value;
}

void test_set(struct regs *regs, unsigned int number, uint64_t value)
{
	struct error err;

	tap_must(reg_set(regs, number, value, &err), &err);
}

void test_flush(struct regs *regs)
{
	struct error err;

	tap_must(regs_flush(regs, &err), &err);
}

uint64_t test_kernels(const struct test_cpu *cpu, unsigned int number)
{
	struct regs copy;
	uint64_t value;

	test_cpu_copy(cpu, &copy);
	value = test_get(&copy, number);
	regs_finish(&copy);
	return value;
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
