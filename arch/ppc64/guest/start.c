/* SPDX-License-Identifier: Apache-2.0 */
/* The user registers at the start and in system calls, what the CPU can do (for AT_HWCAP),
 * and the parking of other vCPUs. */
#include "guest-runtime/arch.h"
#include "guest-runtime/machine.h"
#include "guest-runtime/string.h"
#include "guest-runtime/user.h"

#include <linux/errno.h>
#include <linux/prctl.h>

#include <asm/cputable.h>

#define CR_SO 0x10000000ull /* of field 0: a system call failed */
#define ERROR_MAX 4095
#define NOT_JAVA 0x10000 /* VSCR[NJ] */

extern char stack_top[];

void fp_load(const void *fp, const void *vr);

struct regs *user_regs(void)
{
	return (struct regs *)((uint64_t)stack_top - REGS_SIZE);
}

/* The vector registers as Linux starts a program: denormals count as zeros. */
static void fp_start(void)
{
	static const uint64_t fp[33];
	static const struct {
		uint32_t vr[32][4], vscr[4], vrsave[4];
		uint64_t low[32];
	} vector __attribute__((aligned(16))) = {.vscr = {NOT_JAVA}};

	fp_load(fp, &vector);
}

void regs_start(struct regs *regs, uint64_t pc, uint64_t stack)
{
	memset(regs, 0, sizeof(*regs));
	regs->pc = pc;
	regs->gpr[12] = pc; /* ELFv2: a function finds its TOC by its own address */
	regs->gpr[1] = stack;
	fp_start();
}

const uint64_t *regs_arguments(const struct regs *regs)
{
	return &regs->gpr[3];
}

unsigned regs_syscall(const struct regs *regs)
{
	return (unsigned)regs->gpr[0];
}

/* User mode gets an error as a positive number, and CR0.SO. */
void regs_result(struct regs *regs, int64_t result)
{
	bool failed = result < 0 && result >= -ERROR_MAX;

	regs->gpr[3] = (uint64_t)(failed ? -result : result);
	regs->cr = failed ? regs->cr | CR_SO : regs->cr & ~CR_SO;
}

int64_t regs_get_result(const struct regs *regs)
{
	return regs->cr & CR_SO ? -(int64_t)regs->gpr[3] : (int64_t)regs->gpr[3];
}

void regs_restart(struct regs *regs)
{
	regs->gpr[3] = regs->first_argument;
	regs->cr &= ~CR_SO;
	regs->pc -= 4;
}

bool regs_in_syscall(const struct regs *regs)
{
	return regs->in_syscall;
}

uint64_t regs_pc(const struct regs *regs)
{
	return regs->pc;
}

uint64_t regs_stack(const struct regs *regs)
{
	return regs->gpr[1];
}

#define POWER9 0x4e /* PVR: the processor's version */
#define POWER10 0x80

/* POWER9 and POWER10 have been seen; what comes later can do as much. */
static bool is_power10(void)
{
	return cpu_read(SPR_PVR) >> 16 >= POWER10;
}

const char *cpu_platform(void)
{
	return is_power10() ? "power10" : "power9";
}

uint64_t cpu_hwcap(void)
{
	return PPC_FEATURE_64 | PPC_FEATURE_HAS_ALTIVEC | PPC_FEATURE_HAS_FPU |
	       PPC_FEATURE_HAS_MMU | PPC_FEATURE_SMT | PPC_FEATURE_ICACHE_SNOOP |
	       PPC_FEATURE_ARCH_2_06 | PPC_FEATURE_HAS_VSX | PPC_FEATURE_HAS_DFP |
	       PPC_FEATURE_TRUE_LE;
}

/* Without transactions, scv and what needs the performance monitor. */
uint64_t cpu_hwcap2(void)
{
	uint64_t set = PPC_FEATURE2_ARCH_2_07 | PPC_FEATURE2_DSCR | PPC_FEATURE2_ISEL |
		       PPC_FEATURE2_TAR | PPC_FEATURE2_VEC_CRYPTO | PPC_FEATURE2_ARCH_3_00 |
		       PPC_FEATURE2_HAS_IEEE128 | PPC_FEATURE2_DARN;

	return is_power10() ? set | PPC_FEATURE2_ARCH_3_1 | PPC_FEATURE2_MMA : set;
}

/* Which FP exceptions interrupt: bits 11 and 8 of the MSR as two neighbours. */
static int64_t fp_exceptions_set(struct regs *regs, uint64_t mode)
{
	if (mode > PR_FP_EXC_PRECISE)
		return -EINVAL;
	regs->msr &= ~(uint64_t)(MSR_FE0 | MSR_FE1);
	regs->msr |= (mode & 2 ? MSR_FE0 : 0) | (mode & 1 ? MSR_FE1 : 0);
	return 0;
}

static int64_t fp_exceptions_get(const struct regs *regs, uint64_t address)
{
	const uint32_t mode = (regs->msr & MSR_FE0 ? 2 : 0) | (regs->msr & MSR_FE1 ? 1 : 0);

	return put_user(address, mode);
}

int64_t cpu_prctl(struct regs *regs, int option, uint64_t value)
{
	switch (option) {
	case PR_SET_FPEXC:
		return fp_exceptions_set(regs, value);
	case PR_GET_FPEXC:
		return fp_exceptions_get(regs, value);
	default:
		return -EINVAL;
	}
}

/* They wait for a hypercall that nobody makes. */
void secondaries_park(const struct machine *machine)
{
	(void)machine;
}
