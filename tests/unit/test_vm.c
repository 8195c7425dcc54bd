/* SPDX-License-Identifier: Apache-2.0 */
/* How a VM is built, and what happens when that fails. */
#include <errno.h>
#include <libfdt.h>

#include "arch/arm64/regs.h"
#include "tests/unit/threads.h"
#include "tests/unit/vm_fixture.h"
#include "vmm/arch.h"

static uint64_t boot_register(unsigned int row)
{
	return fake_kvm_get(fake_kvm_call(KVM_RUN, 0)->fd, arch_regs.rows[row].id);
}

/* ---- what the guest finds ---- */

static const void *chosen(const void *tree, const char *name, int size)
{
	int length = 0;
	const void *value = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), name, &length);

	assert_non_null(value);
	assert_int_equal(length, size);
	return value;
}

static void test_machine_as_the_contract_says(void **state)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 0);
	uint64_t fdt_at, control_at = ARM64_RAM + (MIB << 20) - 0x10000, initrd;
	const void *tree;
	struct test_elf elf;
	struct vm *vm = create();

	(void)state;
	fake_kvm_run(0, &off);
	run_to_its_end(vm);
	assert_int_equal(boot_register(ARM64_PC), ARM64_RAM);
	fdt_at = boot_register(ARM64_X0);
	assert_int_equal(fdt_at % 8, 0);
	assert_int_equal(fdt_at, control_at + CONTROL_PAGE_SIZE);
	tree = guest_memory(fdt_at);
	assert_int_equal(fdt_check_full(tree, control_at + 0x10000 - fdt_at), 0);
	assert_string_equal(chosen(tree, "mote,program", 5), "/app");
	initrd = fdt64_ld(chosen(tree, "linux,initrd-start", 8));
	assert_int_equal(initrd, ARM64_RAM + 0x2000); /* the page behind the runtime */
	assert_int_equal(fdt64_ld(chosen(tree, "linux,initrd-end", 8)), initrd + sizeof(elf));
	test_elf_init(&elf, 0x400000);
	assert_memory_equal(guest_memory(initrd), &elf, sizeof(elf));
	assert_memory_equal(guest_memory(ARM64_RAM), "runtime", 8);
	assert_int_equal(guest_page(MIB)->version, CONTROL_VERSION);
	vm_destroy(vm);
}

static void test_start_costs_two_register_writes(void **state)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 0);
	struct vm *vm = create();

	(void)state;
	fake_kvm_run(0, &off);
	run_to_its_end(vm);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 2);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 0);
	vm_destroy(vm);
}

static void test_interrupt_controller_is_placed_and_finished(void **state)
{
	const struct fake_call *redistributors;
	struct vm *vm;

	(void)state;
	fake_kvm.wide_groups = 1u << KVM_DEV_ARM_VGIC_GRP_ADDR;
	config.machine.vcpu_count = 4;
	vm = create();
	assert_int_equal(fake_kvm_call(KVM_CREATE_DEVICE, 0)->id, KVM_DEV_TYPE_ARM_VGIC_V3);
	redistributors = fake_kvm_call(KVM_SET_DEVICE_ATTR, 1);
	assert_int_equal(redistributors->id, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION);
	assert_int_equal(redistributors->value, ARM64_GICR | 4ull << 52);
	/* Numbers and INIT come after the last vCPU. */
	assert_true(fake_kvm_call(KVM_SET_DEVICE_ATTR, 2) > fake_kvm_call(KVM_CREATE_VCPU, 3));
	assert_int_equal(fake_kvm_call(KVM_SET_DEVICE_ATTR, 3)->group, KVM_DEV_ARM_VGIC_GRP_CTRL);
	vm_destroy(vm);
}

static uint32_t features[8];
static unsigned int feature_count;

static int note_features(int fd, unsigned long request, void *argument)
{
	const struct kvm_vcpu_init *init = argument;

	(void)fd;
	if (request == KVM_ARM_VCPU_INIT && feature_count < LENGTH(features))
		features[feature_count++] = init->features[0];
	return 0;
}

static void test_only_the_first_vcpu_starts_by_itself(void **state)
{
	(void)state;
	feature_count = 0;
	fake_kvm.other = note_features;
	config.machine.vcpu_count = 3;
	vm_destroy(create());
	assert_int_equal(feature_count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(features[i] >> KVM_ARM_VCPU_PSCI_0_2 & 1);
		assert_int_equal(features[i] >> KVM_ARM_VCPU_POWER_OFF & 1, i > 0);
	}
}

static void test_old_interrupt_controller_serves_eight(void **state)
{
	struct vm *vm;

	(void)state;
	fake_kvm_refuse(KVM_CREATE_DEVICE, KVM_DEV_TYPE_ARM_VGIC_V3, ENODEV);
	config.machine.vcpu_count = 8;
	vm = create();
	vm_destroy(vm);
	config.machine.vcpu_count = 9;
	assert_null(try_create());
	assert_contains(err.message, "vcpu_count: 9");
}

