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

enum { RAM_SIZE = 2 << 20, START = 0x1000 };
#define MSR_SF_ME_LE 0x8000000000001001ull

/* li r9, 1; sldi r9, r9, 40; stb r0, 0(r9); b . */
static const uint32_t guest[] = {0x39200001, 0x792945c6, 0x98090000, 0x48000000};

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 1), vcpu;
	char *ram =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = {.memory_size = RAM_SIZE,
						   .userspace_addr = (uintptr_t)ram};
	struct kvm_create_device xics = {.type = KVM_DEV_TYPE_XICS};
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_enable_cap with_xics = {.cap = KVM_CAP_IRQ_XICS};
	struct kvm_regs regs = {.pc = START, .msr = MSR_SF_ME_LE};
	struct kvm_run *run;

	memcpy(ram + START, guest, sizeof(guest));
	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot);
	ioctl(vm, KVM_CREATE_DEVICE, &xics);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	with_xics.args[0] = xics.fd;
	ioctl(vcpu, KVM_ENABLE_CAP, &papr);
	ioctl(vcpu, KVM_ENABLE_CAP, &with_xics);
	run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	ioctl(vcpu, KVM_SET_REGS, &regs);
	ioctl(vcpu, KVM_RUN, 0);
	return !(run->exit_reason == KVM_EXIT_MMIO && write(STDOUT_FILENO, "B", 1) == 1);
}
