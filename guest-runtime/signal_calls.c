/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls about signals. */
#include <linux/errno.h>
#include <linux/signal.h>

#include "arch.h"
#include "signal_state.h"
#include "string.h"
#include "syscall.h"
#include "time.h"
#include "user.h"
#include "wait.h"

#define BIT(signal) (1ull << ((signal)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define SET_SIZE 8
#define ALTSTACK_MIN MINSIGSTKSZ

int signal_mask_temporarily(uint64_t address, uint64_t size)
{
	uint64_t mask;

	if (size != SET_SIZE)
		return -EINVAL;
	if (get_user(mask, address))
		return -EFAULT;
	signals.saved_mask = signals.blocked;
	signals.mask_saved = true;
	signals.blocked = mask & ~UNBLOCKABLE;
	return 0;
}

void signal_mask_back(void)
{
	if (signals.mask_saved)
		signals.blocked = signals.saved_mask;
	signals.mask_saved = false;
}

HANDLER(rt_sigaction)
{
	unsigned signal = (unsigned)a[0];
	struct action action, old;

	if (a[3] != SET_SIZE || signal < 1 || signal > SIGNALS)
		return -EINVAL;
	if (a[1] && BIT(signal) & UNBLOCKABLE)
		return -EINVAL;
	old = signal_actions[signal];
	if (a[1] && get_user(action, a[1]))
		return -EFAULT;
	if (a[2] && put_user(a[2], old))
		return -EFAULT;
	if (a[1]) {
		action.mask &= ~UNBLOCKABLE;
		signal_actions[signal] = action;
		signal_forget_ignored();
	}
	return 0;
}

static int64_t change_mask(uint64_t how, uint64_t set)
{
	switch ((int)how) {
	case SIG_BLOCK:
		set |= signals.blocked;
		break;
	case SIG_UNBLOCK:
		set = signals.blocked & ~set;
		break;
	case SIG_SETMASK:
		break;
	default:
		return -EINVAL;
	}
	signals.blocked = set & ~UNBLOCKABLE;
	return 0;
}

HANDLER(rt_sigprocmask)
{
	uint64_t old = signals.blocked, set;
	int64_t error = 0;

	if (a[3] != SET_SIZE)
		return -EINVAL;
	if (a[1]) {
		if (get_user(set, a[1]))
			return -EFAULT;
		error = change_mask(a[0], set);
	}
	return !error && a[2] ? put_user(a[2], old) : error;
}

HANDLER(rt_sigpending)
{
	uint64_t set = signals.pending & signals.blocked;

	return a[1] > SET_SIZE ? -EINVAL : copy_to_user(a[0], &set, a[1]);
}

HANDLER(rt_sigsuspend)
{
	int error = signal_mask_temporarily(a[0], a[1]);

	return error ? error : wait_for(0, 0, FOREVER);
}

struct timed_wait {
	uint64_t set;
};

static bool is_there(void *context)
{
	const struct timed_wait *wait = context;

	return signals.pending & wait->set;
}

/* The signals waited for are blocked, so that only this takes them. */
HANDLER(rt_sigtimedwait)
{
	struct timed_wait wait;
	uint64_t time, deadline = FOREVER;
	uint32_t info[32];
	int signal, error;

	if (a[3] != SET_SIZE)
		return -EINVAL;
	if (get_user(wait.set, a[0]))
		return -EFAULT;
	error = a[2] ? time_from_user(a[2], &time) : 0;
	if (error)
		return error;
	if (a[2])
		deadline = time_deadline(time);
	wait.set &= ~UNBLOCKABLE;
	error = wait_for(is_there, &wait, deadline);
	if (error)
		return error == -ETIMEDOUT ? -EAGAIN : error;
	signal = __builtin_ctzll(signals.pending & wait.set) + 1;
	signals.pending &= ~BIT(signal);
	signal_info_write(info, signal);
	signal_taken(signal);
	if (a[1] && put_user(a[1], info))
		return -EFAULT;
	return signal;
}

HANDLER(rt_sigreturn)
{
	struct regs *regs = user_regs();
	struct frame frame;

	(void)a;
	if (frame_pop(regs, &frame)) {
		signal_fault(&(struct fault){SIGSEGV, SEGV_MAPERR, regs_stack(regs), ACCESS_READ});
		return 0;
	}
	signals.blocked = frame.mask & ~UNBLOCKABLE;
	regs->in_syscall = 0; /* all registers are the frame's: no result */
	return 0;
}

HANDLER(sigaltstack)
{
	struct altstack stack, old = signal_altstack();

	if (a[0]) {
		if (get_user(stack, a[0]))
			return -EFAULT;
		if (old.flags & SS_ONSTACK)
			return -EPERM;
		if (stack.flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (!(stack.flags & SS_DISABLE) && stack.size < ALTSTACK_MIN)
			return -ENOMEM;
		signals.altstack = stack.flags & SS_DISABLE ? (struct altstack){0} : stack;
	}
	return a[1] ? put_user(a[1], old) : 0;
}

static int64_t send(uint64_t number, int code, uint64_t value)
{
	int signal = (int)number;

	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	if (signal)
		signal_send(signal, &(struct signal_info){.code = code, .value = value});
	return 0;
}

/* 0 and -1: the group, and everybody: that is this process. */
static bool is_self(uint64_t id)
{
	int pid = (int)id;

	return pid == PROCESS_ID || pid == 0 || pid == -1 || pid == -PROCESS_ID;
}

HANDLER(kill)
{
	return is_self(a[0]) ? send(a[1], SI_USER, 0) : -ESRCH;
}

HANDLER(tkill)
{
	if ((int)a[0] <= 0)
		return -EINVAL;
	return (int)a[0] == PROCESS_ID ? send(a[1], SI_TKILL, 0) : -ESRCH;
}

HANDLER(tgkill)
{
	if ((int)a[0] <= 0 || (int)a[1] <= 0)
		return -EINVAL;
	return (int)a[0] == PROCESS_ID && (int)a[1] == PROCESS_ID ? send(a[2], SI_TKILL, 0)
								  : -ESRCH;
}

/* siginfo_t from user memory: code in word 2, value in words 6 and 7. */
static int64_t queue(uint64_t signal, uint64_t address)
{
	uint32_t words[8];
	uint64_t value;

	if (get_user(words, address))
		return -EFAULT;
	memcpy(&value, &words[6], sizeof(value));
	return send(signal, (int)words[2], value);
}

HANDLER(rt_sigqueueinfo)
{
	return is_self(a[0]) ? queue(a[1], a[2]) : -ESRCH;
}

HANDLER(rt_tgsigqueueinfo)
{
	return (int)a[0] == PROCESS_ID && (int)a[1] == PROCESS_ID ? queue(a[2], a[3]) : -ESRCH;
}
