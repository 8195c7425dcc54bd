/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and delivering signals. The system calls about them are in signal_calls.c; how a
 * frame looks is the architecture's. */
#include <linux/errno.h>
#include <linux/signal.h>

#include "arch.h"
#include "control.h"
#include "program.h"
#include "signal_state.h"
#include "space.h"
#include "string.h"
#include "timers.h"
#include "user.h"

#define BIT(signal) (1ull << ((signal)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
/* Default: nothing. There is nobody to stop or continue the process for. */
#define IGNORED_BY_DEFAULT                                                                         \
	(BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | \
	 BIT(SIGTTIN) | BIT(SIGTTOU))
#define SYNCHRONOUS                                                                                \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGFPE) | BIT(SIGSYS))

/* Default: the process ends, and somebody may want to know why. */
#define DEFECTS (SYNCHRONOUS | BIT(SIGABRT) | BIT(SIGQUIT) | BIT(SIGXCPU) | BIT(SIGXFSZ))

struct signal_state signals;
struct action signal_actions[SIGNALS + 1];
struct signal_info signal_infos[SIGNALS + 1];

/* Real-time signals queue: those behind the first of each, in order. */
#define REALTIME 32
#define WAITING_MAX 64
static struct waiting {
	int signal;
	struct signal_info info;
} waiting[WAITING_MAX];
static unsigned waiting_count;

