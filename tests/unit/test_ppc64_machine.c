/* SPDX-License-Identifier: Apache-2.0 */
/* A ppc64 machine on the scripted KVM: what it is made of, how vCPUs begin, start each other, end
 * and change their mode, and what the device tree says of it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libfdt.h>
#include <sched.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "arch/ppc64/regs.h"
#include "arch/ppc64/rtas.h"
#include "tests/fake/kvm.h"
#include "vmm/vcpu.h"

enum { VCPUS = 3, RAM_END = 0x100000, ENTRY = 0x4000, CAPS_MAX = 16 };

/* LPCR of a new vCPU: what is not the guest's has to stay. */
#define HOST_LPCR 0x40004000000019e8

static struct kvm kvm;
static struct memory memory;
static struct machine machine;
static struct bus bus;
static struct vcpu vcpus[VCPUS];
static unsigned int vcpu_count;
static struct error err, stop_reason;
static enum exit_action stop_action;
static int stopped; /* atomic */

/* The kernel's: under its lock. */
static struct kvm_regs kernel_regs[VCPUS];
static struct {
	int fd;
	uint32_t cap;
	uint64_t args[2];
} caps[CAPS_MAX];
static unsigned int cap_count;
static struct kvm_ppc_mmuv3_cfg mmu;
static unsigned int mmu_calls;

static struct kvm_regs *regs_of(int fd)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		if (vcpus[i].fd == fd)
			return &kernel_regs[i];
	return NULL;
}

static int kernel(int fd, unsigned long request, void *argument)
{
	const struct kvm_enable_cap *cap = argument;

	switch (request) {
	case KVM_ENABLE_CAP:
		caps[cap_count].fd = fd;
		caps[cap_count].cap = cap->cap;
		memcpy(caps[cap_count++].args, cap->args, sizeof(caps[0].args));
		return 0;
	case KVM_GET_REGS:
		memcpy(argument, regs_of(fd), sizeof(struct kvm_regs));
		return 0;
	case KVM_SET_REGS:
		memcpy(regs_of(fd), argument, sizeof(struct kvm_regs));
		return 0;
	case KVM_PPC_CONFIGURE_V3_MMU:
		memcpy(&mmu, argument, sizeof(mmu));
		mmu_calls++;
		return 0;
	default:
		return 0;
	}
}

static uint64_t lpcr(unsigned int i)
{
	return fake_kvm_get(vcpus[i].fd, KVM_REG_PPC_LPCR_64);
}

static int start_vcpu(void *context, unsigned int index, uint64_t entry, uint64_t argument)
{
	(void)context;
	return index < vcpu_count ? vcpu_power_on(&vcpus[index], entry, argument) : -ENOENT;
}

static void update_vcpus(void *context)
{
	(void)context;
	for (unsigned int i = 0; i < vcpu_count; i++)
		vcpu_update(&vcpus[i]);
}

static void on_stopped(void *context, enum exit_action action, const struct error *reason)
{
	(void)context;
	stop_action = action;
	stop_reason = *reason;
	__atomic_add_fetch(&stopped, 1, __ATOMIC_SEQ_CST);
}

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	fake_kvm.other = kernel;
	fake_kvm.wide_groups = 1u << KVM_DEV_XICS_GRP_SOURCES;
	fake_kvm_set_capability(KVM_CAP_PPC_MMU_RADIX, 1);
	memset(kernel_regs, 0xee, sizeof(kernel_regs));
	vcpu_count = cap_count = mmu_calls = 0;
	stopped = 0;
	bus = (struct bus){0};
	assert_ok(kvm_init(&kvm, &err), err);
	assert_ok(memory_init(&memory, PPC64_RAM, RAM_END, &err), err);
	assert_ok(vcpu_signal_init(&err), err);
	machine = (struct machine){
		.kvm = &kvm,
		.vm_fd = kvm.fd,
		.irqchip_fd = -1,
		.vcpu_count = VCPUS,
		.vcpus = {.start = start_vcpu, .update = update_vcpus},
		.virtio_count = 2,
		.memory = &memory,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < vcpu_count; i++) {
		if (vcpus[i].started) {
			vcpu_ask(&vcpus[i], VCPU_STOP);
			vcpu_join(&vcpus[i]);
		}
		vcpu_finish(&vcpus[i]);
	}
	if (machine.irqchip_fd >= 0)
		close(machine.irqchip_fd);
	memory_finish(&memory);
	kvm_finish(&kvm);
	return 0;
}

