/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime's portable code must know about the ppc64 CPU at compile time: the
 * shape of the address space, the saved user registers, a few names. Functions of the
 * architecture are in guest-runtime/arch.h. Assembly includes this file too. Source: Power
 * ISA 3.0B, Book III; little-endian POWER9 and later. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096

/* All physical memory is mapped at LINEAR_BASE + physical address, and the image is linked
 * there too, so that it has no second mapping; real mode ignores the topmost bits, so that
 * the same addresses hold there. User addresses end below USER_END: one entry of the root. */
#define LINEAR_BASE 0xc000000000000000
#define USER_END 0x8000000000

/* Offsets of struct regs, for the entry code. */
#define REGS_GPR(n) ((n)*8)
#define REGS_PC 256
#define REGS_MSR 264
#define REGS_FIRST_ARGUMENT 272
#define REGS_CTR 280
#define REGS_LR 288
#define REGS_XER 296
#define REGS_CR 304
#define REGS_IN_SYSCALL 312
#define REGS_VECTOR 320
#define REGS_SIZE 352
#define CALL_FRAME 32 /* ELFv2: what a called function may use above its own frame */

/* Layout of the image, fixed so that its page tables are constants (tables.S). */
#define IMAGE_RODATA 0x30000
#define IMAGE_DATA 0x38000 /* begins with the tables */
#define IMAGE_GUARD 0x5b000 /* one page, then the stack */
#define STACK_SIZE 0x4000
#define IMAGE_ROOTS 0x60000 /* of the kernel, of user mode: each as large as its alignment */
#define ROOT_SIZE 0x10000
#define VECTORS_RELOCATED 0x4000 /* where LPCR[AIL] = 3 has them */

/* The tables at IMAGE_DATA, a page each. */
#define PROCESS_TABLE IMAGE_DATA
#define KERNEL_RAM (IMAGE_DATA + 0x1000) /* 1 GiB an entry */
#define KERNEL_DEVICES (IMAGE_DATA + 0x2000) /* the same, from DEVICES on */
#define KERNEL_LOW (IMAGE_DATA + 0x3000) /* the first GiB, 2 MiB an entry */
#define KERNEL_IMAGE (IMAGE_DATA + 0x4000) /* the first 2 MiB */
#define TABLES_SIZE 0x5000
#define DEVICES 0x10000000000 /* 1 TiB */

/* Radix page tables: big-endian. The one shape that POWER9 and POWER10 have: 13, 9, 9 and 9
 * bits. An entry that isn't a leaf holds the log2 of the next table's entries. */
#define PTE_VALID 0x8000000000000000
#define PTE_LEAF 0x4000000000000000
#define PTE_REFERENCED 0x100
#define PTE_CHANGED 0x80
#define PTE_DEVICE 0x20 /* not idempotent */
#define PTE_PRIVILEGED 0x8
#define PTE_READ 0x4
#define PTE_WRITE 0x2
#define PTE_EXEC 0x1
#define TABLE_BITS 9
#define ROOT_BITS 13
#define ROOT_RANGE 0x40000000000000a0 /* RTS: 52 bits of effective address */
#define USER_PID 1 /* 0 is what the kernel's quadrant has */

#define MSR_VEC 0x2000000
#define MSR_VSX 0x800000
#define MSR_EE 0x8000
#define MSR_PR 0x4000
#define MSR_FP 0x2000
#define MSR_ME 0x1000
#define MSR_FE0 0x800
#define MSR_SE 0x400
#define MSR_BE 0x200
#define MSR_FE1 0x100
#define MSR_IR 0x20
#define MSR_DR 0x10
#define MSR_RI 0x2
#define MSR_LE 0x1
/* The low 32 bits; SF is bit 63. */
#define MSR_KERNEL (MSR_ME | MSR_IR | MSR_DR | MSR_RI | MSR_LE)
#define MSR_USER (MSR_KERNEL | MSR_EE | MSR_PR | MSR_FP | MSR_VEC | MSR_VSX)
/* Tracing is the monitor's, FP exceptions are the program's (PR_SET_FPEXC). */
#define MSR_KEPT (MSR_SE | MSR_BE | MSR_FE0 | MSR_FE1)

