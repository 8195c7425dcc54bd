/* SPDX-License-Identifier: Apache-2.0 */
/* A KVM that says yes: the devices' interrupts are all that reaches it here. */
#include "vmm/kvm.h"
#include "arch/arm64/counter.h"

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd, (void)request, (void)argument;
	return 0;
}

unsigned long kvm_hwcap2(void)
{
	return 0;
}

uint64_t arm64_counter_hz(void)
{
	return 62500000;
}

int kvm_device_set(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	(void)device_fd, (void)group, (void)attribute, (void)value;
	return 0;
}

int kvm_device_get(int device_fd, uint32_t group, uint64_t attribute, void *value)
{
	(void)device_fd, (void)group, (void)attribute, (void)value;
	return 0;
}

unsigned long kvm_hwcap(void)
{
	return 0;
}

int kvm_ioctl_value(int fd, unsigned long request, unsigned long argument)
{
	(void)fd, (void)request, (void)argument;
	return 0;
}

int kvm_capability(int fd, unsigned int capability)
{
	(void)fd, (void)capability;
	return 0;
}

int kvm_create_vm(struct kvm *kvm, unsigned long type, struct error *err)
{
	(void)kvm, (void)type;
	return error_set(err, 38, "no VM");
}

/* No vCPU is made: only what becomes of its section is looked at. */
int kvm_create_vcpu(int vm_fd, unsigned int index, struct error *err)
{
	(void)vm_fd, (void)index;
	return error_set(err, 38, "no vCPU");
}

struct kvm_run *kvm_map_run(const struct kvm *kvm, int vcpu_fd, struct error *err)
{
	(void)kvm, (void)vcpu_fd;
	error_set(err, 38, "no vCPU");
	return NULL;
}

void kvm_unmap_run(const struct kvm *kvm, struct kvm_run *run)
{
	(void)kvm, (void)run;
}
