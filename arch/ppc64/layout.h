/* SPDX-License-Identifier: Apache-2.0 */
/* Guest-physical addresses and interrupts of a ppc64 VM; docs/guest-contract.md shows them to
 * guests. Devices lie 64 KiB apart, the largest page that a guest may use. Interrupt numbers are
 * those of XICS sources, as in the device tree. */
#ifndef MOTE_PPC64_LAYOUT_H
#define MOTE_PPC64_LAYOUT_H

#define PPC64_RAM 0
#define PPC64_UART 0x10000000000
#define PPC64_CONTROL 0x10000010000
#define PPC64_VIRTIO 0x10000020000
#define PPC64_VIRTIO_STRIDE 0x10000

#define PPC64_IRQ_UART 0x1000
#define PPC64_IRQ_CONTROL 0x1001
#define PPC64_IRQ_VIRTIO 0x1010
#define PPC64_IRQ_PRIORITY 5 /* of all of them; server 0 gets them */

/* RTAS tokens. Guests look them up in the device tree. */
#define PPC64_RTAS_POWER_OFF 1
#define PPC64_RTAS_SYSTEM_REBOOT 2
#define PPC64_RTAS_START_CPU 3
#define PPC64_RTAS_STOP_SELF 4

#define PPC64_H_RTAS 0xf000 /* KVM's own number */

/* machine->irqchip */
#define PPC64_XICS 1

#endif
