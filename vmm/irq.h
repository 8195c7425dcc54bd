/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt lines from devices to the in-kernel interrupt controller. All are edge-triggered
 * in the device tree: a device says "look", the guest looks until nothing is left. */
#ifndef MOTE_IRQ_H
#define MOTE_IRQ_H

#include <stdint.h>

struct irq_line {
	int vm_fd;
	uint32_t line; /* as KVM_IRQ_LINE encodes it on this architecture */
};

/* Raises and lowers the line: one edge. Any thread. */
void irq_pulse(const struct irq_line *line);

#endif
