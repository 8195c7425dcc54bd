/* SPDX-License-Identifier: Apache-2.0 */
/* Where a ppc64 VM has what the guests use: docs/guest-contract.md. */
#ifndef TEST_GUEST_MACHINE_H
#define TEST_GUEST_MACHINE_H

#include <stdint.h>

#include "arch/ppc64/layout.h"

#define UART ((uint64_t)PPC64_UART)
#define CONTROL ((uint64_t)PPC64_CONTROL)
#define VIRTIO ((uint64_t)PPC64_VIRTIO)
#define VIRTIO_STRIDE 0x10000
#define RAM ((uint64_t)PPC64_RAM)

/* Neither RAM nor a device, in any VM of less than 512 GiB; and more such places. */
#define NOWHERE (UART / 2)
#define NOWHERE_TOO NOWHERE + 8, UART - 8, 2 * UART, (16 * UART) - 8, 64 * UART

/* A hypercall: what it answers in r3; one without arguments that gives a value in r4, too. */
uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
uint64_t guest_call4(uint64_t function, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
uint64_t guest_call_value(uint64_t function, uint64_t *value);

static inline uint64_t load(uint64_t address, unsigned int size)
{
	uint64_t value;

	switch (size) {
	case 1:
		__asm__ volatile("lbz %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("lhz %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("lwz %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
		break;
	default:
		__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
		break;
	}
	return value;
}

static inline void store(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		__asm__ volatile("stb %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("sth %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("stw %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
		break;
	default:
		__asm__ volatile("std %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
		break;
	}
}

static inline void guest_barrier(void)
{
	__asm__ volatile("sync" ::: "memory");
}

#endif
