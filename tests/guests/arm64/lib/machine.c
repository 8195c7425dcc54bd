/* SPDX-License-Identifier: Apache-2.0 */
/* The architecture's part of guest.h. */
#include "tests/guests/guest.h"

enum { PSCI_CPU_ON = 0xc4000003, PSCI_SYSTEM_OFF = 0x84000008, PSCI_SYSTEM_RESET = 0x84000009 };

extern const char guest_second_start[];

_Noreturn void guest_power_off(void)
{
	for (;;)
		guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

_Noreturn void guest_reset(void)
{
	for (;;)
		guest_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

uint64_t guest_start(uint64_t number, uint64_t entry)
{
	return guest_call(PSCI_CPU_ON, number, entry, 0);
}

bool guest_start_second(void)
{
	return guest_start(1, (uint64_t)guest_second_start) == 0;
}

/* Not PSCI's own, which end or stop this vCPU. */
uint64_t guest_random_call(void)
{
	uint64_t function = random_next();

	if ((function & 0x3f000000) == 0x04000000)
		return 0;
	return guest_call(function, random_next(), random_next(), random_next());
}
