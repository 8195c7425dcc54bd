/* SPDX-License-Identifier: Apache-2.0 */
/* The architecture's part of guest.h. */
#include "tests/guests/guest.h"

extern const char guest_second_start[];

/* An RTAS call with one result; arguments are 32 bits wide. */
static uint64_t rtas(uint32_t token, uint32_t count, uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t words[] = {token, count, 1, a, b, c};
	uint32_t buffer[7];

	for (unsigned int i = 0; i < 6; i++)
		((volatile uint32_t *)buffer)[i] = __builtin_bswap32(words[i]);
	((volatile uint32_t *)buffer)[3 + count] = __builtin_bswap32(1);
	if (guest_call(PPC64_H_RTAS, (uint64_t)buffer, 0, 0))
		return 1;
	return (uint64_t)(int32_t)__builtin_bswap32(((volatile uint32_t *)buffer)[3 + count]);
}

_Noreturn void guest_power_off(void)
{
	for (;;)
		rtas(PPC64_RTAS_POWER_OFF, 2, 0, 0, 0);
}

_Noreturn void guest_reset(void)
{
	for (;;)
		rtas(PPC64_RTAS_SYSTEM_REBOOT, 0, 0, 0, 0);
}

_Noreturn void guest_stop_self(void)
{
	for (;;)
		rtas(PPC64_RTAS_STOP_SELF, 0, 0, 0, 0);
}

uint64_t guest_start(uint64_t number, uint64_t entry)
{
	return rtas(PPC64_RTAS_START_CPU, 3, (uint32_t)number, (uint32_t)entry, 0);
}

bool guest_start_second(void)
{
	return guest_start(1, (uint64_t)guest_second_start) == 0;
}

/* Half of them among the numbers that KVM has, but for H_CEDE: nobody would wake it. */
uint64_t guest_random_call(void)
{
	uint64_t random = random_next();
	uint64_t function = random >> 63 ? random : random & 0x7fc;

	return guest_call(function == 0xe0 ? 0xe4 : function, random_next(), random_next(),
			  random_next());
}
