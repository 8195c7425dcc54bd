/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that talks to KVM: every ioctl on /dev/kvm, a VM, a vCPU or a KVM device
 * goes through kvm_ioctl(). Tests link a scripted KVM in place of kvm.c.
 * Source: Linux Documentation/virt/kvm/api.rst. */
#ifndef MOTE_KVM_H
#define MOTE_KVM_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

struct kvm {
	int fd; /* /dev/kvm */
	size_t run_size; /* bytes of a vCPU's shared kvm_run area */
};

/* Opens /dev/kvm and checks its version. kvm_finish() closes it. */
int kvm_init(struct kvm *kvm, struct error *err);
void kvm_finish(struct kvm *kvm);

/* ioctl(2): what it returns, or -errno. Any thread. */
int kvm_ioctl(int fd, unsigned long request, void *argument);
int kvm_ioctl_value(int fd, unsigned long request, unsigned long argument);

/* KVM_CHECK_EXTENSION on /dev/kvm or, for the per-VM answer, on a VM: 0 if absent. */
int kvm_capability(int fd, unsigned int capability);

/* What this machine's processor has, in the kernel's words: AT_HWCAP of getauxval(3). No system
 * call. */
unsigned long kvm_hwcap(void);
unsigned long kvm_hwcap2(void);

/* A descriptor that KVM made (KVM_CREATE_VM, _VCPU): its number or -errno with a message. */
int kvm_create_vm(struct kvm *kvm, unsigned long type, struct error *err);
int kvm_create_vcpu(int vm_fd, unsigned int index, struct error *err);

/* Maps a vCPU's kvm_run; NULL: see err. */
struct kvm_run *kvm_map_run(const struct kvm *kvm, int vcpu_fd, struct error *err);
void kvm_unmap_run(const struct kvm *kvm, struct kvm_run *run); /* NULL is fine */

/* KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR with a pointer to the value. */
int kvm_device_set(int device_fd, uint32_t group, uint64_t attribute, void *value);
int kvm_device_get(int device_fd, uint32_t group, uint64_t attribute, void *value);

#endif
