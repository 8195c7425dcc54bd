/* SPDX-License-Identifier: Apache-2.0 */
/* See cpu.h. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CPU_PAGE 65536
#define CPU_KERNEL 0xc000000000001000
enum { GP_NIP = 32, GP_MSR = 33, FP_STATUS = 32 };
#define MSR_HV 0x1000000000000000ul
#define MSR_PR 0x4000ul

static inline unsigned long *context_pc(ucontext_t *context)
{
	return &context->uc_mcontext.gp_regs[GP_NIP];
}

static inline unsigned long *context_result(ucontext_t *context)
{
	return &context->uc_mcontext.gp_regs[3];
}

static inline unsigned long cpu_result(const void *p)
{
	register unsigned long r3 __asm__("r3") = (unsigned long)p;

	__asm__ volatile("ld 3, 0(3)" : "+b"(r3)::"memory");
	return r3;
}

static inline void cpu_illegal(void)
{
	__asm__ volatile(".long 0" ::: "r3");
}

static inline void cpu_trap(void)
{
	__asm__ volatile("trap" ::: "r3");
}

static inline void cpu_privileged(void)
{
	__asm__ volatile("mfmsr 3" ::: "r3");
}

static inline void cpu_code(uint32_t *code, int n)
{
	code[0] = 0x38600000 | (uint32_t)n; /* li r3, n */
	code[1] = 0x4e800020; /* blr */
}

static inline void context_show(ucontext_t *context)
{
	const mcontext_t *registers = &context->uc_mcontext;

	printf("registers %d, vectors %d, user mode %d\n",
	       (void *)registers->regs == (void *)registers->gp_regs, registers->v_regs != 0,
	       (registers->gp_regs[GP_MSR] & MSR_PR) != 0);
}

static inline void context_spoil(ucontext_t *context)
{
	context->uc_mcontext.gp_regs[GP_MSR] |= MSR_HV;
	context->uc_mcontext.gp_regs[GP_MSR] &= ~MSR_PR;
}

/* What FPSCR holds would come again at once. */
static inline void context_calm(ucontext_t *context)
{
	memset(&context->uc_mcontext.fp_regs[FP_STATUS], 0, sizeof(double));
}

#define ALL_VECTORS(instruction, base)                                                             \
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"  \
	"30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,"  \
	"59,60,61,62,63\n li 9, \\n * 16\n" instruction " \\n, " base ", 9\n.endr\n"
#define VECTORS_CLOBBERED                                                                          \
	"fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7", "fr8", "fr9", "fr10", "fr11",      \
		"fr12", "fr13", "fr14", "fr15", "fr16", "fr17", "fr18", "fr19", "fr20", "fr21",    \
		"fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28", "fr29", "fr30", "fr31",    \
		"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",   \
		"v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",       \
		"v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"