static void create(void)
{
	const struct vcpu_owner owner = {.stopped = on_stopped};

	assert_ok(arch_machine_init(&machine, &err), err);
	for (; vcpu_count < VCPUS; vcpu_count++) {
		struct vcpu *vcpu = &vcpus[vcpu_count];

		assert_ok(vcpu_init(vcpu, vcpu_count, &machine, &bus, &owner, &err), err);
		/* Only now is there a place for what a new vCPU has: once more. */
		fake_kvm_set(vcpu->fd, KVM_REG_PPC_LPCR_64, HOST_LPCR);
		regs_reset(&vcpu->regs);
		assert_ok(arch_vcpu_finalize(&machine, &vcpu->regs, &err), err);
	}
	assert_ok(arch_machine_finish(&machine, &err), err);
}

static void start(void)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		assert_ok(vcpu_start(&vcpus[i], &err), err);
}

static unsigned int runs_of(unsigned int i)
{
	unsigned int count = 0;

	for (unsigned int n = 0; fake_kvm_call(KVM_RUN, n); n++)
		count += fake_kvm_call(KVM_RUN, n)->id == i;
	return count;
}

static void wait_for_run(unsigned int i, unsigned int count)
{
	while (runs_of(i) < count)
		sched_yield();
}

/* ---- the machine ---- */

static void test_a_vm_with_radix_mmu_or_none(void **state)
{
	(void)state;
	assert_int_equal(arch_vm_type(&kvm), KVM_VM_PPC_HV);
	fake_kvm_set_capability(KVM_CAP_PPC_MMU_RADIX, 0);
	assert_int_equal(arch_vm_type(&kvm), 0);
	assert_error(arch_machine_init(&machine, &err), err, ENODEV, "radix");
}

static void test_no_xics_no_machine(void **state)
{
	(void)state;
	fake_kvm_refuse(KVM_CREATE_DEVICE, KVM_DEV_TYPE_XICS, ENODEV);
	assert_error(arch_machine_init(&machine, &err), err, ENODEV, "XICS");
}

static void test_sources_are_set_after_the_last_vcpu(void **state)
{
	static const uint32_t sources[] = {PPC64_IRQ_UART, PPC64_IRQ_CONTROL, PPC64_IRQ_VIRTIO,
					   PPC64_IRQ_VIRTIO + 1};
	unsigned int found = 0;

	(void)state;
	create();
	for (unsigned int n = 0; fake_kvm_call(KVM_SET_DEVICE_ATTR, n); n++) {
		const struct fake_call *call = fake_kvm_call(KVM_SET_DEVICE_ATTR, n);

		if (call->group != KVM_DEV_XICS_GRP_SOURCES)
			continue;
		assert_int_equal(call->id, sources[found++]);
		assert_int_equal(call->value, 5ull << 32); /* server 0, edge */
		assert_true(call > fake_kvm_call(KVM_CREATE_VCPU, VCPUS - 1));
	}
	assert_int_equal(found, LENGTH(sources));
}

