/* SPDX-License-Identifier: Apache-2.0 */
/* From the first C instruction to the application's first one, in the order it happens. */
#include "arch.h"
#include "console.h"
#include "control.h"
#include "file.h"
#include "filesystem.h"
#include "machine.h"
#include "mmu.h"
#include "pages.h"
#include "panic.h"
#include "program.h"
#include "random.h"
#include "space.h"
#include "string.h"

struct program program;

static struct machine machine;

/* Where things are this time, in bits that differ from run to run. */
struct layout {
	uint64_t program_bias, stack_top;
};

static struct layout layout_choose(void)
{
	uint32_t random[2];
	struct layout layout;

	random_bytes(random, sizeof(random));
	layout.program_bias = (USER_END / 4 * 2) + ((uint64_t)(random[0] & 0xffffff) << PAGE_SHIFT);
	layout.stack_top = USER_END - PAGE_SIZE - ((uint64_t)(random[1] & 0x3fffff) << PAGE_SHIFT);
	return layout;
}

static _Noreturn void refuse(const char *reason)
{
	control_exit(CONTROL_NOEXEC, 0, 0, reason);
}

static void memory_create(void)
{
	extern char image_end[];
	uint64_t start = physical(image_end), end = page_down(machine.tree);

	if (machine.initrd_end > start)
		start = page_up(machine.initrd_end);
	if (end < start || machine.tree < machine.ram_start)
		end = page_down(machine.ram_end);
	pages_init(start, end);
}

static void program_create(void)
{
	char line[200];
	struct text reason = TEXT(line);
	struct layout layout = layout_choose();
	uint64_t pointer;

	line[0] = 0;
	space_init(layout.stack_top - (16ull << 20));
	if (filesystem_create(&machine, &reason) ||
	    elf_load(&program, layout.program_bias, &reason))
		refuse(line);
	program.break_start = program.break_end = program.end;
	if (stack_create(&program, &machine, layout.stack_top, &pointer))
		refuse("too little memory for the program's stack, or too many arguments");
	regs_start(user_regs(), program.entry, pointer);
}

_Noreturn void runtime_main(uint64_t tree)
{
	if (fdt_read(tree, &machine))
		panic("no device tree");
	if (!machine.control_page)
		panic("no control device");
	control_init(&machine);
	if (control_page()->version != CONTROL_VERSION)
		panic("the monitor speaks another version");
	clock_init(&machine);
	mmu_init();
	memory_create();
	random_init();
	descriptors_init();
	program_create();
	interrupts_init(&machine);
	if (control_is_raw(0))
		console_input_possible(); /* from now on every key is an interrupt */
	if (machine.cpu_count > 1)
		secondaries_park(&machine);
	control_page()->program_base = program.base;
	control_page()->booted = 1;
	if (control_page()->debugged) {
		space_populate(program.start, program.end);
		control_stop(CONTROL_STOP_BEGIN, "");
	}
	user_enter(user_regs());
}
