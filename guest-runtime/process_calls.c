/* SPDX-License-Identifier: Apache-2.0 */
/* System calls about the process and the machine: who it is, how much there is of what, and
 * how it ends. There is one process, number 2, user 0. */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "arch.h"
#include "control.h"
#include "file.h"
#include "pages.h"
#include "proc.h"
#include "program.h"
#include "random.h"
#include "signal_state.h"
#include "string.h"
#include "syscall.h"
#include "time.h"
#include "user.h"
#include "wait.h"

#define RESOURCES 16
#define TASK_NAME_SIZE 16

static struct {
	char name[TASK_NAME_SIZE];
	bool named;
	int personality;
} process;

HANDLER(exit_group)
{
	control_exit(CONTROL_EXITED, 0, (int)a[0] & 0xff, "");
}

HANDLER(zero)
{
	(void)a;
	return 0;
}

HANDLER(getpid)
{
	(void)a;
	return PROCESS_ID;
}

HANDLER(getppid)
{
	(void)a;
	return 1;
}

/* Of itself, by 0 or by number. */
HANDLER(getpgid)
{
	return (int)a[0] == 0 || (int)a[0] == PROCESS_ID ? PROCESS_ID : -ESRCH;
}

HANDLER(setsid)
{
	(void)a;
	return -EPERM; /* it leads its group */
}

HANDLER(wait4)
{
	(void)a;
	return -ECHILD;
}

/* There is user 0 and group 0: -1 leaves as it is. */
HANDLER(setid)
{
	return (int)a[0] == 0 || (int)a[0] == -1 ? 0 : -EPERM;
}

HANDLER(getresid)
{
	const uint32_t id = 0;

	return put_user(a[0], id) || put_user(a[1], id) || put_user(a[2], id) ? -EFAULT : 0;
}

static void fill(char *field, const char *value)
{
	memcpy(field, value, strlen(value) + 1);
}

HANDLER(uname)
{
	static struct new_utsname names;

	if (!names.sysname[0]) {
		fill(names.sysname, "Linux");
		fill(names.nodename, "mote");
		fill(names.release, "6.1.0-mote");
		fill(names.version, "#1 mote");
		fill(names.machine, MACHINE_NAME);
		fill(names.domainname, "(none)");
	}
	return put_user(a[0], names);
}

HANDLER(sysinfo)
{
	struct sysinfo info = {
		.uptime = (int64_t)(clock_now() / NANOSECONDS),
		.totalram = pages_total(),
		.freeram = pages_total() - pages_charged(),
		.procs = 1,
		.mem_unit = PAGE_SIZE,
	};

	return put_user(a[0], info);
}

HANDLER(getrusage)
{
	struct timespec64 t = time_split(time_cpu());
	int64_t usage[18] = {t.seconds, t.nanoseconds / 1000};

	if ((int)a[0] == RUSAGE_CHILDREN)
		usage[0] = usage[1] = 0;
	else if ((int)a[0] != RUSAGE_SELF && (int)a[0] != 1)
		return -EINVAL;
	usage[4] = (int64_t)(pages_charged() * (PAGE_SIZE / 1024)); /* ru_maxrss, KiB */
	return put_user(a[1], usage);
}

static uint64_t limit_of(unsigned resource)
{
	switch (resource) {
	case RLIMIT_STACK:
		return program.stack_size;
	case RLIMIT_NOFILE:
		return FILES_MAX;
	case RLIMIT_CORE:
		return 0;
	case RLIMIT_NPROC:
		return 1;
	default:
		return UINT64_MAX;
	}
}

/* Kept as the program sets them; RLIMIT_NOFILE counts, the others limit nothing. */
static struct limits {
	bool set;
	uint64_t soft, hard;
} limits[RESOURCES];

static int64_t set_limit(unsigned resource, const uint64_t limit[2])
{
	if (limit[0] > limit[1])
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && limit[1] > FILES_MAX)
		return -EPERM;
	limits[resource] = (struct limits){true, limit[0], limit[1]};
	if (resource == RLIMIT_NOFILE)
		descriptors_limit((unsigned)limit[0]);
	return 0;
}

static int64_t get_limit(unsigned resource, uint64_t address)
{
	uint64_t limit[2] = {limit_of(resource), limit_of(resource)};

	if (limits[resource].set) {
		limit[0] = limits[resource].soft;
		limit[1] = limits[resource].hard;
	}
	return put_user(address, limit);
}

HANDLER(prlimit64)
{
	unsigned resource = (unsigned)a[1];
	uint64_t new[2];

	if (a[0] && (int)a[0] != PROCESS_ID)
		return -ESRCH;
	if (resource >= RESOURCES)
		return -EINVAL;
	if (!a[2])
		return a[3] ? get_limit(resource, a[3]) : 0;
	/* Both may be the same memory: the new one is read first. */
	if (get_user(new, a[2]) || (a[3] && get_limit(resource, a[3])))
		return -EFAULT;
	return set_limit(resource, new);
}

HANDLER(getrlimit)
{
	return (unsigned)a[0] < RESOURCES ? get_limit((unsigned)a[0], a[1]) : -EINVAL;
}

