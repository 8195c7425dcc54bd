/* SPDX-License-Identifier: Apache-2.0 */
/* System calls: the dispatcher, and all handlers by name. A handler gets the six argument
 * words and returns the result or -errno; which number it has is the architecture's table
 * (syscalls.c in its folder). */
#ifndef GUEST_SYSCALL_H
#define GUEST_SYSCALL_H

#include <stdint.h>

struct regs;

void syscall_dispatch(struct regs *regs);

#define HANDLER(name) int64_t sys_##name(const uint64_t *a)

#endif
