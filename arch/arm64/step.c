/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction of an arm64 vCPU. Mostly KVM steps; what is more than one step, the vCPU runs
 * through to where it ends:
 *
 *   load-exclusive … store-exclusive   stepped one by one, the store would never succeed, since an
 *                                      exception between them clears the monitor
 *   svc of user mode                   the system call is the instruction's effect
 *   an exception that comes between    the guest handles it and comes back to the instruction:
 *                                      a page fault, an interrupt
 *
 * No register is written for any of it. Sources: Arm Architecture Reference Manual (DDI 0487),
 * C4.1 (encodings), D2.12 (software step); Linux arch/arm64/kernel/signal.c (struct rt_sigframe).
 */
#include <errno.h>

#include "arch/arm64/regs.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

enum { SEQUENCE_MAX = 32 }; /* instructions between load- and store-exclusive */

/* Linux's: siginfo_t, then ucontext_t up to uc_mcontext.pc. */
enum { RT_SIGRETURN = 139, FRAME_PC = 128 + 176 + 8 * 33 };

static int load(struct regs *regs, const struct memory *memory, uint64_t address, uint64_t *value,
		size_t size, struct error *err)
{
	uint8_t bytes[8];
	uint64_t physical;
	int result = arch_translate(regs, memory, address, &physical, err);

	if (result == 0)
		result = memory_read(memory, physical, bytes, size);
	if (result == 0)
		*value = bytes_load_le(bytes, size);
	return result;
}

static int fetch(struct regs *regs, const struct memory *memory, uint64_t address,
		 uint32_t *instruction, struct error *err)
{
	uint64_t value = 0;
	int result = load(regs, memory, address, &value, sizeof(*instruction), err);

	*instruction = (uint32_t)value;
	return result;
}

/* LDXR, LDAXR, LDXP, LDAXP; and the stores that end what they began. */
static bool is_load_exclusive(uint32_t instruction)
{
	return (instruction & 0x3fc00000) == 0x08400000;
}

static bool is_store_exclusive(uint32_t instruction)
{
	return (instruction & 0x3fc00000) == 0x08000000;
}

static bool is_svc(uint32_t instruction)
{
	return (instruction & 0xffe0001f) == 0xd4000001;
}

static uint64_t sign_extend(uint64_t value, unsigned int bits)
{
	return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

/* Where a branch by a displacement goes. */
static bool branch_target(uint32_t instruction, uint64_t pc, uint64_t *target)
{
	if ((instruction & 0x7c000000) == 0x14000000) /* B, BL */
		*target = pc + sign_extend(instruction & 0x3ffffff, 26) * 4;
	else if ((instruction & 0xff000000) == 0x54000000 || /* B.cond */
		 (instruction & 0x7e000000) == 0x34000000) /* CBZ, CBNZ */
		*target = pc + sign_extend(instruction >> 5 & 0x7ffff, 19) * 4;
	else if ((instruction & 0x7e000000) == 0x36000000) /* TBZ, TBNZ */
		*target = pc + sign_extend(instruction >> 5 & 0x3fff, 14) * 4;
	else
		return false;
	return true;
}

/* The sequence's end and the ways out of it; false: there is no end, or too many. */
static bool find_ends(struct debug_step *step, struct regs *regs, const struct memory *memory)
{
	uint64_t targets[DEBUG_PLACES_MAX - 1], end = 0, pc;
	unsigned int count = 0;
	struct error err;
	uint32_t instruction;

	for (unsigned int i = 1; !end && i < SEQUENCE_MAX; i++) {
		pc = step->from + 4 * i;
		if (fetch(regs, memory, pc, &instruction, &err) < 0)
			return false;
		if (is_store_exclusive(instruction))
			end = pc + 4;
		else if (branch_target(instruction, pc, &targets[count]) &&
			 ++count == sizeof(targets) / sizeof(targets[0]))
			return false;
	}
	if (!end)
		return false;
	step->places[step->place_count++] = end;
	for (unsigned int i = 0; i < count; i++)
		if (targets[i] < step->from || targets[i] > end)
			step->places[step->place_count++] = targets[i];
	return true;
}

static void run_to(struct debug_step *step, uint64_t place)
{
	step->single = false;
	step->place_count = 1;
	step->places[0] = place;
}

/* Where a system call comes back to: the next instruction, but for the one that ends a signal's
 * handler, which goes on with the PC that the frame on the stack holds. */
static uint64_t after_svc(const struct debug_step *step, struct regs *regs,
			  const struct memory *memory)
{
	uint64_t number, stack, pc;
	struct error err;

	if (reg_get(regs, ARM64_X8, &number, &err) < 0 || number != RT_SIGRETURN ||
	    reg_get(regs, ARM64_SP_EL0, &stack, &err) < 0 ||
	    load(regs, memory, stack + FRAME_PC, &pc, sizeof(pc), &err) < 0)
		return step->from + 4;
	return pc;
}

int arch_step_begin(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    struct error *err)
{
	uint32_t instruction = 0;

	step->single = true;
	step->place_count = 0;
	if (fetch(regs, memory, step->from, &instruction, err) < 0)
		return 0; /* the guest will fetch it, or meet its fault */
	if (is_load_exclusive(instruction))
		step->single = !find_ends(step, regs, memory);
	else if (step->user && is_svc(instruction))
		run_to(step, after_svc(step, regs, memory));
	if (step->single)
		step->place_count = 0;
	return 0;
}

/* Whether an interrupt of EL1's code has just been taken: the PC is at one of its vectors. */
static int at_interrupt(struct regs *regs, uint64_t pc, bool *is, struct error *err)
{
	uint64_t vbar;
	int result = reg_get(regs, ARM64_VBAR_EL1, &vbar, err);

	*is = pc - vbar == 0x80 || pc - vbar == 0x100 || pc - vbar == 0x280 || pc - vbar == 0x300;
	return result;
}

/* A step that ended in an exception's vector: on to where that comes back to. */
static int run_through(struct debug_step *step, struct regs *regs, uint64_t pc,
		       enum debug_progress *progress, struct error *err)
{
	bool user, interrupt = false;
	uint64_t back;
	int result = arch_user_mode(regs, &user, err);

	*progress = DEBUG_DONE;
	if (result == 0 && !step->user && !user)
		result = at_interrupt(regs, pc, &interrupt, err);
	if (result < 0 || (!interrupt && (!step->user || user)))
		return result;
	result = reg_get(regs, ARM64_ELR_EL1, &back, err);
	run_to(step, back);
	*progress = DEBUG_ON;
	return result;
}

static bool is_place(const struct debug_step *step, uint64_t pc)
{
	for (unsigned int i = 0; i < step->place_count; i++)
		if (step->places[i] == pc)
			return true;
	return false;
}

int arch_step_event(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    const struct debug_event *event, enum debug_progress *progress,
		    struct error *err)
{
	*progress = DEBUG_OTHER;
	if (event->cause == DEBUG_STEPPED && step->single)
		return run_through(step, regs, event->pc, progress, err);
	if (event->cause != DEBUG_BREAKPOINT || !is_place(step, event->pc))
		return 0;
	*progress = DEBUG_DONE;
	if (event->pc != step->from)
		return 0;
	*progress = DEBUG_ON; /* back from an exception before the instruction */
	return arch_step_begin(step, regs, memory, err);
}

int arch_step_cancel(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     struct error *err)
{
	(void)regs, (void)memory, (void)err;
	step->active = false;
	return 0;
}
