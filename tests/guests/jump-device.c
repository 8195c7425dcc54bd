/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the UART's registers as code, in the hope that the host does. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	((void (*)(uint64_t))(uintptr_t)UART)(tree);
	print("came back\n");
}
