/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that debugs itself, on two vCPUs: a hardware breakpoint, instructions that trap, single
 * steps. It counts what it gets, and holds that against what it should get, round after round,
 * until `finished` is set from outside. While `shared` is set somebody else uses the breakpoints'
 * hardware, and it only asks that its registers stay what they are. */
#include "tests/guests/guest.h"

enum { CLASS_BREAKPOINT = 0x31, CLASS_STEP = 0x33, CLASS_BRK = 0x3c };
enum { MDSCR_SS = 1, MDSCR_KDE = 1 << 13, MDSCR_MDE = 1 << 15, SPSR_SS = 1 << 21 };
enum { BCR = 0x1e7 }; /* enabled, EL0 and EL1, the whole instruction */

volatile uint32_t finished, shared;
volatile uint64_t breakpoints, traps, steps, rounds, beats;
static volatile uint64_t lost;

#define GET(name)                                                                                  \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})
#define SET(name, value)                                                                           \
	__asm__ volatile("msr " #name ", %0; isb" ::"r"((uint64_t)(value)) : "memory")

__attribute__((noinline)) void marked(void)
{
	__asm__ volatile("nop" ::: "memory");
}

static void armed(bool on)
{
	SET(dbgbcr0_el1, on ? BCR : 0);
}

/* The next instruction alone, and then its exception. */
static void step(bool on)
{
	SET(mdscr_el1, MDSCR_KDE | MDSCR_MDE | (on ? MDSCR_SS : 0));
	SET(spsr_el1, on ? GET(spsr_el1) | SPSR_SS : GET(spsr_el1) & ~(uint64_t)SPSR_SS);
}

uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at)
{
	switch (syndrome >> 26) {
	case CLASS_BREAKPOINT:
		breakpoints++;
		armed(false);
		return at;
	case CLASS_BRK:
		traps++;
		step((syndrome & 0xffff) == 1);
		return at + 4;
	case CLASS_STEP:
		steps++;
		step(false);
		return at;
	default:
		print("exception ");
		print_value("syndrome", syndrome);
		print_value("address", address);
		print_value("at", at);
		guest_power_off();
	}
}

__attribute__((noinline)) void one_round(void)
{
	uint64_t had = breakpoints, trapped = traps, stepped = steps;
	bool alone = !shared;

	armed(true);
	marked();
	if (alone && !shared && breakpoints != had + 1)
		lost++;
	if (GET(dbgbvr0_el1) != (uint64_t)marked)
		lost++;
	armed(false);
	__asm__ volatile("brk #0" ::: "memory");
	if (traps != trapped + 1)
		lost++;
	alone = !shared;
	__asm__ volatile("brk #1; nop; nop" ::: "memory");
	if (traps != trapped + 2 || (alone && !shared && steps != stepped + 1))
		lost++;
	rounds++;
}

/* The other vCPU: two registers that must stay the same. */
void guest_second(void)
{
	uint64_t a = 0, b = 0;

	for (;;) {
		__asm__ volatile("add %0, %0, #1\n\tadd %1, %1, #1" : "+r"(a), "+r"(b));
		if (a != b)
			lost++;
		beats = a;
	}
}

void guest_main(uint64_t tree)
{
	(void)tree;
	SET(oslar_el1, 0);
	SET(dbgbvr0_el1, (uint64_t)marked);
	SET(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
	__asm__ volatile("msr daifclr, #8" ::: "memory");
	if (!guest_start_second())
		print("no second vCPU\n");
	while (!finished)
		one_round();
	print_value("lost", lost);
	print(rounds > 10 && beats && breakpoints && steps ? "debugged itself\n" : "did nothing\n");
}
