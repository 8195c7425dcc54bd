/* SPDX-License-Identifier: Apache-2.0 */
/* A processor that is set up wrongly by bits of MSR and LPCR, one way for each boot value. */
#include "tests/guests/guest.h"

#define MSR_SF (1ull << 63)
enum { MSR_PR = 0x4000, MSR_IR = 0x20, MSR_DR = 0x10, MSR_LE = 1 };
enum { H_SET_MODE = 0x31c, MODE_AIL = 3, MODE_ILE = 4 };

static const uint32_t illegal[4]; /* in either byte order */

static uint64_t msr(void)
{
	uint64_t value;

	__asm__ volatile("mfmsr %0" : "=r"(value));
	return value;
}

/* Goes on there, in that mode. */
static _Noreturn void enter(const void *at, uint64_t mode)
{
	__asm__ volatile("mtsrr0 %0; mtsrr1 %1; rfid" ::"r"(at), "r"(mode) : "memory");
	__builtin_unreachable();
}

static void big_endian(void)
{
	enter(illegal, msr() & ~(uint64_t)MSR_LE);
}

static void interrupts_big_endian(void)
{
	guest_call4(H_SET_MODE, 0, MODE_ILE, 0, 0);
	enter(illegal, msr());
}

static void translation_without_tables(void)
{
	enter(illegal, msr() | MSR_IR | MSR_DR);
}

static void interrupts_without_tables(void)
{
	guest_call4(H_SET_MODE, 3, MODE_AIL, 0, 0);
	enter(illegal, msr() | MSR_IR | MSR_DR);
}

static void user_mode(void)
{
	enter(illegal, msr() | MSR_PR);
}

static void all_bits(void)
{
	enter(illegal, ~0ull);
}

static void no_bits(void)
{
	enter(illegal, 0);
}

static void hypervisors_register(void)
{
	__asm__ volatile("mtspr 318, %0" ::"r"(~0ull)); /* LPCR */
}

/* And back: 32 bits of an address are enough for a moment. */
static void narrow(void)
{
	uint64_t wide = msr();

	__asm__ volatile("mtmsrd %0; isync; mtmsrd %1; isync" ::"r"(wide & ~MSR_SF), "r"(wide)
			 : "memory");
	print("back");
}

void guest_main(uint64_t tree)
{
	static void (*const modes[])(void) = {
		big_endian,
		interrupts_big_endian,
		translation_without_tables,
		interrupts_without_tables,
		user_mode,
		all_bits,
		no_bits,
		hypervisors_register,
		narrow,
	};

	modes[boot_value(tree)]();
}
