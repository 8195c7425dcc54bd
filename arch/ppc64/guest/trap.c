/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions by vector: what each one from user mode means in terms of the portable
 * runtime. One from the runtime itself is a defect and ends the machine. */
#include "guest-runtime/arch.h"
#include "guest-runtime/panic.h"
#include "guest-runtime/signal.h"
#include "guest-runtime/space.h"
#include "guest-runtime/string.h"
#include "guest-runtime/syscall.h"
#include "guest-runtime/user.h"
#include "guest-runtime/wait.h"

#include <linux/signal.h>

/* Of DSISR, and of SRR1 after an instruction storage interrupt. */
#define STORAGE_MISSING 0x40000000
#define STORAGE_NO_EXEC 0x10000000
#define STORAGE_PROTECTED 0x08000000
#define STORAGE_STORE 0x02000000
#define STORAGE_FAULT (STORAGE_MISSING | STORAGE_NO_EXEC | STORAGE_PROTECTED)

/* Of SRR1 after a program interrupt. */
#define PROGRAM_FP 0x100000
#define PROGRAM_PRIVILEGED 0x40000
#define PROGRAM_TRAP 0x20000

#define MFSPR_PVR 0x7c1f42a6u /* to r0 */

uint64_t fp_status(void);

static void syscall(struct regs *regs)
{
	regs->in_syscall = 1;
	syscall_dispatch(regs);
}

static void memory_fault(uint64_t address, uint64_t status, unsigned access)
{
	struct fault fault = {SIGBUS, BUS_OBJERR, address, access};

	if (status & STORAGE_FAULT)
		space_fault(address, access, &fault);
	if (fault.signal)
		signal_fault(&fault);
}

static void data_storage(struct regs *regs)
{
	regs->dar = cpu_read(SPR_DAR);
	regs->dsisr = cpu_read(SPR_DSISR);
	memory_fault(regs->dar, regs->dsisr,
		     regs->dsisr & STORAGE_STORE ? ACCESS_WRITE : ACCESS_READ);
}

static void instruction_storage(struct regs *regs)
{
	memory_fault(regs->pc, regs->msr, ACCESS_EXEC);
}

/* Beyond what page tables can hold: whether to read or to write isn't said. The code is as
 * Linux has it. */
static void data_segment(struct regs *regs)
{
	regs->dar = cpu_read(SPR_DAR);
	signal_fault(&(struct fault){SIGSEGV, SEGV_BNDERR, regs->dar, ACCESS_READ});
}

static void instruction_segment(struct regs *regs)
{
	signal_fault(&(struct fault){SIGSEGV, SEGV_BNDERR, regs->pc, ACCESS_EXEC});
}

static void interrupt(struct regs *regs)
{
	(void)regs;
	wait_interrupt();
}

static void misaligned(struct regs *regs)
{
	regs->dar = cpu_read(SPR_DAR);
	signal_fault(&(struct fault){SIGBUS, BUS_ADRALN, regs->dar, ACCESS_READ});
}

static void illegal(struct regs *regs)
{
	signal_fault(&(struct fault){SIGILL, ILL_ILLOPC, regs->pc, ACCESS_EXEC});
}

/* Exceptions of FPSCR: what happened, whether it is wanted to interrupt. */
static const struct {
	uint32_t happened, enabled;
	int code;
} arithmetic_codes[] = {
	{0x20000000, 0x80, FPE_FLTINV}, {0x10000000, 0x40, FPE_FLTOVF},
	{0x08000000, 0x20, FPE_FLTUND}, {0x04000000, 0x10, FPE_FLTDIV},
	{0x02000000, 0x08, FPE_FLTRES},
};

static int arithmetic_code(void)
{
	uint64_t status = fp_status();

	for (size_t i = 0; i < sizeof(arithmetic_codes) / sizeof(arithmetic_codes[0]); i++)
		if (status & arithmetic_codes[i].happened && status & arithmetic_codes[i].enabled)
			return arithmetic_codes[i].code;
	return FPE_FLTUNK;
}

/* mfspr rN, PVR: Linux lets programs have it. */
static bool version_read(struct regs *regs)
{
	uint32_t instruction;

	if (get_user(instruction, regs->pc) || (instruction & ~(31u << 21)) != MFSPR_PVR)
		return false;
	regs->gpr[instruction >> 21 & 31] = cpu_read(SPR_PVR);
	regs->pc += 4;
	return true;
}

static void program_interrupt(struct regs *regs)
{
	struct fault fault = {SIGILL, ILL_ILLOPC, regs->pc, ACCESS_EXEC};

	if (regs->msr & PROGRAM_PRIVILEGED && version_read(regs))
		return;
	if (regs->msr & PROGRAM_FP) {
		fault.signal = SIGFPE;
		fault.code = arithmetic_code();
	} else if (regs->msr & PROGRAM_PRIVILEGED) {
		fault.code = ILL_PRVOPC;
	} else if (regs->msr & PROGRAM_TRAP) {
		fault.signal = SIGTRAP;
		fault.code = TRAP_BRKPT;
	}
	signal_fault(&fault);
}

static void trace(struct regs *regs)
{
	signal_fault(&(struct fault){SIGTRAP, TRAP_TRACE, regs->pc, ACCESS_EXEC});
}

#define VECTOR(number) [(number) >> 5]

/* Those that vectors.S lets in. */
static void (*const by_vector[])(struct regs *) = {
	VECTOR(0x300) = data_storage,
	VECTOR(0x380) = data_segment,
	VECTOR(0x400) = instruction_storage,
	VECTOR(0x480) = instruction_segment,
	VECTOR(0x500) = interrupt,
	VECTOR(0x600) = misaligned,
	VECTOR(0x700) = program_interrupt,
	VECTOR(0x800) = illegal,
	VECTOR(0x900) = interrupt,
	VECTOR(0xa00) = interrupt,
	VECTOR(0xc00) = syscall,
	VECTOR(0xd00) = trace,
	VECTOR(0xf00) = interrupt,
	VECTOR(0xf20) = illegal,
	VECTOR(0xf40) = illegal,
	VECTOR(0xf60) = illegal, /* transactions, scv */
};

void trap_user(struct regs *regs)
{
	by_vector[regs->vector >> 5](regs);
	signal_return(regs);
}

_Noreturn void trap_kernel(uint64_t vector, uint64_t pc, uint64_t msr, uint64_t address)
{
	char line[128];
	struct text text = TEXT(line);

	text_string(&text, "exception in the runtime: vector 0x");
	text_hex(&text, vector, 3);
	text_string(&text, ", pc 0x");
	text_hex(&text, pc, 1);
	text_string(&text, ", msr 0x");
	text_hex(&text, msr, 1);
	text_string(&text, ", address 0x");
	text_hex(&text, address, 1);
	panic(line);
}
