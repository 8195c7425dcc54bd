/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm_stat.h"

#include <string.h>
#include <unistd.h>

#include "vmm/kvm.h"

enum { NAME_MAX_BYTES = 64, STATS_MAX = 256 };

/* Each description is followed by a name of header->name_size bytes. */
static bool find(int fd, const struct kvm_stats_header *header, const char *name, off_t *at)
{
	_Alignas(struct kvm_stats_desc) char bytes[sizeof(struct kvm_stats_desc) + NAME_MAX_BYTES];
	const struct kvm_stats_desc *here = (const void *)bytes;
	size_t size = sizeof(*here) + header->name_size;

	for (uint32_t i = 0; i < header->num_desc && i < STATS_MAX; i++) {
		off_t from = (off_t)(header->desc_offset + i * size);

		if (pread(fd, bytes, size, from) != (ssize_t)size)
			return false;
		bytes[size - 1] = '\0';
		*at = (off_t)header->data_offset + here->offset;
		if (!strcmp(bytes + sizeof(*here), name))
			return here->size == 1;
	}
	return false;
}

struct kvm_stat kvm_stat_open(int vcpu_fd, const char *name)
{
	struct kvm_stat stat = {.fd = kvm_ioctl_value(vcpu_fd, KVM_GET_STATS_FD, 0)};
	struct kvm_stats_header header;

	if (stat.fd < 0)
		stat.fd = -1;
	else if (pread(stat.fd, &header, sizeof(header), 0) != sizeof(header) ||
		 header.name_size > NAME_MAX_BYTES || !find(stat.fd, &header, name, &stat.at))
		kvm_stat_close(&stat);
	return stat;
}

void kvm_stat_close(struct kvm_stat *stat)
{
	if (stat->fd >= 0)
		close(stat->fd);
	stat->fd = -1;
}

bool kvm_stat_read(const struct kvm_stat *stat, uint64_t *value)
{
	return stat->fd >= 0 && pread(stat->fd, value, sizeof(*value), stat->at) == sizeof(*value);
}
