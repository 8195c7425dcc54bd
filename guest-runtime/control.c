/* SPDX-License-Identifier: Apache-2.0 */
/* Access to the control device. Each register access is an exit to the monitor. */
#include "control.h"

#include <linux/errno.h>

#include "arch.h"
#include "machine.h"
#include "panic.h"
#include "string.h"

static struct {
	volatile char *registers;
	struct control_page *page;
	uint64_t epoch;
	uint8_t generation[sizeof(((struct control_page *)0)->generation)];
} control;

void control_init(const struct machine *machine)
{
	control.registers = linear(machine->control_registers);
	control.page = linear(machine->control_page);
	memcpy(control.generation, control.page->generation, sizeof(control.generation));
}

struct control_page *control_page(void)
{
	return control.page;
}

static void set(unsigned offset, uint64_t value)
{
	__asm__ volatile("" ::: "memory");
	cpu_store_device(control.registers + offset, value);
	__asm__ volatile("" ::: "memory");
}

static volatile struct control_page *fresh(void)
{
	return control.page;
}

int control_write(int stream, const void *buffer, size_t length)
{
	set(stream == 1 ? CONTROL_STDOUT : CONTROL_STDERR,
	    CONTROL_BUFFER(physical(buffer), length));
	return -(int)fresh()->stream_error[stream];
}

int64_t control_read(void *buffer, size_t length)
{
	set(CONTROL_STDIN, CONTROL_BUFFER(physical(buffer), length));
	return fresh()->stdin_result;
}

uint64_t control_wall_clock(void)
{
	return cpu_load_device(control.registers + CONTROL_WALL_CLOCK);
}

uint64_t control_signals(void)
{
	if (!control_has_signals())
		return 0;
	return __atomic_exchange_n(&control.page->signals, 0, __ATOMIC_ACQ_REL);
}

bool control_has_signals(void)
{
	return fresh()->signals != 0;
}

uint64_t control_epoch(void)
{
	if (memcmp(control.generation, control.page->generation, sizeof(control.generation))) {
		memcpy(control.generation, control.page->generation, sizeof(control.generation));
		control.epoch++;
	}
	return control.epoch;
}

uint64_t control_clock_epoch(void)
{
	return fresh()->clock_epoch;
}

uint64_t control_clock_rest(void)
{
	return fresh()->clock_rest;
}

void control_wall_waits(void)
{
	control.page->wall_waits = 1;
}

bool control_is_terminal(int stream)
{
	return control.page->tty >> stream & 1;
}

bool control_is_raw(int stream)
{
	return control.page->tty & CONTROL_RAW(stream);
}

void control_beat(void)
{
	control.page->heartbeat++;
}

void control_idle(bool idle)
{
	__atomic_store_n(&control.page->idle, idle, __ATOMIC_RELAXED);
}

static void give_reason(const char *reason)
{
	struct text text = TEXT(control.page->reason);

	control.page->reason[0] = 0;
	text_string(&text, reason);
	for (char *c = control.page->reason; *c; c++) /* names in it may hold anything */
		if ((unsigned char)*c < ' ')
			*c = '?';
}

bool control_stop(unsigned what, const char *reason)
{
	give_reason(reason);
	set(CONTROL_STOP, what);
	return fresh()->stopped;
}

_Noreturn void control_exit(unsigned kind, int signal, int code, const char *reason)
{
	give_reason(reason);
	for (;;)
		set(CONTROL_EXIT, CONTROL_EXIT_STATUS(kind, signal & 0xff, code & 0xff));
}

_Noreturn void panic(const char *reason)
{
	if (!control.page) /* nobody to tell */
		for (;;)
			cpu_idle();
	control_exit(CONTROL_PANIC, 0, 0, reason);
}