static void test_vcpus_are_paprs_and_connected(void **state)
{
	(void)state;
	create();
	assert_int_equal(cap_count, 2 * VCPUS);
	for (unsigned int i = 0; i < VCPUS; i++) {
		assert_int_equal(caps[2 * i].fd, vcpus[i].fd);
		assert_int_equal(caps[2 * i].cap, KVM_CAP_PPC_PAPR);
		assert_int_equal(caps[2 * i + 1].cap, KVM_CAP_IRQ_XICS);
		assert_int_equal(caps[2 * i + 1].args[0], machine.irqchip_fd);
		assert_int_equal(caps[2 * i + 1].args[1], i);
	}
}

static void test_interrupts_are_sources(void **state)
{
	struct irq_line line = arch_irq_line(&machine, PPC64_IRQ_CONTROL);

	(void)state;
	irq_pulse(&line);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->id, PPC64_IRQ_CONTROL);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->value, 1);
}

/* What a snapshot says is judged as what a guest says is. */
static void test_page_tables_of_a_snapshot_become_the_vms(void **state)
{
	static const uint64_t bad[] = {
		0x10004, /* hashed */
		1ull << 63 | 0x10025,
		1ull << 63 | 1ull << 62,
		1ull << 63 | RAM_END,
		1ull << 63 | 9, /* over the end of RAM */
		1ull << 63 | 25,
		UINT64_MAX,
	};

	(void)state;
	create();
	assert_int_equal(mmu_calls, 0);
	machine.page_tables = 1ull << 63 | 0x10000 | PPC64_TABLES_GTSE | 4;
	assert_ok(arch_machine_finish(&machine, &err), err);
	assert_int_equal(mmu_calls, 1);
	assert_int_equal(mmu.flags, KVM_PPC_MMUV3_RADIX | KVM_PPC_MMUV3_GTSE);
	assert_int_equal(mmu.process_table, 1ull << 63 | 0x10000 | 4);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		machine.page_tables = bad[i];
		assert_error(arch_machine_finish(&machine, &err), err, EFAULT, "process table 0x");
	}
	assert_int_equal(mmu_calls, 1);
}

/* ---- vCPUs ---- */

static void assert_begins(unsigned int i, uint64_t entry, uint64_t argument)
{
	struct kvm_regs expected = {.pc = entry, .msr = 0x8000000000001001, .gpr[3] = argument};

	assert_memory_equal(&kernel_regs[i], &expected, sizeof(expected));
}

static void test_the_first_vcpu_boots_and_the_others_wait(void **state)
{
	(void)state;
	create();
	assert_ok(arch_vcpu_boot(&vcpus[0].regs, ENTRY, 0x12345678, &err), err);
	start();
	wait_for_run(0, 1);
	assert_begins(0, ENTRY, 0x12345678);
	assert_int_equal(lpcr(0), HOST_LPCR | PPC64_LPCR_ILE | PPC64_LPCR_LD);
	assert_int_equal(runs_of(1) + runs_of(2), 0);
}

static struct fake_run rtas_call(uint64_t at, const char *name, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t words[] = {1, 3, 1, a, b, c, 0x77};

	while (strcmp(rtas_name(words[0]), name) != 0)
		words[0]++;
	for (unsigned int i = 0; i < LENGTH(words); i++)
		words[i] = cpu_to_fdt32(words[i]);
	assert_int_equal(memory_write(&memory, at, words, sizeof(words)), 0);
	return (struct fake_run){.reason = KVM_EXIT_PAPR_HCALL, .data = PPC64_H_RTAS, .args = {at}};
}

static uint32_t rtas_status(uint64_t at)
{
	uint32_t word;

	assert_int_equal(memory_read(&memory, at + 24, &word, sizeof(word)), 0);
	return fdt32_to_cpu(word);
}

