/* SPDX-License-Identifier: Apache-2.0 */
/* The architecture's part of guest.h. */
#include "tests/guests/guest.h"

extern const char guest_second_start[];

_Noreturn void guest_power_off(void)
{
	for (;;)
		guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

bool guest_start_second(void)
{
	return guest_call(PSCI_CPU_ON, 1, (uint64_t)guest_second_start, 0) == 0;
}
