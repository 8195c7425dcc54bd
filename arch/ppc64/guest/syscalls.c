/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of ppc64: which number is which handler, and the names of those that
 * have none. */
#include "guest-runtime/arch.h"
#include "guest-runtime/syscall.h"

#include <asm/unistd.h>

/* Those that only this architecture has. */
#define OWN_CALLS                                                                                  \
	SYSCALL(_llseek, llseek)                                                                   \
	SYSCALL(_newselect, select)                                                                \
	SYSCALL(waitpid, waitpid)                                                                  \
	SYSCALL(ugetrlimit, getrlimit)                                                             \
	SYSCALL(statfs64, statfs64)                                                                \
	SYSCALL(fstatfs64, fstatfs64)                                                              \
	SYSCALL(sync_file_range2, fsync)

#define SYSCALL(name, handler) int64_t sys_##handler(const uint64_t *a);
#include "guest-runtime/old_syscall_list.h"
#include "guest-runtime/syscall_list.h"
OWN_CALLS
#undef SYSCALL

const syscall_handler syscall_table[] = {
#define SYSCALL(name, handler) [__NR_##name] = sys_##handler,
#include "guest-runtime/old_syscall_list.h"
#include "guest-runtime/syscall_list.h"
	OWN_CALLS
#undef SYSCALL
};

const unsigned syscall_count = sizeof(syscall_table) / sizeof(syscall_table[0]);

const struct syscall_name syscall_names[] = {
#define NAME(name)                                                                                 \
	{                                                                                          \
		__NR_##name, #name                                                                 \
	}
#define ABSENT(name) NAME(name),
#include "guest-runtime/absent_syscall_list.h"
	NAME(fork),
	NAME(break),
	NAME(oldstat),
	NAME(umount),
	NAME(stime),
	NAME(alarm),
	NAME(oldfstat),
	NAME(utime),
	NAME(stty),
	NAME(gtty),
	NAME(nice),
	NAME(ftime),
	NAME(prof),
	NAME(signal),
	NAME(lock),
	NAME(mpx),
	NAME(ulimit),
	NAME(oldolduname),
	NAME(ustat),
	NAME(sigaction),
	NAME(sgetmask),
	NAME(ssetmask),
	NAME(sigsuspend),
	NAME(sigpending),
	NAME(select),
	NAME(oldlstat),
	NAME(uselib),
	NAME(readdir),
	NAME(profil),
	NAME(ioperm),
	NAME(socketcall),
	NAME(olduname),
	NAME(iopl),
	NAME(idle),
	NAME(vm86),
	NAME(ipc),
	NAME(sigreturn),
	NAME(modify_ldt),
	NAME(sigprocmask),
	NAME(create_module),
	NAME(get_kernel_syms),
	NAME(bdflush),
	NAME(sysfs),
	NAME(afs_syscall),
	NAME(getdents),
	NAME(_sysctl),
	NAME(query_module),
	NAME(getpmsg),
	NAME(putpmsg),
	NAME(vfork),
	NAME(pciconfig_read),
	NAME(pciconfig_write),
	NAME(pciconfig_iobase),
	NAME(multiplexer),
	NAME(tuxcall),
	NAME(swapcontext),
	NAME(utimes),
	NAME(rtas),
	NAME(sys_debug_setcontext),
	NAME(inotify_init),
	NAME(spu_run),
	NAME(spu_create),
	NAME(futimesat),
	NAME(signalfd),
	NAME(subpage_prot),
	NAME(send),
	NAME(recv),
	NAME(switch_endian),
};

const unsigned syscall_name_count = sizeof(syscall_names) / sizeof(syscall_names[0]);
