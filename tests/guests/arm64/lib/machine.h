/* SPDX-License-Identifier: Apache-2.0 */
/* Where an arm64 VM has what the guests use: docs/guest-contract.md. */
#ifndef TEST_GUEST_MACHINE_H
#define TEST_GUEST_MACHINE_H

#include <stdint.h>

#define UART 0x09000000ull
#define CONTROL 0x09010000ull
#define VIRTIO 0x0a000000ull
#define VIRTIO_STRIDE 0x1000
#define RAM 0x40000000ull

/* Neither RAM nor a device; and more such places: page zero, behind the first GiB of RAM, below
 * RAM, the end of 32 bits. */
#define NOWHERE 0
#define NOWHERE_TOO 0x1000, 0x80000000, RAM - 8, 0xfffffff8

/* A PSCI or other hypercall: what it answers. */
uint64_t guest_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);

/* One plain access each, which KVM can decode: the compiler might make pairs of them. */
static inline uint64_t load(uint64_t address, unsigned int size)
{
	uint64_t value;

	switch (size) {
	case 1:
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	}
	return value;
}

static inline void store(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		__asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
		break;
	}
}

static inline void guest_barrier(void)
{
	__asm__ volatile("dmb sy" ::: "memory");
}

#endif