static const char *const names[] = {
	[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",
	[SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGIO] = "SIGIO",
	[SIGPWR] = "SIGPWR",       [SIGSYS] = "SIGSYS",
};

static void name_signal(struct text *text, int signal)
{
	if ((size_t)signal < sizeof(names) / sizeof(names[0]) && names[signal]) {
		text_string(text, names[signal]);
	} else {
		text_string(text, "signal ");
		text_decimal(text, (uint64_t)signal);
	}
}

/* " at pc 0x… (hello+0x…)" */
static void name_place(struct text *text)
{
	uint64_t pc = regs_pc(user_regs());
	const char *name = program.path;

	for (const char *c = name; *c; c++)
		if (*c == '/')
			name = c + 1;
	text_string(text, " at pc 0x");
	text_hex(text, pc, 1);
	if (pc < program.text_start || pc >= program.text_end)
		return;
	text_string(text, " (");
	text_string(text, name);
	text_string(text, "+0x");
	text_hex(text, pc - program.start, 1);
	text_string(text, ")");
}

/* Which signal, and of a fault what it was. */
static void describe(char *line, size_t size, int signal, const struct fault *fault)
{
	struct text text = {line, size, 0};

	line[0] = 0;
	name_signal(&text, signal);
	if (fault && (fault->signal == SIGSEGV || fault->signal == SIGBUS)) {
		text_string(&text, fault->access == ACCESS_WRITE  ? ": write to address 0x"
				   : fault->access == ACCESS_EXEC ? ": execution of address 0x"
								  : ": read of address 0x");
		text_hex(&text, fault->address, 1);
	}
	if (fault)
		name_place(&text);
}

/* Returns if somebody wants to see the application where it is. */
static void die(int signal, const struct fault *fault)
{
	unsigned what = (unsigned)signal | (fault ? CONTROL_STOP_FAULT : 0);
	char line[256];

	describe(line, sizeof(line), signal, fault);
	if (DEFECTS & BIT(signal) && control_stop(what, line))
		return;
	control_exit(CONTROL_SIGNALED, signal, 0, line);
}

static bool is_ignored(int signal)
{
	uint64_t handler = signal_actions[signal].handler;

	return handler == (uint64_t)SIG_IGN ||
	       (handler == (uint64_t)SIG_DFL && IGNORED_BY_DEFAULT & BIT(signal));
}

void signal_send(int signal, const struct signal_info *info)
{
	if (is_ignored(signal) && !(signals.blocked & BIT(signal)))
		return;
	if (signals.pending & BIT(signal)) {
		if (signal >= REALTIME && waiting_count < WAITING_MAX)
			waiting[waiting_count++] = (struct waiting){signal, *info};
		return;
	}
	signals.pending |= BIT(signal);
	signal_infos[signal] = *info;
}

void signal_taken(int signal)
{
	for (unsigned i = 0; i < waiting_count; i++) {
		if (waiting[i].signal != signal)
			continue;
		signals.pending |= BIT(signal);
		signal_infos[signal] = waiting[i].info;
		waiting_count--;
		memmove(&waiting[i], &waiting[i + 1], (waiting_count - i) * sizeof(*waiting));
		return;
	}
}

void signal_collect(void)
{
	uint64_t set = control_signals();

	for (int signal = 1; set; signal++, set >>= 1)
		if (set & 1)
			signal_send(signal, &(struct signal_info){.code = SI_USER});
}

static uint64_t deliverable(void)
{
	uint64_t set = signals.pending & ~signals.blocked;

	for (int signal = 1; signal <= SIGNALS; signal++)
		if (set & BIT(signal) && is_ignored(signal)) {
			signals.pending &= ~BIT(signal);
			set &= ~BIT(signal);
		}
	return set;
}

void signal_forget_ignored(void)
{
	uint64_t blocked = signals.blocked;

	signals.blocked = 0;
	deliverable();
	signals.blocked = blocked;
}

bool signal_pending(void)
{
	return signals.pending & ~signals.blocked && deliverable();
}

void signal_fault(const struct fault *fault)
{
	uint64_t handler = signal_actions[fault->signal].handler;

	if (handler == (uint64_t)SIG_DFL || handler == (uint64_t)SIG_IGN ||
	    signals.blocked & BIT(fault->signal)) {
		die(fault->signal, fault);
		return;
	}
	signals.pending |= BIT(fault->signal);
	signal_infos[fault->signal] =
		(struct signal_info){.code = fault->code, .value = fault->address};
	signals.fault_address = fault->address;
}

/* siginfo_t: signal, errno, code, padding, then by kind. */
static void info_write(uint32_t *words, int signal)
{
	const struct signal_info *info = &signal_infos[signal];

	memset(words, 0, 128);
	words[0] = (uint32_t)signal;
	words[2] = (uint32_t)info->code;
	if (BIT(signal) & SYNCHRONOUS && info->code > 0) {
		memcpy(&words[4], &info->value, 8);
		return;
	}
	words[4] = info->code == SI_TIMER ? (uint32_t)info->timer : PROCESS_ID;
	if (info->code > 0)
		words[4] = 0; /* SI_KERNEL */
	memcpy(&words[6], &info->value, 8);
}

void signal_info_write(uint32_t *words, int signal)
{
	info_write(words, signal);
}

/* The page that a handler returns to when libc gave no restorer. */
static uint64_t trampoline(void)
{
	struct area area = {.access = ACCESS_READ | ACCESS_WRITE};

	if (signals.trampoline)
		return signals.trampoline;
	area.start = space_gap(PAGE_SIZE);
	area.end = area.start + PAGE_SIZE;
	if (!area.start || space_add(&area) ||
	    copy_to_user(area.start, frame_trampoline, frame_trampoline_size) ||
	    space_protect(area.start, area.end, ACCESS_READ | ACCESS_EXEC))
		return 0;
	signals.trampoline = area.start;
	return area.start;
}

bool signal_on_altstack(uint64_t pointer)
{
	const struct altstack *alt = &signals.altstack;

	return pointer - alt->base - 1 < alt->size;
}

struct altstack signal_altstack(void)
{
	struct altstack alt = signals.altstack;

	alt.flags = !alt.size                                     ? SS_DISABLE
		    : signal_on_altstack(regs_stack(user_regs())) ? SS_ONSTACK
								  : 0;
	return alt;
}

static uint64_t frame_stack(const struct action *action)
{
	uint64_t stack = regs_stack(user_regs());

	if (action->flags & SA_ONSTACK && signals.altstack.size && !signal_on_altstack(stack))
		return signals.altstack.base + signals.altstack.size;
	return stack;
}

static bool push_handler(int signal, const struct action *action)
{
	static uint32_t info[32] __attribute__((aligned(8)));
	struct frame frame = {
		.signal = signal,
		.handler = action->handler,
		.restorer = RESTORER_COUNTS && action->flags & SA_RESTORER ? action->restorer
									   : trampoline(),
		.mask = signals.mask_saved ? signals.saved_mask : signals.blocked,
		.info = info,
		.fault_address = signals.fault_address,
	};
	struct altstack alt = signal_altstack();

	memcpy(frame.altstack, &alt, sizeof(alt));
	info_write(info, signal);
	return frame.restorer && !frame_push(user_regs(), frame_stack(action), &frame);
}

static void run_handler(int signal)
{
	struct action action = signal_actions[signal];

	if (!push_handler(signal, &action))
		die(SIGSEGV, 0);
	signals.mask_saved = false;
	signals.blocked |= action.mask;
	if (!(action.flags & SA_NODEFER))
		signals.blocked |= BIT(signal);
	signals.blocked &= ~UNBLOCKABLE;
	if (action.flags & SA_RESETHAND)
		signal_actions[signal].handler = (uint64_t)SIG_DFL;
}

/* Faults first: their frame must show the instruction that caused them. */
static int next_signal(uint64_t set)
{
	if (set & SYNCHRONOUS)
		set &= SYNCHRONOUS;
	return __builtin_ctzll(set) + 1;
}

static void finish_syscall(struct regs *regs, const struct action *action)
{
	if (!regs_in_syscall(regs) || regs_get_result(regs) != -ERESTARTSYS)
		return;
	if (!action || action->flags & SA_RESTART)
		regs_restart(regs);
	else
		regs_result(regs, -EINTR);
}

static void deliver(struct regs *regs)
{
	uint64_t set;

	while ((set = deliverable())) {
		int signal = next_signal(set);
		const struct action *action = &signal_actions[signal];

		signals.pending &= ~BIT(signal);
		if (action->handler == (uint64_t)SIG_DFL) {
			die(signal, 0);
			return;
		}
		finish_syscall(regs, action);
		regs->in_syscall = 0;
		run_handler(signal);
		signal_taken(signal);
	}
}

void signal_return(struct regs *regs)
{
	if (control_has_signals())
		signal_collect();
	if (signals.pending & ~signals.blocked)
		deliver(regs);
	finish_syscall(regs, 0);
	regs->in_syscall = 0;
	if (signals.mask_saved)
		signal_mask_back();
	timer_arm(timers_next());
}
