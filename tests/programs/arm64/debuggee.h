/* SPDX-License-Identifier: Apache-2.0 */
/* getpid(), without a call of a function. */
#define SYSTEM_CALL                                                                                \
	({                                                                                         \
		register long number __asm__("x8") = 172, result __asm__("x0");                    \
		__asm__ volatile("svc #0" : "=r"(result) : "r"(number) : "memory");                \
	})

/* An instruction that traps, of four bytes. */
#define TRAP __asm__ volatile("brk #0" ::: "memory")
