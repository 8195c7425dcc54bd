/* SPDX-License-Identifier: Apache-2.0 */
/* What an architecture gives to the portable runtime; cpu.h (constants, struct regs) is
 * the other half. Each function is in arch/X/guest/, in files of the same names.
 *
 * One vCPU runs the runtime, and no interrupt is ever taken in it: cpu_idle waits with
 * interrupts masked, so a check before it cannot lose a wake-up. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

struct machine;

#define PAGE_MASK ((uint64_t)PAGE_SIZE - 1)

static inline void *linear(uint64_t physical)
{
	return (void *)(physical + LINEAR_BASE);
}

static inline uint64_t physical(const void *pointer)
{
	return (uint64_t)pointer - LINEAR_BASE;
}

static inline uint64_t page_down(uint64_t address)
{
	return address & ~PAGE_MASK;
}

static inline uint64_t page_up(uint64_t address)
{
	return (address + PAGE_MASK) & ~PAGE_MASK;
}

/* tlb.c: what the CPU remembers of the page tables of user mode (mmu.h); entry.h has what their
 * entries look like. */
void tlb_start(const uint64_t *root);
/* The translations of these addresses; of all; what is cached of a table that covers one. */
void tlb_forget(const uint64_t *addresses, unsigned count);
void tlb_forget_all(void);
void tlb_forget_table(uint64_t address);

/* interrupts.c */
void interrupts_init(const struct machine *machine);
/* One more source, by its number in the device tree. */
void interrupts_add(uint32_t number);
/* Takes all pending interrupts; true if the control device's was among them. */
bool interrupts_take(void);

/* timer.c: the clock, in nanoseconds since some moment before the start. */
void clock_init(const struct machine *machine);
uint64_t clock_now(void);
/* Sets the moment of the next timer interrupt, UINT64_MAX for never. */
void timer_arm(uint64_t when);
/* Returns when an interrupt is pending (possibly at once); does not take it. */
void cpu_idle(void);

/* start.c: other vCPUs of the machine are parked. */
void secondaries_park(const struct machine *machine);
/* The user registers: a fixed place that the entry code fills. */
struct regs *user_regs(void);
void regs_start(struct regs *regs, uint64_t pc, uint64_t stack);
_Noreturn void user_enter(struct regs *regs);
/* System call: arguments 0 … 5 in a row, number and result. */
const uint64_t *regs_arguments(const struct regs *regs);
void regs_result(struct regs *regs, int64_t result);
int64_t regs_get_result(const struct regs *regs);
/* Makes the system call happen again when user mode goes on. */
void regs_restart(struct regs *regs);
bool regs_in_syscall(const struct regs *regs);
uint64_t regs_pc(const struct regs *regs);
uint64_t regs_stack(const struct regs *regs);
uint64_t cpu_hwcap(void);
uint64_t cpu_hwcap2(void);
const char *cpu_platform(void); /* AT_PLATFORM */
/* Options of prctl that only this architecture has: -EINVAL for those it has not. */
int64_t cpu_prctl(struct regs *regs, int option, uint64_t value);

/* cpu_sync_text: what was stored in these bytes becomes visible to instruction fetch. */
void cpu_sync_text(const void *start, size_t length);

/* frame.c: signal frames as the architecture's Linux lays them out. frame_push writes one
 * below `stack` and points the registers at the handler; frame_pop undoes it. -EFAULT when
 * the user's stack does not take it. `restorer` is what the handler returns to. */
struct frame {
	int signal;
	uint64_t handler, restorer, mask; /* mask: blocked when the handler returns */
	const void *info; /* 128 bytes, siginfo_t */
	uint64_t altstack[3]; /* stack_t */
	uint64_t fault_address;
};
int frame_push(struct regs *regs, uint64_t stack, const struct frame *frame);
int frame_pop(struct regs *regs, struct frame *frame);
/* The code that a handler returns to: two or three instructions. */
extern const uint32_t frame_trampoline[];
extern const size_t frame_trampoline_size;

/* syscalls.c: by number; 0 where there is none. */
typedef int64_t (*syscall_handler)(const uint64_t *arguments);
extern const syscall_handler syscall_table[];
extern const unsigned syscall_count;
/* Those that have no handler, by name; in no order. */
struct syscall_name {
	uint16_t number;
	char name[24];
};
extern const struct syscall_name syscall_names[];
extern const unsigned syscall_name_count;
unsigned regs_syscall(const struct regs *regs);

#endif
