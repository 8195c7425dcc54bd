/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions by class: what each one from user mode means in terms of the portable
 * runtime. One from the runtime itself is a defect and ends the machine. */
#include "guest-runtime/arch.h"
#include "guest-runtime/panic.h"
#include "guest-runtime/signal.h"
#include "guest-runtime/space.h"
#include "guest-runtime/string.h"
#include "guest-runtime/syscall.h"
#include "guest-runtime/wait.h"

#include <linux/signal.h>

#define TAG_MASK 0x00ffffffffffffffull

enum {
	CLASS_WFX = 0x01,
	CLASS_SYSCALL = 0x15,
	CLASS_FETCH_ABORT = 0x20,
	CLASS_PC_ALIGNMENT = 0x22,
	CLASS_DATA_ABORT = 0x24,
	CLASS_SP_ALIGNMENT = 0x26,
	CLASS_FP = 0x2c,
	CLASS_BREAKPOINT = 0x30,
	CLASS_STEP = 0x32,
	CLASS_WATCHPOINT = 0x34,
	CLASS_BRK = 0x3c,
};

static uint64_t fault_address(void)
{
	uint64_t address = cpu_read(far_el1);

	return address >> 55 & 1 ? address : address & TAG_MASK;
}

static void skip(struct regs *regs, uint64_t syndrome)
{
	(void)syndrome;
	regs->pc += 4;
}

static void syscall(struct regs *regs, uint64_t syndrome)
{
	(void)syndrome;
	regs->first_argument = regs->x[0];
	regs->in_syscall = 1;
	syscall_dispatch(regs);
}

static void memory_fault(struct regs *regs, uint64_t syndrome, unsigned access)
{
	uint64_t address = fault_address();
	unsigned status = syndrome & 0x3f;
	struct fault fault = {SIGBUS, BUS_ADRALN, address, access};

	(void)regs;
	if (status >= 0x04 && status <= 0x0f) /* translation, access flag, permission */
		space_fault(address, access, &fault);
	else if (status != 0x21)
		fault.code = BUS_OBJERR;
	if (fault.signal)
		signal_fault(&fault);
}

static void fetch_abort(struct regs *regs, uint64_t syndrome)
{
	memory_fault(regs, syndrome, ACCESS_EXEC);
}

static void data_abort(struct regs *regs, uint64_t syndrome)
{
	/* Cache maintenance says "write" and needs no more than reading. */
	bool writes = syndrome & 1 << 6 && !(syndrome & 1 << 8);

	memory_fault(regs, syndrome, writes ? ACCESS_WRITE : ACCESS_READ);
}

static void misaligned(struct regs *regs, uint64_t syndrome)
{
	(void)syndrome;
	signal_fault(&(struct fault){SIGBUS, BUS_ADRALN, regs->pc, ACCESS_EXEC});
}

static void trap(struct regs *regs, uint64_t syndrome)
{
	(void)syndrome;
	signal_fault(&(struct fault){SIGTRAP, TRAP_BRKPT, regs->pc, ACCESS_EXEC});
}

static void arithmetic(struct regs *regs, uint64_t syndrome)
{
	(void)syndrome;
	signal_fault(&(struct fault){SIGFPE, FPE_FLTUNK, regs->pc, ACCESS_EXEC});
}

static void illegal(struct regs *regs)
{
	signal_fault(&(struct fault){SIGILL, ILL_ILLOPC, regs->pc, ACCESS_EXEC});
}

/* Every class that isn't here is an instruction that user mode does not have. */
static void (*const by_class[64])(struct regs *, uint64_t) = {
	[CLASS_WFX] = skip,
	[CLASS_SYSCALL] = syscall,
	[CLASS_FETCH_ABORT] = fetch_abort,
	[CLASS_PC_ALIGNMENT] = misaligned,
	[CLASS_DATA_ABORT] = data_abort,
	[CLASS_SP_ALIGNMENT] = misaligned,
	[CLASS_FP] = arithmetic,
	[CLASS_BREAKPOINT] = trap,
	[CLASS_STEP] = trap,
	[CLASS_WATCHPOINT] = trap,
	[CLASS_BRK] = trap,
};

void trap_user_sync(struct regs *regs)
{
	uint64_t syndrome = cpu_read(esr_el1);
	void (*handler)(struct regs *, uint64_t) = by_class[syndrome >> 26 & 63];

	if (handler)
		handler(regs, syndrome);
	else
		illegal(regs);
	signal_return(regs);
}

void trap_user_irq(struct regs *regs)
{
	wait_interrupt();
	signal_return(regs);
}

void trap_user_serror(struct regs *regs)
{
	signal_fault(&(struct fault){SIGBUS, BUS_OBJERR, regs->pc, ACCESS_READ});
	signal_return(regs);
}

_Noreturn void trap_kernel(uint64_t syndrome, uint64_t pc, uint64_t address)
{
	char line[128];
	struct text text = TEXT(line);

	text_string(&text, "exception in the runtime: syndrome 0x");
	text_hex(&text, syndrome, 8);
	text_string(&text, ", pc 0x");
	text_hex(&text, pc, 1);
	text_string(&text, ", address 0x");
	text_hex(&text, address, 1);
	panic(line);
}
