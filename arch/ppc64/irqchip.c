/* SPDX-License-Identifier: Apache-2.0 */
/* XICS in a snapshot: its sources. What belongs to a server is a register of its vCPU, ICP_STATE.
 * Source: Linux Documentation/virt/kvm/devices/xics.rst. */
#include <string.h>

#include "arch/ppc64/layout.h"
#include "vmm/arch_state.h"

static unsigned int source_count(const struct machine *machine)
{
	return 2 + machine->virtio_count;
}

static uint32_t source(unsigned int i)
{
	static const uint32_t first[] = {PPC64_IRQ_UART, PPC64_IRQ_CONTROL};

	return i < 2 ? first[i] : PPC64_IRQ_VIRTIO + (i - 2);
}

static int refused(const char *verb, uint32_t number, int code, struct error *err)
{
	return error_set(err, -code, "XICS source 0x%x: KVM_%s_DEVICE_ATTR: %s", number, verb,
			 strerror(-code));
}

int arch_irqchip_save(const struct machine *machine, struct state_writer *writer, struct error *err)
{
	int result = 0;

	state_begin(writer, STATE_IRQCHIP);
	for (unsigned int i = 0; result == 0 && i < source_count(machine); i++) {
		uint64_t value = 0;

		result = kvm_device_get(machine->irqchip_fd, KVM_DEV_XICS_GRP_SOURCES, source(i),
					&value);
		state_put(writer, value, 8);
		if (result < 0)
			refused("GET", source(i), result, err);
	}
	state_end(writer);
	return result;
}

int arch_irqchip_load(const struct machine *machine, struct state_reader *reader,
		      struct state_reader *fresh, struct error *err)
{
	for (unsigned int i = 0; i < source_count(machine); i++) {
		uint64_t value = state_take(reader, 8);
		int result;

		if (value == state_take(fresh, 8) || reader->failed)
			continue;
		result = kvm_device_set(machine->irqchip_fd, KVM_DEV_XICS_GRP_SOURCES, source(i),
					&value);
		if (result < 0)
			return refused("SET", source(i), result, err);
	}
	return 0;
}

/* No access to a source is told. KVM takes what is pending of one only with all else that it is. */
int arch_irqchip_reset(const struct machine *machine, struct state_reader *reader, bool reached,
		       struct error *err)
{
	(void)reached;
	for (unsigned int i = 0; i < source_count(machine); i++) {
		uint64_t value = state_take(reader, 8);
		int result;

		if (reader->failed)
			return 0;
		result = kvm_device_set(machine->irqchip_fd, KVM_DEV_XICS_GRP_SOURCES, source(i),
					&value);
		if (result < 0)
			return refused("SET", source(i), result, err);
	}
	return 0;
}

int arch_irqchip_release(const struct machine *machine, int vcpu_fd, unsigned int index,
			 struct error *err)
{
	(void)machine, (void)vcpu_fd, (void)index, (void)err;
	return 0;
}