HANDLER(setrlimit)
{
	uint64_t new[2];

	if ((unsigned)a[0] >= RESOURCES)
		return -EINVAL;
	return get_user(new, a[1]) ? -EFAULT : set_limit((unsigned)a[0], new);
}

HANDLER(getpriority)
{
	(void)a;
	return 20; /* nice 0, as the kernel counts */
}

HANDLER(sched_getaffinity)
{
	const uint64_t set = 1;

	if (a[1] < sizeof(set) || a[1] & 7)
		return -EINVAL;
	return put_user(a[2], set) ? -EFAULT : (int64_t)sizeof(set);
}

/* SCHED_FIFO and SCHED_RR have priorities, 1 … 99. */
static int64_t priority_limit(uint64_t policy, int64_t limit)
{
	if (policy == 1 || policy == 2)
		return limit;
	return policy == 0 || policy == 3 || policy == 5 || policy == 6 ? 0 : -EINVAL;
}

HANDLER(sched_get_priority_max)
{
	return priority_limit(a[0], 99);
}

HANDLER(sched_get_priority_min)
{
	return priority_limit(a[0], 1);
}

/* For what Linux may have and this file system has not. */
HANDLER(not_supported)
{
	(void)a;
	return -EOPNOTSUPP;
}

HANDLER(sched_getparam)
{
	const int32_t priority = 0;

	return put_user(a[1], priority);
}

HANDLER(sched_rr_get_interval)
{
	const struct timespec64 t = {0, 100000000};

	return put_user(a[1], t);
}

HANDLER(getcpu)
{
	const uint32_t none = 0;

	if (a[0] && put_user(a[0], none))
		return -EFAULT;
	return a[1] ? put_user(a[1], none) : 0;
}

HANDLER(set_tid_address)
{
	(void)a;
	return PROCESS_ID;
}

const char *process_name(void)
{
	const char *name = program.path;

	if (process.named)
		return process.name;
	for (const char *c = name; *c; c++)
		if (*c == '/')
			name = c + 1;
	return name;
}

static int64_t set_name(uint64_t address)
{
	int64_t length = string_from_user(process.name, address, TASK_NAME_SIZE);

	if (length == -EFAULT)
		return -EFAULT;
	process.name[TASK_NAME_SIZE - 1] = 0;
	process.named = true;
	return 0;
}

static int64_t get_name(uint64_t address)
{
	char name[TASK_NAME_SIZE] = "";
	struct text text = TEXT(name);

	text_string(&text, process_name());
	return put_user(address, name);
}

HANDLER(prctl)
{
	switch ((int)a[0]) {
	case PR_SET_NAME:
		return set_name(a[1]);
	case PR_GET_NAME:
		return get_name(a[1]);
	case PR_GET_DUMPABLE:
	case PR_GET_NO_NEW_PRIVS:
	case PR_GET_SECCOMP:
	case PR_SET_DUMPABLE:
	case PR_SET_NO_NEW_PRIVS:
	case PR_SET_PDEATHSIG:
	case PR_SET_TIMERSLACK:
	case PR_SET_KEEPCAPS:
		return 0;
	default:
		return cpu_prctl(user_regs(), (int)a[0], a[1]);
	}
}

HANDLER(personality)
{
	int old = process.personality;

	if ((uint32_t)a[0] != 0xffffffff)
		process.personality = (int)a[0];
	return old;
}

HANDLER(getrandom)
{
	uint8_t block[RANDOM_BLOCK];
	uint64_t done = 0;

	if (a[2] & ~7ull || (a[2] & 6) == 6)
		return -EINVAL;
	while (done < a[1]) {
		size_t n = a[1] - done < sizeof(block) ? a[1] - done : sizeof(block);

		random_bytes(block, n);
		if (copy_to_user(a[0] + done, block, n))
			return done ? (int64_t)done : -EFAULT;
		done += n;
		if (!(done % 4096) && signal_pending())
			break;
	}
	return (int64_t)done;
}

/* With one thread nobody can wake a waiter but a signal or the time. */
static int64_t futex_wait(const uint64_t *a, bool absolute)
{
	uint64_t time, deadline = FOREVER;
	uint32_t value;
	int error;

	if (a[0] & 3)
		return -EINVAL;
	if (get_user(value, a[0]))
		return -EFAULT;
	if (value != (uint32_t)a[2])
		return -EAGAIN;
	if (a[3]) {
		error = time_from_user(a[3], &time);
		if (error)
			return error;
		deadline = absolute ? time_convert(a[1] & FUTEX_CLOCK_REALTIME ? 0 : 1, time)
				    : time_deadline(time);
	}
	error = wait_for(0, 0, deadline);
	return error == -EINTR && !a[3] ? -ERESTARTSYS : error;
}

HANDLER(futex)
{
	switch ((int)a[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return futex_wait(a, false);
	case FUTEX_WAIT_BITSET:
		return futex_wait(a, true);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_WAKE_OP:
		return 0;
	default:
		return -ENOSYS;
	}
}
