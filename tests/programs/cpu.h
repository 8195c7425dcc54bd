/* SPDX-License-Identifier: Apache-2.0 */
/* What test programs must know about the processor: ARCH/machine.h gives
 *
 *   CPU_PAGE                     the largest page that a Linux there is usual with: what is a
 *                                multiple of it is one of every page
 *   CPU_KERNEL                   an address that is the kernel's
 *   context_pc, context_result   where a signal's context holds the two
 *   cpu_result(p)                what a load from p leaves in the register of results
 *   cpu_illegal, cpu_trap, cpu_privileged     one such instruction
 *   cpu_code(code, n)            writes a function of at most four instructions that returns n
 *   context_show(context)        prints what a context promises
 *   context_spoil(context)       asks for what no program may have; it must not count
 *   context_calm(context)        takes an FP exception back
 *   cpu_vectors(signal)          whether all vector registers outlive a handler of the signal,
 *                                which it sends to itself
 *   cpu_vectors_spoil()          overwrites some
 *   CPU_VECTORS, cpu_vectors_hold(from, to, n)   loads all vector registers from so many bytes,
 *                                counts to n in user mode, and stores them
 *   cpu_instructions()           odd ones: SIGILL, SIGTRAP, SIGBUS, SIGFPE are handled, by
 *                                going on behind the instruction */
#ifndef PROGRAMS_CPU_H
#define PROGRAMS_CPU_H

#include "machine.h"

#endif
