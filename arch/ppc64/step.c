/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction of a ppc64 vCPU, where KVM takes a request to step and does not step: MSR[SE] is
 * set, and the vectors of all interrupts hold an instruction that traps, so that whatever comes
 * next comes here:
 *
 *   trace interrupt    the instruction was executed. The interrupt is undone: PC and MSR are what
 *                      SRR0 and SRR1 say, SRR0 and SRR1 what they were
 *   another one        came in its place, or before it. The guest has it, without our SE in SRR1.
 *                      What interrupts user mode, or comes from outside, is run through, to where
 *                      it comes back to
 *   a trace interrupt  that the guest wants, too: it stops here first, and then goes on in the
 *                      guest's vector
 *
 * Four kinds are not stepped so: instructions that deal with MSR, SRR0 and SRR1 (emulate.h);
 * hypercalls and scv, which are run through; a reservation with the conditional store that it
 * is for, since an interrupt between them would undo it each time; and what stands in a vector
 * itself, which is run to what comes after it.
 * Sources: Power ISA 3.0B, book II, 1.7.3 (reservations); book III, 6.4, 6.5.15 (trace); Linux
 * arch/powerpc/kernel/signal_64.c (the frame that sigreturn finds on the stack). */
#include <errno.h>

#include "arch/ppc64/emulate.h"
#include "arch/ppc64/interrupt.h"
#include "arch/ppc64/regs.h"
#include "arch/ppc64/text.h"
#include "arch/ppc64/walk.h"
#include "vmm/arch_debug.h"
#include "vmm/bytes.h"

enum { SEQUENCE_MAX = 32 }; /* instructions from a reservation to its store */

#define SC 0x44000002u
/* Linux's: ucontext_t up to uc_mcontext.gp_regs[PT_NIP]. */
enum { RT_SIGRETURN = 172, CONTEXT_NIP = 168 + 64 + 8 * 32 };
enum { SAVED_SRR0, SAVED_SRR1, SAVED_SE, SAVED_OFFSET, SAVED_RETURN }; /* in step->saved */

/* What can come during an instruction of the guest's. From outside: it has nothing to do with the
 * instruction. */
static const struct {
	uint16_t number;
	bool outside;
} vectors[] = {
	{0x300, false}, {0x380, false}, {0x400, false}, {0x480, false},
	{0x500, true},  {0x600, false}, {0x700, false}, {0x800, false},
	{0x900, true},  {0xa00, true},  {0xc00, false}, {PPC64_TRACE, false},
	{0xf00, true},  {0xf20, false}, {0xf40, false}, {0xf60, false},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))
_Static_assert(VECTORS <= (size_t)DEBUG_STEP_TRAPS_MAX, "a step has room for all vectors");

/* ---- where a step may end ---- */

static void add_trap(struct debug_step *step, uint64_t address, uint64_t physical,
		     uint32_t instruction)
{
	struct debug_step_trap *trap = &step->traps[step->trap_count++];

	trap->address = address;
	trap->physical = physical;
	bytes_store_le(trap->bytes, sizeof(trap->bytes), instruction);
}

/* Where the vCPU will come with that MSR. False: there is no memory. */
static bool add_place(struct debug_step *step, struct regs *regs, const struct memory *memory,
		      uint64_t msr, uint64_t address)
{
	uint64_t physical;
	struct error err;
	uint32_t trap;

	if (walk(regs, memory, msr & PPC64_MSR_IR, address, &physical, &err) < 0 ||
	    text_trap(regs, &trap, &err) < 0)
		return false;
	add_trap(step, address, physical, trap);
	return true;
}

/* They are in one page. */
static int add_vectors(struct debug_step *step, struct regs *regs, const struct memory *memory,
		       struct error *err)
{
	struct interrupt interrupt;
	uint64_t page;
	uint32_t trap;
	int result = interrupt_now(regs, &interrupt, err);

	if (result == 0)
		result = walk(regs, memory, interrupt.msr & PPC64_MSR_IR, interrupt.offset, &page,
			      err);
	if (result == 0)
		result = text_trap(regs, &trap, err);
	if (result < 0)
		return result;
	for (unsigned int i = 0; i < VECTORS; i++)
		add_trap(step, interrupt.offset + vectors[i].number, page + vectors[i].number,
			 trap);
	step->saved[SAVED_OFFSET] = interrupt.offset;
	step->by_mode = true;
	return 0;
}

