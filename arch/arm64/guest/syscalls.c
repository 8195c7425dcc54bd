/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of arm64: which number is which handler, and the names of those that
 * have none. */
#include "guest-runtime/arch.h"
#include "guest-runtime/syscall.h"

#include <asm/unistd.h>

#define SYSCALL(name, handler) int64_t sys_##handler(const uint64_t *a);
#include "guest-runtime/syscall_list.h"
#undef SYSCALL

const syscall_handler syscall_table[] = {
#define SYSCALL(name, handler) [__NR_##name] = sys_##handler,
#include "guest-runtime/syscall_list.h"
#undef SYSCALL
	[__NR_sync_file_range] = sys_fsync,
};

const unsigned syscall_count = sizeof(syscall_table) / sizeof(syscall_table[0]);

const struct syscall_name syscall_names[] = {
#define NAME(name)                                                                                 \
	{                                                                                          \
		__NR_##name, #name                                                                 \
	}
#define ABSENT(name) NAME(name),
#include "guest-runtime/absent_syscall_list.h"
	NAME(semop),
	NAME(memfd_secret),
};

const unsigned syscall_name_count = sizeof(syscall_names) / sizeof(syscall_names[0]);
