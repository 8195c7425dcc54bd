/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime's portable code must know about the arm64 CPU at compile time: the
 * shape of the address space, the saved user registers, a few names. Functions of the
 * architecture are in guest-runtime/arch.h. Assembly includes this file too. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096

/* All physical memory is mapped at LINEAR_BASE + physical address, and the image is linked
 * there too, so that it has no second mapping. User addresses end below USER_END. */
#define LINEAR_BASE 0xffffff8000000000
#define USER_END 0x8000000000

/* Offsets of struct regs, for the entry code. */
#define REGS_SP 248
#define REGS_PC 256
#define REGS_SIZE 288

/* Layout of the image, fixed so that its page table is a constant (tables.S). */
#define IMAGE_BASE 0x40000000
#define IMAGE_RODATA 0x20000
#define IMAGE_DATA 0x28000
#define IMAGE_GUARD 0x3b000 /* one page, then the stack */
#define STACK_SIZE 0x4000

/* Page table entries, level 3 unless said otherwise. */
#define PTE_VALID (1 << 0)
#define PTE_PAGE (1 << 1)
#define PTE_DEVICE (1 << 2)
#define PTE_USER (1 << 6)
#define PTE_READ_ONLY (1 << 7)
#define PTE_SHARED (3 << 8)
#define PTE_ACCESSED (1 << 10)
#define PTE_NOT_GLOBAL (1 << 11)
#define PTE_PXN (1 << 53)
#define PTE_UXN (1 << 54)

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#define ELF_MACHINE_NATIVE 183 /* EM_AARCH64 */
#define MACHINE_NAME "aarch64"
#define SIGNAL_STACK_MIN 5120 /* a frame and what calling its handler takes */
#define RESTORER_COUNTS true /* sigaction's */
#define PROTECTION_ARCH PROT_BTI /* PROT_… that only this architecture has */
#define AUXILIARY_ARCH /* rows of the auxiliary vector, likewise */

static inline bool elf_flags_fit(uint32_t flags)
{
	(void)flags;
	return true;
}

/* What only this architecture's device tree says. */
struct machine_arch {
	unsigned gic_version;
	uint64_t gic_distributor, gic_cpu;
};

struct regs {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	uint64_t first_argument; /* x0 before the result of a system call replaced it */
	int64_t in_syscall;
};

_Static_assert(sizeof(struct regs) == REGS_SIZE, "the entry code knows it");
_Static_assert(__builtin_offsetof(struct regs, pc) == REGS_PC, "the entry code knows it");

#define cpu_read(name)                                                                             \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})
#define cpu_write(name, value)                                                                     \
	__asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
/* Device registers: one plain access each, 64 or 32 bits, as the monitor's decoder needs it. */
static inline void cpu_store_device(volatile void *address, uint64_t value)
{
	__asm__ volatile("dsb st; str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline uint64_t cpu_load_device(volatile void *address)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void cpu_store_device32(volatile void *address, uint32_t value)
{
	__asm__ volatile("dsb st; str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline uint32_t cpu_load_device32(volatile void *address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

#define cpu_isb() __asm__ volatile("isb" ::: "memory")
#endif

#endif
