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

static const struct {
	uint16_t number;
	char name[24];
} absent[] = {
	{0, "restart_syscall"},
	{2, "fork"},
	{11, "execve"},
	{17, "break"},
	{18, "oldstat"},
	{21, "mount"},
	{22, "umount"},
	{25, "stime"},
	{26, "ptrace"},
	{27, "alarm"},
	{28, "oldfstat"},
	{30, "utime"},
	{31, "stty"},
	{32, "gtty"},
	{34, "nice"},
	{35, "ftime"},
	{44, "prof"},
	{48, "signal"},
	{51, "acct"},
	{52, "umount2"},
	{53, "lock"},
	{56, "mpx"},
	{58, "ulimit"},
	{59, "oldolduname"},
	{61, "chroot"},
	{62, "ustat"},
	{67, "sigaction"},
	{68, "sgetmask"},
	{69, "ssetmask"},
	{72, "sigsuspend"},
	{73, "sigpending"},
	{74, "sethostname"},
	{82, "select"},
	{84, "oldlstat"},
	{86, "uselib"},
	{87, "swapon"},
	{88, "reboot"},
	{89, "readdir"},
	{98, "profil"},
	{101, "ioperm"},
	{102, "socketcall"},
	{103, "syslog"},
	{109, "olduname"},
	{110, "iopl"},
	{111, "vhangup"},
	{112, "idle"},
	{113, "vm86"},
	{115, "swapoff"},
	{117, "ipc"},
	{119, "sigreturn"},
	{120, "clone"},
	{121, "setdomainname"},
	{123, "modify_ldt"},
	{124, "adjtimex"},
	{126, "sigprocmask"},
	{127, "create_module"},
	{128, "init_module"},
	{129, "delete_module"},
	{130, "get_kernel_syms"},
	{131, "quotactl"},
	{134, "bdflush"},
	{135, "sysfs"},
	{137, "afs_syscall"},
	{141, "getdents"},
	{149, "_sysctl"},
	{166, "query_module"},
	{168, "nfsservctl"},
	{183, "capget"},
	{184, "capset"},
	{187, "getpmsg"},
	{188, "putpmsg"},
	{189, "vfork"},
	{198, "pciconfig_read"},
	{199, "pciconfig_write"},
	{200, "pciconfig_iobase"},
	{201, "multiplexer"},
	{203, "pivot_root"},
	{206, "mincore"},
	{225, "tuxcall"},
	{227, "io_setup"},
	{228, "io_destroy"},
	{229, "io_getevents"},
	{230, "io_submit"},
	{231, "io_cancel"},
	{235, "lookup_dcookie"},
	{239, "remap_file_pages"},
	{249, "swapcontext"},
	{251, "utimes"},
	{255, "rtas"},
	{256, "sys_debug_setcontext"},
	{258, "migrate_pages"},
	{259, "mbind"},
	{260, "get_mempolicy"},
	{261, "set_mempolicy"},
	{262, "mq_open"},
	{263, "mq_unlink"},
	{264, "mq_timedsend"},
	{265, "mq_timedreceive"},
	{266, "mq_notify"},
	{267, "mq_getsetattr"},
	{268, "kexec_load"},
	{269, "add_key"},
	{270, "request_key"},
	{271, "keyctl"},
	{273, "ioprio_set"},
	{274, "ioprio_get"},
	{275, "inotify_init"},
	{276, "inotify_add_watch"},
	{277, "inotify_rm_watch"},
	{278, "spu_run"},
	{279, "spu_create"},
	{282, "unshare"},
	{283, "splice"},
	{284, "tee"},
	{285, "vmsplice"},
	{290, "futimesat"},
	{299, "get_robust_list"},
	{301, "move_pages"},
	{305, "signalfd"},
	{310, "subpage_prot"},
	{313, "signalfd4"},
	{318, "inotify_init1"},
	{319, "perf_event_open"},
	{323, "fanotify_init"},
	{324, "fanotify_mark"},
	{334, "send"},
	{336, "recv"},
	{343, "recvmmsg"},
	{345, "name_to_handle_at"},
	{346, "open_by_handle_at"},
	{347, "clock_adjtime"},
	{349, "sendmmsg"},
	{350, "setns"},
	{351, "process_vm_readv"},
	{352, "process_vm_writev"},
	{353, "finit_module"},
	{354, "kcmp"},
	{355, "sched_setattr"},
	{356, "sched_getattr"},
	{358, "seccomp"},
	{361, "bpf"},
	{362, "execveat"},
	{363, "switch_endian"},
	{364, "userfaultfd"},
	{382, "kexec_file_load"},
	{384, "pkey_alloc"},
	{385, "pkey_free"},
	{386, "pkey_mprotect"},
	{388, "io_pgetevents"},
	{392, "semtimedop"},
	{393, "semget"},
	{394, "semctl"},
	{395, "shmget"},
	{396, "shmctl"},
	{397, "shmat"},
	{398, "shmdt"},
	{399, "msgget"},
	{400, "msgsnd"},
	{401, "msgrcv"},
	{402, "msgctl"},
	{424, "pidfd_send_signal"},
	{425, "io_uring_setup"},
	{426, "io_uring_enter"},
	{427, "io_uring_register"},
	{428, "open_tree"},
	{429, "move_mount"},
	{430, "fsopen"},
	{431, "fsconfig"},
	{432, "fsmount"},
	{433, "fspick"},
	{434, "pidfd_open"},
	{435, "clone3"},
	{437, "openat2"},
	{438, "pidfd_getfd"},
	{440, "process_madvise"},
	{441, "epoll_pwait2"},
	{442, "mount_setattr"},
	{443, "quotactl_fd"},
	{444, "landlock_create_ruleset"},
	{445, "landlock_add_rule"},
	{446, "landlock_restrict_self"},
	{448, "process_mrelease"},
	{449, "futex_waitv"},
	{450, "set_mempolicy_home_node"},
};

const char *syscall_name(unsigned number)
{
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (absent[i].number == number)
			return absent[i].name;
	return 0;
}
