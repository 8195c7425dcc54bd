/* SPDX-License-Identifier: Apache-2.0 */
/* A processor that is set up wrongly by system registers, one way for each boot value. */
#include "tests/guests/guest.h"

enum { MODE_EL2 = 0x3c9, MODE_AARCH32 = 0x1d3, SCTLR_EE = 1 << 25 };

static _Noreturn void enter(uint64_t mode)
{
	__asm__ volatile("msr spsr_el1, %0; adr x0, .; msr elr_el1, x0; eret" ::"r"(mode) : "x0");
	__builtin_unreachable();
}

static void hypervisors_mode(void)
{
	enter(MODE_EL2);
}

static void narrow(void)
{
	enter(MODE_AARCH32);
}

static void vectors_nowhere(void)
{
	__asm__ volatile("msr vbar_el1, %0; isb; udf #0" ::"r"(0x60000000ull));
}

/* The page tables are read so, too. */
static void big_endian(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, sctlr_el1; orr %0, %0, %1; msr sctlr_el1, %0; isb; tlbi vmalle1; "
			 "dsb sy; isb"
			 : "=&r"(value)
			 : "r"((uint64_t)SCTLR_EE));
}

static void no_tables(void)
{
	__asm__ volatile("msr ttbr0_el1, %0; tlbi vmalle1; dsb sy; isb" ::"r"(0x60000000ull));
}

static void hypervisors_register(void)
{
	__asm__ volatile("msr hcr_el2, %0" ::"r"(~0ull));
}

void guest_main(uint64_t tree)
{
	static void (*const modes[])(void) = {
		hypervisors_mode, narrow,    vectors_nowhere,
		big_endian,       no_tables, hypervisors_register,
	};

	modes[boot_value(tree)]();
}