#define SPR_DSCR 17
#define SPR_DSISR 18
#define SPR_DAR 19
#define SPR_DEC 22
#define SPR_AMR 29
#define SPR_PIDR 48
#define SPR_IAMR 61
#define SPR_FSCR 153
#define SPR_UAMOR 157
#define SPR_VRSAVE 256
#define SPR_TB 268
#define SPR_PVR 287

/* Hypercalls: Linux on Power Architecture Reference, appendix A and chapter 14. */
#define H_EOI 0x64
#define H_CPPR 0x68
#define H_XIRR 0x74
#define H_CEDE 0xe0
#define H_SET_MODE 0x31c
#define H_REGISTER_PROC_TBL 0x37c

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#define ELF_MACHINE_NATIVE 21 /* EM_PPC64 */
#define MACHINE_NAME "ppc64le"
#define CACHE_LINE 128
#define SIGNAL_STACK_MIN 8192 /* a frame and what calling its handler takes */
#define RESTORER_COUNTS false /* sigaction's: Linux passes over it here */
#define PROTECTION_ARCH 0 /* PROT_… that only this architecture has */
#define AUXILIARY_ARCH                                                                             \
	{AT_DCACHEBSIZE, CACHE_LINE}, {AT_ICACHEBSIZE, CACHE_LINE}, {AT_UCACHEBSIZE, 0},

/* e_flags name the ABI: 2, or 0 where the file doesn't say. */
static inline bool elf_flags_fit(uint32_t flags)
{
	return (flags & 3) != 1;
}

/* What only this architecture's device tree says. */
struct machine_arch {
	uint32_t timebase_frequency; /* Hz */
};

/* As Linux's struct pt_regs. */
struct regs {
	uint64_t gpr[32];
	uint64_t pc;
	uint64_t msr; /* and why the exception came: SRR1 */
	uint64_t first_argument; /* r3 before the result of a system call replaced it */
	uint64_t ctr, lr, xer, cr;
	int64_t in_syscall;
	uint64_t vector;
	uint64_t dar, dsisr; /* of a fault in memory */
	uint64_t result; /* of nothing */
};

_Static_assert(sizeof(struct regs) == REGS_SIZE, "the entry code knows it");
_Static_assert(__builtin_offsetof(struct regs, pc) == REGS_PC, "the entry code knows it");
_Static_assert(__builtin_offsetof(struct regs, vector) == REGS_VECTOR, "the entry code knows it");

#define cpu_read(spr)                                                                              \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mfspr %0, %1" : "=r"(value_) : "i"(spr));                        \
		value_;                                                                            \
	})
#define cpu_write(spr, value)                                                                      \
	__asm__ volatile("mtspr %0, %1" ::"i"(spr), "r"((uint64_t)(value)) : "memory")

/* Device registers: one plain access each, 64 or 32 bits, as the monitor's decoder needs it. */
static inline void cpu_store_device(volatile void *address, uint64_t value)
{
	__asm__ volatile("sync; std %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
}

static inline uint64_t cpu_load_device(volatile void *address)
{
	uint64_t value;

	__asm__ volatile("sync; ld %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
	return value;
}

static inline void cpu_store_device32(volatile void *address, uint32_t value)
{
	__asm__ volatile("sync; stw %0, 0(%1)" ::"r"(value), "b"(address) : "memory");
}

static inline uint32_t cpu_load_device32(volatile void *address)
{
	uint32_t value;

	__asm__ volatile("sync; lwz %0, 0(%1)" : "=r"(value) : "b"(address) : "memory");
	return value;
}

/* One argument in, one result out; *value may be null. */
static inline int64_t hypercall(uint64_t number, uint64_t argument, uint64_t *value)
{
	register uint64_t r3 __asm__("r3") = number;
	register uint64_t r4 __asm__("r4") = argument;

	__asm__ volatile("sc 1"
			 : "+r"(r3), "+r"(r4)
			 :
			 : "r0", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer",
			   "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
	if (value)
		*value = r4;
	return (int64_t)r3;
}
#endif

#endif
