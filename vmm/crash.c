/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/arch_debug.h"
#include "vmm/standard.h"
#include "vmm/symbols.h"

enum { FRAMES_MAX = 64 };

struct report {
	FILE *to;
	const struct crash *crash;
	struct symbols symbols;
	unsigned int frames;
	enum reg_class class; /* that was printed last */
};

static const struct symbol *function_of(const struct report *report, uint64_t address)
{
	return symbols_find(&report->symbols, address - report->crash->bias);
}

static void print_frame(struct report *report, uint64_t pc)
{
	const struct symbol *function = function_of(report, pc);

	fprintf(report->to, "  #%-2u 0x%016llx", report->frames++, (unsigned long long)pc);
	if (function)
		fprintf(report->to, " %.128s+0x%llx", function->name,
			(unsigned long long)(pc - report->crash->bias - function->start));
	fputc('\n', report->to);
}

/* A function that has made no frame of its own, and returns to another one, has its caller in the
 * link register alone. */
static bool returns_by_link(const struct report *report, uint64_t pc, uint64_t link)
{
	const struct symbol *caller = function_of(report, link);

	return caller && caller != function_of(report, pc);
}

static void print_backtrace(struct report *report)
{
	struct regs *regs = &report->crash->vcpu->regs;
	uint64_t pc, link, frame, below;
	struct error err;

	if (arch_frame(regs, &pc, &link, &frame, &err) < 0)
		return;
	fputs("backtrace:\n", report->to);
	print_frame(report, pc);
	for (uint64_t at = frame, first = true; report->frames < FRAMES_MAX; first = false) {
		below = at;
		if (arch_frame_caller(regs, report->crash->memory, &pc, &at, &err) < 0)
			break;
		if (first && pc != link && returns_by_link(report, pc, link))
			print_frame(report, link);
		print_frame(report, pc);
		if (at <= below) /* stacks grow down */
			break;
	}
}

static void print_register(void *context, const struct reg_view *view)
{
	struct report *report = context;

	if (view->class != report->class)
		fprintf(report->to, "%s registers:\n", reg_class_names[__builtin_ctz(view->class)]);
	report->class = view->class;
	fprintf(report->to, "  %-16s 0x", view->name);
	for (unsigned int i = view->size; i-- > 0;)
		fprintf(report->to, "%02x", view->value[i]);
	fputc('\n', report->to);
}

static void print(struct report *report)
{
	const struct crash *crash = report->crash;
	struct reg_marks marks;
	struct error err;

	fprintf(report->to, "mote: crash: %s\n", crash->reason);
	print_backtrace(report);
	if (regs_inspect(&crash->vcpu->regs, &marks, &err) == 0)
		regs_view(&crash->vcpu->regs, &marks, print_register, report);
}

static void write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t count = write(fd, text, length);

		if (count <= 0)
			return; /* nobody to tell */
		standard_wrote(fd, (uint64_t)count);
		text += count;
		length -= (size_t)count;
	}
}

void crash_print(const struct crash *crash, int fd)
{
	struct report report = {.crash = crash};
	struct error err;
	char *text = NULL;
	size_t length;

	report.to = open_memstream(&text, &length);
	if (!report.to)
		return;
	symbols_read(&report.symbols, crash->program, &err); /* without, there are no names */
	print(&report);
	symbols_finish(&report.symbols);
	if (fclose(report.to) == 0)
		write_all(fd, text, length);
	free(text);
}
