/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
	int result = ioctl(fd, request, argument);

	return result < 0 ? -errno : result;
}

int kvm_ioctl_value(int fd, unsigned long request, unsigned long argument)
{
	int result = ioctl(fd, request, argument);

	return result < 0 ? -errno : result;
}

int kvm_init(struct kvm *kvm, struct error *err)
{
	int version, size;

	kvm->fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm->fd < 0)
		return error_errno(err, "/dev/kvm");
	version = kvm_ioctl_value(kvm->fd, KVM_GET_API_VERSION, 0);
	size = kvm_ioctl_value(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (version != KVM_API_VERSION || size < (int)sizeof(struct kvm_run)) {
		kvm_finish(kvm);
		return error_set(err, ENODEV, "/dev/kvm: not a KVM of version %d", KVM_API_VERSION);
	}
	kvm->run_size = (size_t)size;
	return 0;
}

void kvm_finish(struct kvm *kvm)
{
	if (kvm->fd >= 0)
		close(kvm->fd);
	kvm->fd = -1;
}

int kvm_capability(int fd, unsigned int capability)
{
	int result = kvm_ioctl_value(fd, KVM_CHECK_EXTENSION, capability);

	return result < 0 ? 0 : result;
}

unsigned long kvm_hwcap(void)
{
	return getauxval(AT_HWCAP);
}

unsigned long kvm_hwcap2(void)
{
	return getauxval(AT_HWCAP2);
}

int kvm_create_vm(struct kvm *kvm, unsigned long type, struct error *err)
{
	int fd = kvm_ioctl_value(kvm->fd, KVM_CREATE_VM, type);

	if (fd < 0) {
		errno = -fd;
		return error_errno(err, "KVM_CREATE_VM");
	}
	return fd;
}

int kvm_create_vcpu(int vm_fd, unsigned int index, struct error *err)
{
	int fd = kvm_ioctl_value(vm_fd, KVM_CREATE_VCPU, index);

	if (fd < 0) {
		errno = -fd;
		return error_errno(err, "KVM_CREATE_VCPU %u", index);
	}
	return fd;
}

struct kvm_run *kvm_map_run(const struct kvm *kvm, int vcpu_fd, struct error *err)
{
	void *run = mmap(NULL, kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd, 0);

	if (run == MAP_FAILED) {
		error_errno(err, "mapping a vCPU's kvm_run");
		return NULL;
	}
	return run;
}

void kvm_unmap_run(const struct kvm *kvm, struct kvm_run *run)
{
	if (run)
		munmap(run, kvm->run_size);
}

static int device_attr(int device_fd, unsigned long request, uint32_t group, uint64_t attribute,
		       void *value)
{
	struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uint64_t)(uintptr_t)value,
	};

	return kvm_ioctl(device_fd, request, &attr);
}

int kvm_device_set(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	return device_attr(device_fd, KVM_SET_DEVICE_ATTR, group, attribute, value);
}

int kvm_device_get(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	return device_attr(device_fd, KVM_GET_DEVICE_ATTR, group, attribute, value);
}
