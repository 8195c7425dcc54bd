/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that newer architectures do without: each is a special case of one that all
 * have. poll and select are with their kin in poll.c. */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include <asm/statfs.h>

#include "file.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "user.h"
#include "wait.h"

#define HERE ((uint64_t)AT_FDCWD)

/* sys_old(a) is sys_new with these arguments. */
#define OLD_CALL(old, new, ...)                                                                    \
	HANDLER(new);                                                                              \
	HANDLER(old)                                                                               \
	{                                                                                          \
		const uint64_t arguments[6] = {__VA_ARGS__};                                       \
                                                                                                   \
		return sys_##new (arguments);                                                      \
	}

OLD_CALL(open, openat, HERE, a[0], a[1], a[2])
OLD_CALL(creat, openat, HERE, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1])
OLD_CALL(stat, newfstatat, HERE, a[0], a[1])
OLD_CALL(lstat, newfstatat, HERE, a[0], a[1], AT_SYMLINK_NOFOLLOW)
OLD_CALL(access, faccessat, HERE, a[0], a[1])
OLD_CALL(chmod, fchmodat, HERE, a[0], a[1])
OLD_CALL(chown, fchownat, HERE, a[0], a[1], a[2])
OLD_CALL(lchown, fchownat, HERE, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW)
OLD_CALL(mkdir, mkdirat, HERE, a[0], a[1])
OLD_CALL(mknod, mknodat, HERE, a[0], a[1], a[2])
OLD_CALL(rmdir, unlinkat, HERE, a[0], AT_REMOVEDIR)
OLD_CALL(unlink, unlinkat, HERE, a[0])
OLD_CALL(link, linkat, HERE, a[0], HERE, a[1])
OLD_CALL(symlink, symlinkat, a[0], HERE, a[1])
OLD_CALL(readlink, readlinkat, HERE, a[0], a[1], a[2])
OLD_CALL(rename, renameat, HERE, a[0], HERE, a[1])
OLD_CALL(pipe, pipe2, a[0])
OLD_CALL(eventfd, eventfd2, a[0])
OLD_CALL(epoll_wait, epoll_pwait, a[0], a[1], a[2], a[3])
OLD_CALL(waitpid, wait4, a[0], a[1], a[2])

HANDLER(epoll_create1);
HANDLER(epoll_create)
{
	const uint64_t flags = 0;

	return (int)a[0] > 0 ? sys_epoll_create1(&flags) : -EINVAL;
}

HANDLER(dup3);
HANDLER(dup2)
{
	const uint64_t arguments[3] = {a[0], a[1]};

	if ((unsigned)a[0] != (unsigned)a[1])
		return sys_dup3(arguments);
	return descriptor_file(a[0]) ? (int64_t)(unsigned)a[0] : -EBADF;
}

HANDLER(time)
{
	int64_t seconds = (int64_t)(time_wall() / NANOSECONDS);

	return a[0] && put_user(a[0], seconds) ? -EFAULT : seconds;
}

HANDLER(pause)
{
	(void)a;
	return wait_for(0, 0, FOREVER);
}

/* The offset in two halves, the result in memory. */
HANDLER(lseek);
HANDLER(llseek)
{
	const uint64_t arguments[3] = {a[0], a[1] << 32 | (uint32_t)a[2], a[4]};
	int64_t offset = sys_lseek(arguments);

	return offset < 0 ? offset : put_user(a[3], offset);
}

/* The caller says how large it takes the result to be. */
HANDLER(statfs);
HANDLER(statfs64)
{
	const uint64_t arguments[2] = {a[0], a[2]};

	return a[1] == sizeof(struct statfs64) ? sys_statfs(arguments) : -EINVAL;
}

HANDLER(fstatfs);
HANDLER(fstatfs64)
{
	const uint64_t arguments[2] = {a[0], a[2]};

	return a[1] == sizeof(struct statfs64) ? sys_fstatfs(arguments) : -EINVAL;
}
