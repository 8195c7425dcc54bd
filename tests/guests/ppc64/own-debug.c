/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that debugs itself, on two vCPUs: instructions that trap, single steps, and all that a
 * debugger under it might disturb: MSR as mfmsr shows it, SRR0 and SRR1, reservations. It counts
 * what it gets, and holds that against what it should get, round after round, in real mode and with
 * translation on, until `finished` is set from outside. */
#include "tests/guests/guest.h"

enum { PROGRAM = 0x700, TRACE = 0xd00 };
enum { MSR_SE = 0x400, MSR_IR = 0x20, MSR_DR = 0x10 };
enum { H_REGISTER_PROC_TBL = 0x37c, H_SET_MODE = 0x31c, MODE_AIL = 3, NEW_RADIX = 0x1d };
enum { VECTORS = 0x100, VECTORS_END = 0x2000, RELOCATED = 0x4000 };
#define VALID (1ull << 63)
#define LEAF (3ull << 62 | 0x18f) /* all rights, privileged */
#define TREE 0x40000000000000a0ull /* 52 bits, of which the root has 13 */

volatile uint32_t finished, shared;
volatile uint64_t traps, steps, rounds, beats, others;
static volatile uint64_t lost;

static struct {
	uint64_t root[8192], second[512], processes[512];
} tables __attribute__((aligned(65536)));

extern const char stepped_from[], stepped_to[], other_trap[];

static uint64_t msr(void)
{
	uint64_t value;

	__asm__ volatile("mfmsr %0" : "=r"(value));
	return value;
}

/* Everything is where it is in real mode. */
static bool make_tables(void)
{
	tables.processes[0] = __builtin_bswap64(TREE | (uint64_t)tables.root | 13);
	tables.root[0] = __builtin_bswap64(VALID | (uint64_t)tables.second | 9);
	tables.second[0] = __builtin_bswap64(LEAF);
	__asm__ volatile("ptesync" ::: "memory");
	return guest_call4(H_REGISTER_PROC_TBL, NEW_RADIX, (uint64_t)tables.processes, 0, 0) == 0;
}

/* The fourth instruction of a vector is a branch to what they share. */
static void copy_vectors(void)
{
	for (uint64_t at = VECTORS; at < VECTORS_END; at += 4) {
		uint32_t word = (uint32_t)load(at, 4);

		if (word >> 26 == 18)
			word = (word & 0xfc000003) | ((word - RELOCATED) & 0x3fffffc);
		store(RELOCATED + at, 4, word);
		__asm__ volatile("dcbst 0, %0; sync; icbi 0, %0; isync" ::"r"(RELOCATED + at)
				 : "memory");
	}
}

static void translate(bool on)
{
	uint64_t mode = msr() & ~(uint64_t)(MSR_IR | MSR_DR);

	__asm__ volatile("mtmsrd %0; isync" ::"r"(mode | (on ? MSR_IR | MSR_DR : 0)) : "memory");
}

uint64_t guest_exception(uint64_t vector, uint64_t address, uint64_t at)
{
	switch (vector) {
	case PROGRAM:
		if (at == (uint64_t)other_trap)
			others++;
		else
			traps++;
		return at + 4;
	case TRACE:
		if (at > (uint64_t)stepped_from && at <= (uint64_t)stepped_to)
			steps++;
		return at;
	default:
		translate(false);
		print("exception ");
		print_value("vector", vector);
		print_value("address", address);
		print_value("at", at);
		guest_power_off();
	}
}

/* Three instructions, each with its trace interrupt; what shows meanwhile in MSR. */
static __attribute__((noinline)) uint64_t step_three(void)
{
	uint64_t on = msr() | MSR_SE, off = msr(), seen;

	__asm__ volatile("mtmsrd %1\n"
			 ".globl stepped_from, stepped_to\n"
			 "stepped_from: nop; mfmsr %0; nop\n"
			 "stepped_to: mtmsrd %2"
			 : "=&r"(seen)
			 : "r"(on), "r"(off)
			 : "memory");
	return seen;
}

static bool keeps_srr(void)
{
	uint64_t a, b, c;

	__asm__ volatile("mtsrr0 %3; mtsrr1 %4; li %2, 0; addi %2, %2, 5; mfsrr0 %0; mfsrr1 %1"
			 : "=&r"(a), "=&r"(b), "=&b"(c)
			 : "r"(0x1230ull), "r"(0x45670000ull));
	return a == 0x1230 && b == 0x45670000 && c == 5;
}

__attribute__((noinline)) void one_round(void)
{
	static volatile uint64_t counter;
	uint64_t trapped = traps, stepped = steps, counted = counter;

	if (msr() & MSR_SE)
		lost++;
	__asm__ volatile("trap" ::: "memory");
	if (traps != trapped + 1)
		lost++;
	if (!(step_three() & MSR_SE) || msr() & MSR_SE)
		lost++;
	if (steps != stepped + 3)
		lost++;
	if (!keeps_srr())
		lost++;
	__atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
	if (counter != counted + 1)
		lost++;
	rounds++;
}

/* The other vCPU: two registers that must stay the same, and traps of its own, whose vector a step
 * of the first one's has a trap in. */
void guest_second(void)
{
	uint64_t a = 0, b = 0;

	for (;;) {
		__asm__ volatile("addi %0, %0, 1\n\taddi %1, %1, 1" : "+b"(a), "+b"(b));
		if (a != b)
			lost++;
		beats = a;
		if (a % 1024)
			continue;
		__asm__ volatile(".globl other_trap\nother_trap: trap" ::: "memory");
		if (others != a / 1024)
			lost++;
	}
}

/* Real mode; translation on, interrupts in real mode; translation on in both. */
static void three_rounds(void)
{
	one_round();
	translate(true);
	one_round();
	guest_call4(H_SET_MODE, 3, MODE_AIL, 0, 0);
	one_round();
	guest_call4(H_SET_MODE, 0, MODE_AIL, 0, 0);
	translate(false);
}

void guest_main(uint64_t tree)
{
	(void)tree;
	copy_vectors();
	if (!make_tables() || !guest_start_second())
		print("no tables, or no second vCPU\n");
	while (!finished)
		three_rounds();
	print_value("lost", lost);
	print(rounds > 10 && beats && steps ? "debugged itself\n" : "did nothing\n");
}
