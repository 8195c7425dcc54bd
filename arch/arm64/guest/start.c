/* SPDX-License-Identifier: Apache-2.0 */
/* The user registers at the start and in system calls, what the CPU can do (for AT_HWCAP),
 * and the parking of other vCPUs. */
#include "guest-runtime/arch.h"
#include "guest-runtime/machine.h"
#include "guest-runtime/string.h"

#include <linux/errno.h>

#include <asm/hwcap.h>

#define PSCI_CPU_ON 0xc4000003
#define PSTATE_USER 0 /* EL0t, interrupts enabled */

extern char stack_top[], secondary_park[];

struct regs *user_regs(void)
{
	return (struct regs *)((uint64_t)stack_top - REGS_SIZE);
}

void regs_start(struct regs *regs, uint64_t pc, uint64_t stack)
{
	memset(regs, 0, sizeof(*regs));
	regs->pc = pc;
	regs->sp = stack;
	regs->pstate = PSTATE_USER;
}

const uint64_t *regs_arguments(const struct regs *regs)
{
	return regs->x;
}

unsigned regs_syscall(const struct regs *regs)
{
	return (unsigned)regs->x[8];
}

void regs_result(struct regs *regs, int64_t result)
{
	regs->x[0] = (uint64_t)result;
}

int64_t regs_get_result(const struct regs *regs)
{
	return (int64_t)regs->x[0];
}

void regs_restart(struct regs *regs)
{
	regs->x[0] = regs->first_argument;
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
	return regs->sp;
}

/* Features in ID registers: a 4-bit field of at least `least` gives the capability.
 * Signed fields (FP, AdvSIMD) say 15 for "not there". */
struct feature {
	uint8_t shift, least;
	bool is_signed;
	uint64_t capability;
};

static const struct feature isar0[] = {
	{4, 1, false, HWCAP_AES},       {4, 2, false, HWCAP_PMULL},
	{8, 1, false, HWCAP_SHA1},      {12, 1, false, HWCAP_SHA2},
	{12, 2, false, HWCAP_SHA512},   {16, 1, false, HWCAP_CRC32},
	{20, 2, false, HWCAP_ATOMICS},  {28, 1, false, HWCAP_ASIMDRDM},
	{32, 1, false, HWCAP_SHA3},     {36, 1, false, HWCAP_SM3},
	{40, 1, false, HWCAP_SM4},      {44, 1, false, HWCAP_ASIMDDP},
	{48, 1, false, HWCAP_ASIMDFHM}, {52, 1, false, HWCAP_FLAGM},
};
static const struct feature isar1[] = {
	{0, 1, false, HWCAP_DCPOP},  {12, 1, false, HWCAP_JSCVT},  {16, 1, false, HWCAP_FCMA},
	{20, 1, false, HWCAP_LRCPC}, {20, 2, false, HWCAP_ILRCPC}, {36, 1, false, HWCAP_SB},
};
static const struct feature pfr0[] = {
	{16, 0, true, HWCAP_FP},      {16, 1, true, HWCAP_FPHP}, {20, 0, true, HWCAP_ASIMD},
	{20, 1, true, HWCAP_ASIMDHP}, {48, 1, false, HWCAP_DIT},
};
static const struct feature mmfr2[] = {{32, 1, false, HWCAP_USCAT}};
static const struct feature isar1_2[] = {
	{0, 2, false, HWCAP2_DCPODP},
	{32, 1, false, HWCAP2_FRINT},
	{44, 1, false, HWCAP2_BF16},
	{52, 1, false, HWCAP2_I8MM},
};

static uint64_t capabilities(uint64_t id, const struct feature *features, size_t count)
{
	uint64_t set = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned value = id >> features[i].shift & 15;

		if (value >= features[i].least && !(features[i].is_signed && value == 15))
			set |= features[i].capability;
	}
	return set;
}

#define CAPABILITIES(id, features)                                                                 \
	capabilities(id, features, sizeof(features) / sizeof(features[0]))

uint64_t cpu_hwcap(void)
{
	return CAPABILITIES(cpu_read(id_aa64isar0_el1), isar0) |
	       CAPABILITIES(cpu_read(id_aa64isar1_el1), isar1) |
	       CAPABILITIES(cpu_read(id_aa64pfr0_el1), pfr0) |
	       CAPABILITIES(cpu_read(s3_0_c0_c7_2), mmfr2);
}

uint64_t cpu_hwcap2(void)
{
	return CAPABILITIES(cpu_read(id_aa64isar1_el1), isar1_2);
}

const char *cpu_platform(void)
{
	return MACHINE_NAME;
}

int64_t cpu_prctl(struct regs *regs, int option, uint64_t value)
{
	(void)regs, (void)option, (void)value;
	return -EINVAL;
}

static int64_t psci_cpu_on(uint64_t cpu, uint64_t entry)
{
	register uint64_t x0 __asm__("x0") = PSCI_CPU_ON;
	register uint64_t x1 __asm__("x1") = cpu;
	register uint64_t x2 __asm__("x2") = entry;
	register uint64_t x3 __asm__("x3") = 0;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	return (int64_t)x0;
}

/* One that does not start is no loss: nothing runs there yet. */
void secondaries_park(const struct machine *machine)
{
	for (unsigned i = 1; i < machine->cpu_count; i++)
		psci_cpu_on(machine->cpus[i], physical(secondary_park));
}
