/* SPDX-License-Identifier: Apache-2.0 */
/* See cpu.h. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CPU_PAGE 4096
#define CPU_KERNEL 0xffffff8040000000
#define PSTATE_KERNEL (0xfull | 0x3c0) /* EL1h, interrupts masked */

static inline unsigned long *context_pc(ucontext_t *context)
{
	return (unsigned long *)&context->uc_mcontext.pc;
}

static inline unsigned long *context_result(ucontext_t *context)
{
	return (unsigned long *)&context->uc_mcontext.regs[0];
}

static inline unsigned long cpu_result(const void *p)
{
	register unsigned long x0 __asm__("x0") = (unsigned long)p;

	__asm__ volatile("ldr x0, [x0]" : "+r"(x0)::"memory");
	return x0;
}

static inline void cpu_illegal(void)
{
	__asm__ volatile("udf #0" ::: "x0");
}

static inline void cpu_trap(void)
{
	__asm__ volatile("brk #1" ::: "x0");
}

static inline void cpu_privileged(void)
{
	__asm__ volatile("mrs x0, sctlr_el1" ::: "x0");
}

static inline void cpu_code(uint32_t *code, int n)
{
	code[0] = 0x52800000 | (uint32_t)n << 5; /* mov w0, #n */
	code[1] = 0xd65f03c0; /* ret */
}

static inline void context_show(ucontext_t *context)
{
	struct _aarch64_ctx *record = (void *)context->uc_mcontext.__reserved;

	printf("first record %x\n", record->magic);
}

static inline void context_spoil(ucontext_t *context)
{
	context->uc_mcontext.pstate |= PSTATE_KERNEL;
}

static inline void context_calm(ucontext_t *context)
{
	(void)context;
}

static inline void cpu_vectors_spoil(void)
{
	__asm__ volatile("movi v8.16b, #0xff; movi v31.16b, #0xff" ::: "v8", "v31");
}

static inline int cpu_vectors(int signal)
{
	long self = getpid(); /* a call would overwrite the registers below */
	register double kept __asm__("d8");
	register double kept2 __asm__("d31");
	register long x8 __asm__("x8") = SYS_kill;
	register long x0 __asm__("x0") = self;
	register long x1 __asm__("x1") = signal;

	__asm__ volatile("fmov d8, #1.25; fmov d31, #2.5; svc #0"
			 : "+r"(x0), "=w"(kept), "=w"(kept2)
			 : "r"(x1), "r"(x8)
			 : "memory");
	return kept == 1.25 && kept2 == 2.5;
}

#define CPU_VECTORS (32 * 16)

static inline void cpu_vectors_hold(const void *from, void *to, unsigned long n)
{
	__asm__ volatile("ld1 {v0.16b-v3.16b}, [%0], #64; ld1 {v4.16b-v7.16b}, [%0], #64\n"
			 "ld1 {v8.16b-v11.16b}, [%0], #64; ld1 {v12.16b-v15.16b}, [%0], #64\n"
			 "ld1 {v16.16b-v19.16b}, [%0], #64; ld1 {v20.16b-v23.16b}, [%0], #64\n"
			 "ld1 {v24.16b-v27.16b}, [%0], #64; ld1 {v28.16b-v31.16b}, [%0], #64\n"
			 "1: subs %2, %2, #1; b.ne 1b\n"
			 "st1 {v0.16b-v3.16b}, [%1], #64; st1 {v4.16b-v7.16b}, [%1], #64\n"
			 "st1 {v8.16b-v11.16b}, [%1], #64; st1 {v12.16b-v15.16b}, [%1], #64\n"
			 "st1 {v16.16b-v19.16b}, [%1], #64; st1 {v20.16b-v23.16b}, [%1], #64\n"
			 "st1 {v24.16b-v27.16b}, [%1], #64; st1 {v28.16b-v31.16b}, [%1], #64\n"
			 : "+r"(from), "+r"(to), "+r"(n)
			 :
			 : "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8",
			   "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
			   "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
			   "v29", "v30", "v31");
}

static inline void cpu_instructions(void)
{
	static char bytes[64] __attribute__((aligned(64)));

	__asm__ volatile("msr daifset, #2");
	__asm__ volatile("hvc #0");
	__asm__ volatile("wfe; wfi; yield; sevl");
	__asm__ volatile("ldxr x0, [%0]" ::"r"(bytes + 1) : "x0", "memory");
	__asm__ volatile("ldr x0, [%0]" ::"r"(bytes + 1) : "x0", "memory");
	__asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; isb" ::"r"(bytes) : "memory");
	__asm__ volatile("dc zva, %0" ::"r"(bytes) : "memory");
	__asm__ volatile("mrs x0, cntvct_el0; mrs x0, cntfrq_el0; mrs x0, ctr_el0; "
			 "mrs x0, dczid_el0; mrs x0, tpidrro_el0; mrs x0, fpcr" ::
				 : "x0");
	__asm__ volatile("mrs x0, cntpct_el0" ::: "x0");
	__asm__ volatile("msr cntv_ctl_el0, xzr");
}