static inline void cpu_vectors_spoil(void)
{
	static const uint64_t ones[64][2] = {[7] = {-1ul, -1ul}, [40] = {-1ul, -1ul}};

	__asm__ volatile(ALL_VECTORS("lxvd2x", "%0")::"b"(ones)
			 : "r9", "memory", VECTORS_CLOBBERED);
	__asm__ volatile("mtctr %0; mtxer %0; mtcr %0" ::"r"(0x55ul)
			 : "ctr", "xer", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7");
}

static inline int cpu_vectors(int signal)
{
	static uint64_t before[64][2], after[64][2];
	unsigned long self = (unsigned long)getpid(); /* before the registers are taken */
	unsigned long condition = 0x02345678;
	register unsigned long r0 __asm__("r0");
	register unsigned long r3 __asm__("r3");
	register unsigned long r4 __asm__("r4");

	for (unsigned int i = 0; i < 64; i++) {
		before[i][0] = 0x0101010101010101 * i;
		before[i][1] = ~before[i][0];
	}
	r0 = SYS_kill;
	r3 = self;
	r4 = (unsigned long)signal;
	__asm__ volatile(
		"mtcr %[condition]\n" ALL_VECTORS("lxvd2x", "%[before]") "sc\n" ALL_VECTORS(
			"stxvd2x", "%[after]") "mfcr %[condition]"
		: "+r"(r0), "+r"(r3), "+r"(r4), [condition] "+b"(condition)
		: [before] "b"(before), [after] "b"(after)
		: "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1",
		  "cr2", "cr3", "cr4", "cr5", "cr6", "cr7", "memory", VECTORS_CLOBBERED);
	return !memcmp(before, after, sizeof(before)) && (condition & 0x0fffffff) == 0x02345678;
}

#define CPU_VECTORS (64 * 16)

static inline void cpu_vectors_hold(const void *from, void *to, unsigned long n)
{
	unsigned long index = 0;

	__asm__ volatile(
		"lxvd2x 0, %3, %0; addi %3, %3, 16; lxvd2x 1, %3, %0; addi %3, %3, 16; lxvd2x 2, "
		"%3, %0; addi %3, %3, 16; lxvd2x 3, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 4, %3, %0; addi %3, %3, 16; lxvd2x 5, %3, %0; addi %3, %3, 16; lxvd2x 6, "
		"%3, %0; addi %3, %3, 16; lxvd2x 7, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 8, %3, %0; addi %3, %3, 16; lxvd2x 9, %3, %0; addi %3, %3, 16; lxvd2x 10, "
		"%3, %0; addi %3, %3, 16; lxvd2x 11, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 12, %3, %0; addi %3, %3, 16; lxvd2x 13, %3, %0; addi %3, %3, 16; lxvd2x "
		"14, %3, %0; addi %3, %3, 16; lxvd2x 15, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 16, %3, %0; addi %3, %3, 16; lxvd2x 17, %3, %0; addi %3, %3, 16; lxvd2x "
		"18, %3, %0; addi %3, %3, 16; lxvd2x 19, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 20, %3, %0; addi %3, %3, 16; lxvd2x 21, %3, %0; addi %3, %3, 16; lxvd2x "
		"22, %3, %0; addi %3, %3, 16; lxvd2x 23, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 24, %3, %0; addi %3, %3, 16; lxvd2x 25, %3, %0; addi %3, %3, 16; lxvd2x "
		"26, %3, %0; addi %3, %3, 16; lxvd2x 27, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 28, %3, %0; addi %3, %3, 16; lxvd2x 29, %3, %0; addi %3, %3, 16; lxvd2x "
		"30, %3, %0; addi %3, %3, 16; lxvd2x 31, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 32, %3, %0; addi %3, %3, 16; lxvd2x 33, %3, %0; addi %3, %3, 16; lxvd2x "
		"34, %3, %0; addi %3, %3, 16; lxvd2x 35, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 36, %3, %0; addi %3, %3, 16; lxvd2x 37, %3, %0; addi %3, %3, 16; lxvd2x "
		"38, %3, %0; addi %3, %3, 16; lxvd2x 39, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 40, %3, %0; addi %3, %3, 16; lxvd2x 41, %3, %0; addi %3, %3, 16; lxvd2x "
		"42, %3, %0; addi %3, %3, 16; lxvd2x 43, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 44, %3, %0; addi %3, %3, 16; lxvd2x 45, %3, %0; addi %3, %3, 16; lxvd2x "
		"46, %3, %0; addi %3, %3, 16; lxvd2x 47, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 48, %3, %0; addi %3, %3, 16; lxvd2x 49, %3, %0; addi %3, %3, 16; lxvd2x "
		"50, %3, %0; addi %3, %3, 16; lxvd2x 51, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 52, %3, %0; addi %3, %3, 16; lxvd2x 53, %3, %0; addi %3, %3, 16; lxvd2x "
		"54, %3, %0; addi %3, %3, 16; lxvd2x 55, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 56, %3, %0; addi %3, %3, 16; lxvd2x 57, %3, %0; addi %3, %3, 16; lxvd2x "
		"58, %3, %0; addi %3, %3, 16; lxvd2x 59, %3, %0; addi %3, %3, 16\n"
		"lxvd2x 60, %3, %0; addi %3, %3, 16; lxvd2x 61, %3, %0; addi %3, %3, 16; lxvd2x "
		"62, %3, %0; addi %3, %3, 16; lxvd2x 63, %3, %0; addi %3, %3, 16\n"
		"mtctr %2; 1: bdnz 1b; li %3, 0\n"
		"stxvd2x 0, %3, %1; addi %3, %3, 16; stxvd2x 1, %3, %1; addi %3, %3, 16; stxvd2x "
		"2, %3, %1; addi %3, %3, 16; stxvd2x 3, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 4, %3, %1; addi %3, %3, 16; stxvd2x 5, %3, %1; addi %3, %3, 16; stxvd2x "
		"6, %3, %1; addi %3, %3, 16; stxvd2x 7, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 8, %3, %1; addi %3, %3, 16; stxvd2x 9, %3, %1; addi %3, %3, 16; stxvd2x "
		"10, %3, %1; addi %3, %3, 16; stxvd2x 11, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 12, %3, %1; addi %3, %3, 16; stxvd2x 13, %3, %1; addi %3, %3, 16; stxvd2x "
		"14, %3, %1; addi %3, %3, 16; stxvd2x 15, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 16, %3, %1; addi %3, %3, 16; stxvd2x 17, %3, %1; addi %3, %3, 16; stxvd2x "
		"18, %3, %1; addi %3, %3, 16; stxvd2x 19, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 20, %3, %1; addi %3, %3, 16; stxvd2x 21, %3, %1; addi %3, %3, 16; stxvd2x "
		"22, %3, %1; addi %3, %3, 16; stxvd2x 23, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 24, %3, %1; addi %3, %3, 16; stxvd2x 25, %3, %1; addi %3, %3, 16; stxvd2x "
		"26, %3, %1; addi %3, %3, 16; stxvd2x 27, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 28, %3, %1; addi %3, %3, 16; stxvd2x 29, %3, %1; addi %3, %3, 16; stxvd2x "
		"30, %3, %1; addi %3, %3, 16; stxvd2x 31, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 32, %3, %1; addi %3, %3, 16; stxvd2x 33, %3, %1; addi %3, %3, 16; stxvd2x "
		"34, %3, %1; addi %3, %3, 16; stxvd2x 35, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 36, %3, %1; addi %3, %3, 16; stxvd2x 37, %3, %1; addi %3, %3, 16; stxvd2x "
		"38, %3, %1; addi %3, %3, 16; stxvd2x 39, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 40, %3, %1; addi %3, %3, 16; stxvd2x 41, %3, %1; addi %3, %3, 16; stxvd2x "
		"42, %3, %1; addi %3, %3, 16; stxvd2x 43, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 44, %3, %1; addi %3, %3, 16; stxvd2x 45, %3, %1; addi %3, %3, 16; stxvd2x "
		"46, %3, %1; addi %3, %3, 16; stxvd2x 47, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 48, %3, %1; addi %3, %3, 16; stxvd2x 49, %3, %1; addi %3, %3, 16; stxvd2x "
		"50, %3, %1; addi %3, %3, 16; stxvd2x 51, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 52, %3, %1; addi %3, %3, 16; stxvd2x 53, %3, %1; addi %3, %3, 16; stxvd2x "
		"54, %3, %1; addi %3, %3, 16; stxvd2x 55, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 56, %3, %1; addi %3, %3, 16; stxvd2x 57, %3, %1; addi %3, %3, 16; stxvd2x "
		"58, %3, %1; addi %3, %3, 16; stxvd2x 59, %3, %1; addi %3, %3, 16\n"
		"stxvd2x 60, %3, %1; addi %3, %3, 16; stxvd2x 61, %3, %1; addi %3, %3, 16; stxvd2x "
		"62, %3, %1; addi %3, %3, 16; stxvd2x 63, %3, %1; addi %3, %3, 16\n"
		: "+b"(from), "+b"(to), "+r"(n), "+b"(index)
		:
		: "memory", "ctr", "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7", "fr8",
		  "fr9", "fr10", "fr11", "fr12", "fr13", "fr14", "fr15", "fr16", "fr17", "fr18",
		  "fr19", "fr20", "fr21", "fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28",
		  "fr29", "fr30", "fr31", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8",
		  "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20",
		  "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

static inline void cpu_instructions(void)
{
	static char bytes[256] __attribute__((aligned(128)));
	double zero = 0, quotient;

	prctl(PR_SET_FPEXC, PR_FP_EXC_PRECISE);
	__asm__ volatile("mtmsrd 3" ::: "r3");
	__asm__ volatile("rfid");
	__asm__ volatile("mfspr 3, 26" ::: "r3"); /* SRR0 */
	__asm__ volatile("mtspr 48, 3" ::: "r3"); /* PIDR */
	__asm__ volatile("mfspr 3, 318" ::: "r3"); /* LPCR */
	__asm__ volatile(".long 0x4c0002e4"); /* stop */
	__asm__ volatile("ptesync");
	__asm__ volatile("slbia");
	__asm__ volatile(".long 0x7c00051d" ::: "cr0"); /* tbegin. */
	__asm__ volatile("mfspr 3, 804" ::: "r3"); /* EBBHR */
	__asm__ volatile("lwarx 3, 0, %0" ::"b"(bytes + 1) : "r3", "memory");
	__asm__ volatile("ld 3, 0(%0); lvx 0, 0, %0; lxvd2x 0, 0, %0; std 3, 0(%0)" ::"b"(bytes + 1)
			 : "r3", "v0", "fr0", "memory");
	__asm__ volatile("dcbst 0, %0; sync; icbi 0, %0; isync; dcbz 0, %0" ::"b"(bytes)
			 : "memory");
	__asm__ volatile("mftb 3; mfspr 3, 269; mfspr 3, 256; mfspr 3, 259" ::: "r3");
	__asm__ volatile("mfspr 3, 815; mtspr 815, 3; mfspr 3, 287" ::: "r3"); /* TAR, PVR */
	__asm__ volatile("or 31,31,31; or 1,1,1; or 2,2,2");
	__asm__ volatile("mtfsb1 24; fdiv %0, %1, %1; mtfsb0 24" : "=d"(quotient) : "d"(zero));
	__asm__ volatile("mtfsb1 27; fdiv %0, %2, %1; mtfsb0 27"
			 : "=d"(quotient)
			 : "d"(zero), "d"(1.0));
	__asm__ volatile("mtfsf 255, %0" ::"d"(zero));
}
