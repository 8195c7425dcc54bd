/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/irq.h"

#include <string.h>

#include "vmm/kvm.h"
#include "vmm/log.h"

void irq_pulse(const struct irq_line *line)
{
	for (unsigned int level = 2; level-- > 0;) {
		struct kvm_irq_level irq = {.irq = line->line, .level = level};
		int result = kvm_ioctl(line->vm_fd, KVM_IRQ_LINE, &irq);

		if (result < 0)
			log_warning("interrupt 0x%x: KVM_IRQ_LINE: %s", line->line,
				    strerror(-result));
	}
}
