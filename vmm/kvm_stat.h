/* SPDX-License-Identifier: Apache-2.0 */
/* One of the counters that KVM keeps of a vCPU, by its name.
 * Source: Linux Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD. */
#ifndef MOTE_KVM_STAT_H
#define MOTE_KVM_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kvm_stat {
	int fd; /* -1: this host has no such counter */
	off_t at;
};

/* The vCPU's thread. */
struct kvm_stat kvm_stat_open(int vcpu_fd, const char *name);
void kvm_stat_close(struct kvm_stat *stat);

/* False: there is none to read. Any thread. */
bool kvm_stat_read(const struct kvm_stat *stat, uint64_t *value);

#endif
