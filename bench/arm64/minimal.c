/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: the least that a KVM monitor can do. One vCPU, an interrupt controller, 2 MiB
 * of memory, three instructions; at the guest's first store it writes one byte and ends. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RAM 0x40000000ull
enum { RAM_SIZE = 2 << 20 };

/* mov x1, #0xa000000; str w0, [x1]; b . */
static const uint32_t guest[] = {0xd2a14001, 0xb9000020, 0x14000000};

static void attr_set(int fd, uint32_t group, uint64_t attribute, void *value)
{
	struct kvm_device_attr attr = {.group = group, .attr = attribute, .addr = (uintptr_t)value};

	ioctl(fd, KVM_SET_DEVICE_ATTR, &attr);
}

static void gic_create(int vm)
{
	struct kvm_create_device gic = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t distributor = 0x08000000, redistributors = 0x080a0000 | 1ull << 52;

	ioctl(vm, KVM_CREATE_DEVICE, &gic);
	attr_set((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &distributor);
	attr_set((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION,
		 &redistributors);
	attr_set((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu;
	void *ram =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = {
		.guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram};
	struct kvm_vcpu_init init;
	struct kvm_run *run;
	uint64_t start = RAM;
	struct kvm_one_reg pc = {.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
				       KVM_REG_ARM_CORE_REG(regs.pc),
				 .addr = (uintptr_t)&start};

	memcpy(ram, guest, sizeof(guest));
	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	ioctl(vcpu, KVM_ARM_VCPU_INIT, &init);
	gic_create(vm);
	run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	ioctl(vcpu, KVM_SET_ONE_REG, &pc);
	ioctl(vcpu, KVM_RUN, 0);
	return !(run->exit_reason == KVM_EXIT_MMIO && write(STDOUT_FILENO, "B", 1) == 1);
}