static void test_host_with_fewer_vcpus(void **state)
{
	(void)state;
	fake_kvm_set_capability(KVM_CAP_MAX_VCPUS, 2);
	config.machine.vcpu_count = 3;
	assert_null(try_create());
	assert_contains(err.message, "vcpu_count: 3, this host allows 2");
}

/* Calls whose failure is no error: an optional answer, a second choice. */
static bool may_fail(const struct fake_call *call)
{
	return call->request == KVM_CHECK_EXTENSION || call->request == KVM_ENABLE_CAP ||
	       (call->request == KVM_CREATE_DEVICE && call->id == KVM_DEV_TYPE_ARM_VGIC_V3);
}

static void test_creation_fails_cleanly_at_every_call(void **state)
{
	int before;
	unsigned int failed, call;

	(void)state;
	before = open_descriptors();
	for (failed = call = 0; call < 200; call++) {
		struct vm *vm;

		fake_kvm_reset();
		fake_kvm_fail(call, EIO);
		vm = try_create();
		if (call >= fake_kvm_calls()) {
			vm_destroy(vm);
			break;
		}
		if (!vm) {
			assert_int_equal(err.code, EIO);
			assert_int_not_equal(err.message[0], '\0');
			failed++;
		} else if (!may_fail(&fake_calls[call])) {
			fail_msg("call %u (0x%lx) failed and nobody saw", call,
				 fake_calls[call].request);
		}
		vm_destroy(vm);
		assert_int_equal(open_descriptors(), before);
		assert_int_equal(pipes.streams.listener_count, 0);
	}
	assert_in_range(failed, 10, 100);
}

static void test_start_fails_cleanly_at_every_thread(void **state)
{
	int before;

	(void)state;
	before = open_descriptors();
	config.machine.vcpu_count = 3;
	for (int thread = 0; thread < 3; thread++) {
		struct vm *vm = create();

		thread_fails = thread;
		assert_error(vm_start(vm, &err), err, EAGAIN, "thread");
		vm_destroy(vm);
		assert_int_equal(open_descriptors(), before);
	}
	assert_int_equal(ended, 0);
}

/* ---- what cannot be booted ---- */

static void test_unusable_kernels_say_what_is_wrong(void **state)
{
	static const struct {
		uint16_t machine;
		uint64_t address;
		const char *message;
	} rows[] = {
		{EM_X86_64, ARM64_RAM, "vmlinux: built for x86_64"},
		{MOTE_ELF_MACHINE, 0x1000, "vmlinux: segment of 0x80 bytes at 0x1000 lies outside"},
		{MOTE_ELF_MACHINE, ARM64_RAM + (MIB << 20) - 0x1000, "too small for the kernel"},
	};

	(void)state;
	free(config.application.path);
	config.application.path = NULL;
	config.boot.kernel_image_path = strdup("vmlinux");
	assert_null(try_create());
	assert_contains(err.message, "vmlinux: No such file");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct test_elf elf;

		test_elf_init(&elf, rows[i].address);
		elf.header.e_machine = rows[i].machine;
		write_file("vmlinux", &elf, sizeof(elf));
		assert_null(try_create());
		assert_contains(err.message, rows[i].message);
	}
	write_file("vmlinux", "garbage", 7);
	assert_null(try_create());
	assert_contains(err.message, "vmlinux: neither an ELF file nor an arm64 Image");
}

static void test_what_does_not_fit_is_refused(void **state)
{
	char *large;

	(void)state;
	assert_int_equal(truncate("app", MIB << 20), 0);
	assert_null(try_create());
	assert_int_equal(err.code, ENOSPC);
	assert_contains(err.message, "app");
	assert_int_equal(truncate("app", 500), 0);
	large = malloc(10 << 20);
	memset(large, 'a', 10 << 20);
	large[(10 << 20) - 1] = '\0';
	config.application.args = calloc(2, sizeof(char *));
	config.application.args[0] = large;
	assert_null(try_create());
	assert_int_equal(err.code, E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_machine_as_the_contract_says),
		TEST(test_start_costs_two_register_writes),
		TEST(test_interrupt_controller_is_placed_and_finished),
		TEST(test_only_the_first_vcpu_starts_by_itself),
		TEST(test_old_interrupt_controller_serves_eight),
		TEST(test_host_with_fewer_vcpus),
		TEST(test_creation_fails_cleanly_at_every_call),
		TEST(test_start_fails_cleanly_at_every_thread),
		TEST(test_unusable_kernels_say_what_is_wrong),
		TEST(test_what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("vm", tests, NULL, NULL);
}
