/* SPDX-License-Identifier: Apache-2.0 */
/* getpid(), without a call of a function. */
#define SYSTEM_CALL                                                                                \
	({                                                                                         \
		register long number __asm__("r0") = 20;                                           \
		register long result __asm__("r3");                                                \
		__asm__ volatile("sc"                                                              \
				 : "+r"(number), "=r"(result)::"r4", "r5", "r6", "r7", "r8", "r9", \
				   "r10", "r11", "r12", "cr0", "ctr", "memory");                   \
	})

/* An instruction that traps, of four bytes. */
#define TRAP __asm__ volatile("trap" ::: "memory")
