/* SPDX-License-Identifier: Apache-2.0 */
/* Guest-physical addresses and interrupts of an arm64 VM; docs/guest-contract.md shows them
 * to guests. SPI numbers are as in the device tree: INTID - 32. */
#ifndef MOTE_ARM64_LAYOUT_H
#define MOTE_ARM64_LAYOUT_H

#define ARM64_GICD 0x08000000ull
#define ARM64_GICD_SIZE 0x10000ull
#define ARM64_GICC 0x08010000ull /* GICv2 only */
#define ARM64_GICC_SIZE 0x10000ull
#define ARM64_GICR 0x080a0000ull /* GICv3 only */
#define ARM64_GICR_STRIDE 0x20000ull

#define ARM64_UART 0x09000000ull
#define ARM64_CONTROL 0x09010000ull
#define ARM64_VIRTIO 0x0a000000ull
#define ARM64_VIRTIO_STRIDE 0x1000ull
#define ARM64_RAM 0x40000000ull

#define ARM64_SPI_UART 1
#define ARM64_SPI_CONTROL 2
#define ARM64_SPI_VIRTIO 16

#define ARM64_PPI_VTIMER 11
#define ARM64_INTERRUPTS 64 /* INTIDs that the GIC is made with: SPI 0 … 31 */

/* machine->irqchip */
enum { ARM64_GIC_V2 = 2, ARM64_GIC_V3 = 3 };

#endif
