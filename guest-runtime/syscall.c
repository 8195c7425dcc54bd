/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher. A system call without a handler is -ENOSYS, counted in the control page,
 * and named once on stderr. */
#include "syscall.h"

#include <linux/errno.h>

#include "arch.h"
#include "console.h"
#include "control.h"
#include "string.h"

/* 0: it has none. */
static const char *name_of(unsigned number)
{
	for (unsigned i = 0; i < syscall_name_count; i++)
		if (syscall_names[i].number == number)
			return syscall_names[i].name;
	return 0;
}

static void announce(unsigned number)
{
	static char line[96]; /* read by the monitor: physically contiguous */
	struct text text = TEXT(line);
	const char *name = name_of(number);

	text_string(&text, "mote: system call ");
	text_decimal(&text, number);
	if (name) {
		text_string(&text, " (");
		text_string(&text, name);
		text_string(&text, ")");
	}
	text_string(&text, " is not implemented\n");
	console_note(line, text.length);
}

/* For the monitor's metrics; the page reads as zero before. */
static void name_unknown(char name[CONTROL_NAME_SIZE], unsigned number)
{
	const char *from = name_of(number);

	for (size_t i = 0; from && from[i] && i < CONTROL_NAME_SIZE - 1; i++)
		name[i] = from[i];
}

static int64_t unknown(unsigned number)
{
	struct control_page *page = control_page();
	uint32_t used = page->unknown_count;

	for (uint32_t i = 0; i < used && i < CONTROL_UNKNOWN_SYSCALLS; i++)
		if (page->unknown[i].number == number) {
			page->unknown[i].count++;
			return -ENOSYS;
		}
	if (used < CONTROL_UNKNOWN_SYSCALLS) {
		page->unknown[used].number = number;
		page->unknown[used].count = 1;
		name_unknown(page->unknown[used].name, number);
		page->unknown_count = used + 1;
		announce(number);
	}
	return -ENOSYS;
}

void syscall_dispatch(struct regs *regs)
{
	unsigned number = regs_syscall(regs);
	syscall_handler handler = number < syscall_count ? syscall_table[number] : 0;
	int64_t result;

	control_page()->heartbeat++;
	result = handler ? handler(regs_arguments(regs)) : unknown(number);
	if (regs_in_syscall(regs))
		regs_result(regs, result);
}

/* For calls that libraries try and do without: no word about them. */
HANDLER(absent)
{
	(void)a;
	return -ENOSYS;
}