/* ---- instructions that are run through ---- */

/* Calls that raise no interrupt which has a vector here: sc 1, which KVM answers, and scv. */
static bool is_call(uint32_t instruction)
{
	return (instruction & 0xfc000fe2) == 0x44000022 || (instruction & 0xfc000003) == 0x44000001;
}

static bool is_one_of(uint32_t instruction, const uint16_t *numbers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (instruction >> 26 == 31 && (instruction >> 1 & 0x3ff) == numbers[i])
			return true;
	return false;
}

static bool is_reservation(uint32_t instruction)
{
	/* lwarx, lbarx, ldarx, lharx, lqarx */
	static const uint16_t numbers[] = {20, 52, 84, 116, 276};

	return is_one_of(instruction, numbers, 5);
}

static bool is_conditional_store(uint32_t instruction)
{
	/* stwcx., stqcx., stdcx., stbcx., sthcx. */
	static const uint16_t numbers[] = {150, 182, 214, 694, 726};

	return is_one_of(instruction, numbers, 5);
}

static uint64_t sign_extend(uint64_t value, unsigned int bits)
{
	return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

/* Where a branch that says so itself goes. */
static bool branch_target(uint32_t instruction, uint64_t pc, uint64_t *target)
{
	switch (instruction >> 26) {
	case 16:
		*target = sign_extend(instruction & 0xfffc, 16);
		break;
	case 18:
		*target = sign_extend(instruction & 0x3fffffc, 26);
		break;
	default:
		return false;
	}
	if (!(instruction & 2))
		*target += pc;
	return true;
}

/* The sequence's end and the ways out of it; false: there is no end, or too many. */
static bool add_ends(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     uint64_t msr)
{
	uint64_t targets[DEBUG_PLACES_MAX], end = 0, pc;
	unsigned int count = 0;
	uint32_t instruction;

	for (unsigned int i = 1; !end && i < SEQUENCE_MAX; i++) {
		pc = step->from + 4 * i;
		if (!text_read(regs, memory, pc, &instruction))
			return false;
		if (is_conditional_store(instruction))
			end = pc + 4;
		else if (branch_target(instruction, pc, &targets[count]) &&
			 ++count == DEBUG_PLACES_MAX)
			return false;
	}
	if (!end || !add_place(step, regs, memory, msr, end))
		return false;
	for (unsigned int i = 0; i < count; i++)
		if ((targets[i] < step->from || targets[i] > end) &&
		    !add_place(step, regs, memory, msr, targets[i]))
			return false;
	return true;
}

/* Whether it is one of these, and there are traps where it ends. */
static bool is_run_through(struct debug_step *step, struct regs *regs, const struct memory *memory,
			   uint32_t instruction)
{
	struct error err;
	uint64_t msr;

	if (reg_get(regs, PPC64_MSR, &msr, &err) < 0)
		return false;
	if (is_reservation(instruction) && add_ends(step, regs, memory, msr))
		return true;
	step->trap_count = 0;
	return is_call(instruction) && add_place(step, regs, memory, msr, step->from + 4);
}

/* Where the vCPU can be after an instruction that no interrupt interrupts. */
static void add_next(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     uint64_t msr, uint32_t instruction)
{
	static const unsigned int indirect[] = {PPC64_LR, PPC64_CTR};
	struct error err;
	uint64_t target;

	add_place(step, regs, memory, msr, step->from + 4);
	if (branch_target(instruction, step->from, &target))
		add_place(step, regs, memory, msr, target);
	for (unsigned int i = 0; instruction >> 26 == 19 && i < 2; i++)
		if (reg_get(regs, indirect[i], &target, &err) == 0)
			add_place(step, regs, memory, msr, target & ~3ull);
}

/* ---- begin ---- */

/* Whether a trap stands on the instruction itself: it is the first one of a vector. */
static bool is_covered(const struct debug_step *step, struct regs *regs,
		       const struct memory *memory, uint64_t msr)
{
	uint64_t physical;
	struct error err;

	if (walk(regs, memory, msr & PPC64_MSR_IR, step->from, &physical, &err) < 0)
		return false;
	for (unsigned int i = 0; i < step->trap_count; i++)
		if (step->traps[i].physical == physical)
			return true;
	return false;
}

static int trace(struct debug_step *step, struct regs *regs, const struct memory *memory,
		 uint32_t instruction, struct error *err)
{
	uint64_t msr;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	if (result == 0)
		result = reg_get(regs, PPC64_SRR0, &step->saved[SAVED_SRR0], err);
	if (result == 0)
		result = reg_get(regs, PPC64_SRR1, &step->saved[SAVED_SRR1], err);
	if (result == 0)
		result = add_vectors(step, regs, memory, err);
	if (result < 0)
		return result;
	if (is_covered(step, regs, memory, msr)) {
		step->trap_count = 0;
		step->by_mode = false;
		add_next(step, regs, memory, msr, instruction);
		return 0;
	}
	step->saved[SAVED_SE] = msr & PPC64_MSR_SE;
	return reg_set(regs, PPC64_MSR, msr | PPC64_MSR_SE, err);
}

/* The system call that ends a signal's handler does not come back: the program goes on with the NIP
 * that the context on the stack holds. 0: it is none. */
static uint64_t sigreturn_to(const struct debug_step *step, struct regs *regs,
			     const struct memory *memory, uint32_t instruction)
{
	uint64_t number, stack, physical;
	struct error err;
	uint8_t nip[8];

	if (!step->user || instruction != SC || reg_get(regs, PPC64_GPR0, &number, &err) < 0 ||
	    number != RT_SIGRETURN || reg_get(regs, PPC64_GPR1, &stack, &err) < 0 ||
	    arch_translate(regs, memory, stack + CONTEXT_NIP, &physical, &err) < 0 ||
	    memory_read(memory, physical, nip, sizeof(nip)) < 0)
		return 0;
	return bytes_load_le(nip, sizeof(nip));
}

int arch_step_begin(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    struct error *err)
{
	uint32_t instruction = 0;
	int result = 0;

	step->single = step->by_mode = false;
	step->trap_count = 0;
	/* What can't be read the guest will fetch, or meet its fault. */
	if (text_read(regs, memory, step->from, &instruction))
		result = emulate(regs, instruction, err);
	step->over = result == 1;
	if (result < 0 || step->over)
		return result < 0 ? result : 0;
	if (is_run_through(step, regs, memory, instruction))
		return 0;
	step->saved[SAVED_RETURN] = sigreturn_to(step, regs, memory, instruction);
	step->single = step->by_kvm;
	return step->single ? 0 : trace(step, regs, memory, instruction, err);
}

/* ---- end ---- */

/* The interrupt that the vCPU is in the vector of, if a trap of the step stands there. */
static int vector_at(const struct debug_step *step, uint64_t pc)
{
	for (unsigned int i = 0; step->by_mode && i < VECTORS; i++)
		if (pc == step->saved[SAVED_OFFSET] + vectors[i].number)
			return (int)i;
	return -1;
}

static bool is_trace(int vector)
{
	return vectors[vector].number == (uint16_t)PPC64_TRACE;
}

/* As if it had not been: its SRR1 holds more than MSR. */
static int undo_interrupt(const struct debug_step *step, struct regs *regs, uint64_t srr1,
			  struct error *err)
{
	uint64_t pc;
	int result = reg_get(regs, PPC64_SRR0, &pc, err);

	if (result == 0)
		result = reg_set(regs, PPC64_PC, pc, err);
	if (result == 0)
		result = reg_set(regs, PPC64_MSR, srr1 & ~(PPC64_SRR1_WHY | PPC64_MSR_SE), err);
	if (result == 0)
		result = reg_set(regs, PPC64_SRR0, step->saved[SAVED_SRR0], err);
	return result < 0 ? result : reg_set(regs, PPC64_SRR1, step->saved[SAVED_SRR1], err);
}

/* What the step has put into the registers is taken out again, the vCPU being in that vector. */
static int settle(const struct debug_step *step, struct regs *regs, int vector, struct error *err)
{
	uint64_t srr1;
	int result = reg_get(regs, PPC64_SRR1, &srr1, err);

	if (result < 0)
		return result;
	if (is_trace(vector) && !step->saved[SAVED_SE])
		return undo_interrupt(step, regs, srr1, err);
	return reg_set(regs, PPC64_SRR1, (srr1 & ~PPC64_MSR_SE) | step->saved[SAVED_SE], err);
}

/* Until the guest comes back from the interrupt that it has just taken. */
static int run_through(struct debug_step *step, struct regs *regs, const struct memory *memory,
		       enum debug_progress *progress, struct error *err)
{
	struct debug_step through = {
		.active = true, .by_kvm = step->by_kvm, .user = step->user, .from = step->from};
	uint64_t back, msr;
	int result = reg_get(regs, PPC64_SRR0, &back, err);

	if (result == 0)
		result = reg_get(regs, PPC64_SRR1, &msr, err);
	if (back == step->from + 4 && step->saved[SAVED_RETURN])
		back = step->saved[SAVED_RETURN];
	if (result < 0 || !add_place(&through, regs, memory, msr, back))
		return result;
	/* A handler may leave the instruction out. */
	if (back == step->from)
		add_place(&through, regs, memory, msr, back + 4);
	*step = through;
	*progress = DEBUG_ON;
	return 0;
}

static int interrupted(struct debug_step *step, struct regs *regs, const struct memory *memory,
		       bool outside, enum debug_progress *progress, struct error *err)
{
	bool user;
	int result = arch_user_mode(regs, &user, err);

	*progress = DEBUG_DONE;
	if (result < 0 || user || !(step->user || outside))
		return result;
	return run_through(step, regs, memory, progress, err);
}

static bool is_place(const struct debug_step *step, uint64_t pc)
{
	for (unsigned int i = 0; i < step->trap_count; i++)
		if (step->traps[i].address == pc)
			return true;
	return false;
}

static int untrace(const struct debug_step *step, struct regs *regs, struct error *err)
{
	uint64_t msr;
	int result = reg_get(regs, PPC64_MSR, &msr, err);

	if (result < 0)
		return result;
	return reg_set(regs, PPC64_MSR, (msr & ~PPC64_MSR_SE) | step->saved[SAVED_SE], err);
}

int arch_step_event(struct debug_step *step, struct regs *regs, const struct memory *memory,
		    const struct debug_event *event, enum debug_progress *progress,
		    struct error *err)
{
	int vector = vector_at(step, event->pc), result;

	*progress = DEBUG_OTHER;
	if (event->cause == DEBUG_UNKNOWN) {
		/* An access to a device is KVM's to carry out, which knows nothing of traces. */
		if (vector >= 0 || event->pc == step->from)
			return 0;
		*progress = DEBUG_DONE;
		return untrace(step, regs, err);
	}
	if (step->single && (event->cause == DEBUG_STEPPED || event->pc != step->from))
		return interrupted(step, regs, memory, false, progress, err);
	if (event->cause != DEBUG_TRAP || !is_place(step, event->pc))
		return 0;
	if (vector >= 0) {
		result = settle(step, regs, vector, err);
		if (result == 0 && !is_trace(vector))
			return interrupted(step, regs, memory, vectors[vector].outside, progress,
					   err);
		*progress = DEBUG_DONE;
		return result;
	}
	*progress = DEBUG_DONE;
	if (event->pc != step->from)
		return 0;
	*progress = DEBUG_ON; /* back from an interrupt before the instruction */
	return arch_step_begin(step, regs, memory, err);
}

/* It may be in a vector, its first instruction not yet met. */
int arch_step_cancel(struct debug_step *step, struct regs *regs, const struct memory *memory,
		     struct error *err)
{
	uint64_t pc;
	int result = arch_pc(regs, &pc, err), vector;

	(void)memory;
	step->active = false;
	if (result < 0 || !step->by_mode)
		return result;
	vector = vector_at(step, pc);
	if (vector >= 0 && pc != step->from)
		return settle(step, regs, vector, err);
	return untrace(step, regs, err);
}
