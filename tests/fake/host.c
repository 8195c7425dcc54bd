/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of vmm/kvm.h and of what only a real host can say. */
#include <string.h>

#include "arch/arm64/counter.h"
#include "arch/ppc64/counter.h"
#include "tests/fake/kvm.h"

unsigned long kvm_hwcap2(void)
{
	return 0;
}

uint64_t arm64_counter_hz(void)
{
	return 62500000;
}

uint64_t ppc64_timebase(void)
{
	return 1000000;
}

uint64_t ppc64_timebase_hz(void)
{
	return FAKE_TIMEBASE_HZ;
}

int kvm_device_set(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	struct kvm_device_attr attr = {0, group, attribute, (uintptr_t)value};

	return kvm_ioctl(device_fd, KVM_SET_DEVICE_ATTR, &attr);
}

int kvm_device_get(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	struct kvm_device_attr attr = {0, group, attribute, (uintptr_t)value};

	return kvm_ioctl(device_fd, KVM_GET_DEVICE_ATTR, &attr);
}

int kvm_capability(int fd, unsigned int capability)
{
	int result = kvm_ioctl_value(fd, KVM_CHECK_EXTENSION, capability);

	return result < 0 ? 0 : result;
}

unsigned long kvm_hwcap(void)
{
	return fake_kvm.hwcap;
}

int kvm_create_vm(struct kvm *kvm, unsigned long type, struct error *err)
{
	int fd = kvm_ioctl_value(kvm->fd, KVM_CREATE_VM, type);

	return fd < 0 ? error_set(err, -fd, "KVM_CREATE_VM: %s", strerror(-fd)) : fd;
}