static void test_a_vcpu_starts_another_stops_itself_and_is_started_again(void **state)
{
	struct fake_run start_1 = rtas_call(0x1000, "start-cpu", 1, 0x8000, 5);
	struct fake_run busy = rtas_call(0x1100, "start-cpu", 0, 0x8000, 5);
	struct fake_run none = rtas_call(0x1200, "start-cpu", 3, 0x8000, 5);
	struct fake_run stop = rtas_call(0x1300, "stop-self", 0, 0, 0);

	(void)state;
	fake_kvm_run(0, &start_1);
	fake_kvm_run(0, &busy);
	fake_kvm_run(0, &none);
	fake_kvm_run(1, &stop);
	create();
	start();
	wait_for_run(0, 4);
	wait_for_run(1, 1);
	assert_int_equal(rtas_status(0x1000), 0);
	assert_int_equal((int32_t)rtas_status(0x1100), RTAS_ERROR);
	assert_int_equal((int32_t)rtas_status(0x1200), RTAS_PARAMETER);
	assert_int_equal(fake_kvm_call(KVM_RUN, 1)->value, H_SUCCESS);
	assert_begins(1, 0x8000, 5);
	while (vcpu_power_on(&vcpus[1], 0x9000, 6) == -EBUSY) /* until it has stopped itself */
		sched_yield();
	/* KVM has finished the call that stopped it, then come the new registers. */
	wait_for_run(1, 3);
	assert_begins(1, 0x9000, 6);
	assert_int_equal(runs_of(2), 0);
	assert_int_equal(stopped, 0);
}

static void test_power_off_ends_it(void **state)
{
	struct fake_run off = rtas_call(0x1000, "power-off", 0, 0, 0);

	(void)state;
	fake_kvm_run(0, &off);
	create();
	start();
	vcpu_join(&vcpus[0]);
	assert_int_equal(stopped, 1);
	assert_int_equal(stop_action, EXIT_SHUTDOWN);
	assert_contains(stop_reason.message, "powered off");
}

static void test_traps_that_kvm_does_not_know(void **state)
{
	(void)state;
	fake_kvm_run(0, &(struct fake_run){.reason = KVM_EXIT_UNKNOWN});
	create();
	start();
	vcpu_join(&vcpus[0]);
	assert_int_equal(stop_action, EXIT_FAIL);
	assert_contains(stop_reason.message, "trap 0x");
}

/* Those that run take it when they come out; those that are off have it when they begin. */
static void test_a_mode_is_that_of_all_vcpus(void **state)
{
	const struct fake_run set_mode = {
		.reason = KVM_EXIT_PAPR_HCALL, .data = 0x31c, .args = {3, 3}};
	const uint64_t changed = HOST_LPCR | PPC64_LPCR_MODE;
	struct fake_run start_1 = rtas_call(0x1000, "start-cpu", 1, 0x8000, 5);

	(void)state;
	fake_kvm_run(0, &start_1);
	fake_kvm_run(0, &set_mode);
	create();
	start();
	wait_for_run(0, 3);
	while (lpcr(0) != changed || lpcr(1) != changed)
		sched_yield();
	assert_int_equal(vcpu_power_on(&vcpus[2], 0x9000, 6), 0);
	wait_for_run(2, 1);
	assert_int_equal(lpcr(2), changed);
}

/* What a new vCPU has is told by comparing one with another: the guest's mode is no part of it. */
static void test_a_vcpu_of_a_snapshot_begins_as_any_other(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped};

	(void)state;
	assert_ok(arch_machine_init(&machine, &err), err);
	machine.mode = PPC64_LPCR_AIL;
	assert_ok(vcpu_init(&vcpus[0], 0, &machine, &bus, &owner, &err), err);
	vcpu_count = 1;
	assert_ok(regs_flush(&vcpus[0].regs, &err), err);
	assert_int_equal(lpcr(0) & PPC64_LPCR_MODE, PPC64_LPCR_ILE | PPC64_LPCR_LD);
	assert_ok(arch_vcpu_update(&machine, &vcpus[0].regs, &err), err);
	assert_ok(regs_flush(&vcpus[0].regs, &err), err);
	assert_int_equal(lpcr(0) & PPC64_LPCR_MODE, PPC64_LPCR_AIL);
}

/* ---- the device tree ---- */

static uint32_t cell(const void *tree, const char *path, const char *name, int index)
{
	int length;
	const fdt32_t *cells = fdt_getprop(tree, fdt_path_offset(tree, path), name, &length);

	if (!cells || length < 4 * (index + 1))
		fail_msg("%s %s", path, name);
	return fdt32_ld(&cells[index]);
}

static int compatible(const void *tree, const char *path, const char *with)
{
	return fdt_stringlist_search(tree, fdt_path_offset(tree, path), "compatible", with);
}

static void test_device_tree(void **state)
{
	char tree[4096], path[32];

	(void)state;
	create();
	assert_int_equal(fdt_create(tree, sizeof(tree)), 0);
	assert_int_equal(fdt_finish_reservemap(tree), 0);
	assert_int_equal(fdt_begin_node(tree, ""), 0);
	assert_int_equal(arch_fdt_nodes(tree, &machine), 0);
	assert_int_equal(fdt_begin_node(tree, "device"), 0);
	assert_int_equal(arch_fdt_interrupt(tree, PPC64_IRQ_VIRTIO), 0);
	assert_int_equal(fdt_end_node(tree) || fdt_end_node(tree) || fdt_finish(tree), 0);
	assert_int_equal(fdt_check_full(tree, sizeof(tree)), 0);
	for (unsigned int i = 0; i < VCPUS; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		assert_int_equal(cell(tree, path, "reg", 0), i);
		assert_int_equal(cell(tree, path, "ibm,ppc-interrupt-server#s", 0), i);
		assert_int_equal(cell(tree, path, "timebase-frequency", 0), FAKE_TIMEBASE_HZ);
		assert_int_equal(cell(tree, path, "ibm,dec-bits", 0), 56);
		assert_int_equal(cell(tree, path, "d-cache-line-size", 0), 128);
	}
	assert_int_equal(fdt_path_offset(tree, "/cpus/cpu@3"), -FDT_ERR_NOTFOUND);
	for (uint32_t token = 1; rtas_name(token); token++)
		assert_int_equal(cell(tree, "/rtas", rtas_name(token), 0), token);
	assert_true(compatible(tree, "/hypervisor", "linux,kvm") >= 0);
	assert_true(compatible(tree, "/interrupt-controller", "ibm,ppc-xicp") >= 0);
	assert_true(compatible(tree, "/interrupt-controller", "ibm,ppc-xics") >= 0);
	assert_int_equal(cell(tree, "/interrupt-controller", "phandle", 0), ARCH_FDT_INTC_PHANDLE);
	assert_int_equal(cell(tree, "/interrupt-controller", "#interrupt-cells", 0), 2);
	assert_int_equal(cell(tree, "/interrupt-controller", "ibm,interrupt-server-ranges", 1),
			 VCPUS);
	assert_int_equal(cell(tree, "/device", "interrupts", 0), PPC64_IRQ_VIRTIO);
	assert_int_equal(cell(tree, "/device", "interrupts", 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_vm_with_radix_mmu_or_none),
		TEST(test_no_xics_no_machine),
		TEST(test_sources_are_set_after_the_last_vcpu),
		TEST(test_vcpus_are_paprs_and_connected),
		TEST(test_interrupts_are_sources),
		TEST(test_page_tables_of_a_snapshot_become_the_vms),
		TEST(test_the_first_vcpu_boots_and_the_others_wait),
		TEST(test_a_vcpu_starts_another_stops_itself_and_is_started_again),
		TEST(test_power_off_ends_it),
		TEST(test_traps_that_kvm_does_not_know),
		TEST(test_a_mode_is_that_of_all_vcpus),
		TEST(test_a_vcpu_of_a_snapshot_begins_as_any_other),
		TEST(test_device_tree),
	};

	return cmocka_run_group_tests_name("ppc64_machine", tests, NULL, NULL);
}
